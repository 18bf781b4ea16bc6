package schema

import (
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// nearest returns the name that the writer of got probably meant, or "".
func nearest(got string, names []string) string {
	best, least := "", max(1, min(3, (len(got)+1)/3))+1
	if len(got) > longestName {
		return ""
	}
	lower := strings.ToLower(got)
	for _, name := range names {
		if len(name) > longestName {
			continue
		}
		d := levenshtein.ComputeDistance(lower, strings.ToLower(name))
		if len(got) >= 3 && strings.HasPrefix(strings.ToLower(name), lower) {
			d = min(d, 1) // cut short, not mistyped
		}
		if d == 2 && len(name) == len(got) && sameLetters(lower, strings.ToLower(name)) {
			d = 1 // two letters swapped
		}
		if d < least {
			best, least = name, d
		}
	}
	return best
}

// Nearest returns the name that the writer of got probably meant, or "".
func Nearest(got string, names []string) string { return nearest(got, names) }

// sameLetters tells whether two words differ only in the order of letters.
func sameLetters(a, b string) bool {
	x, y := []byte(a), []byte(b)
	slices.Sort(x)
	slices.Sort(y)
	return string(x) == string(y)
}

// nearest and didYouMean are empty once there are more mistakes than are shown:
// a file of nothing but mistakes must not take its square to read.
func (c *checker) nearest(got string, names []string) string {
	if len(c.diags) >= maxDiagnostics {
		return ""
	}
	return nearest(got, names)
}

func (c *checker) didYouMean(got string, names []string) string {
	if len(c.diags) >= maxDiagnostics {
		return ""
	}
	return didYouMean(got, names)
}

// didYouMean is the suggestion for a name that is none of names: the nearest,
// or all where they are few, or "".
func didYouMean(got string, names []string) string {
	if near := nearest(got, names); near != "" {
		return "did you mean `" + near + "`?"
	}
	if len(names) == 0 || len(names) > mostListed {
		return ""
	}
	sorted := slices.Sorted(slices.Values(names))
	return "one of: " + strings.Join(sorted, ", ")
}

const mostListed = 12 // names in a suggestion

// DidYouMean is the end of an error message that suggests the nearest of
// names, or "" where none is near: "; did you mean `title`?".
func DidYouMean(got string, names []string) string {
	if near := nearest(got, names); near != "" {
		return "; did you mean `" + near + "`?"
	}
	return ""
}
