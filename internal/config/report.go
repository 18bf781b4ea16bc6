package config

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/loam-dev/loam/internal/schema"
)

const (
	maxRemarks = 200 // on one file
	mostListed = 20  // names in a suggestion
)

// reporter collects the remarks on a file.
type reporter struct {
	file  string
	diags schema.Diagnostics
	full  bool
}

// span is the place of a token, and its length in characters.
type span struct {
	schema.Pos
	length int
}

// start is the place of what stands nowhere in the file.
func start() span { return span{schema.Pos{Line: 1, Column: 1}, 1} }

func (r *reporter) errorf(at span, code, suggestion, format string, args ...any) {
	r.report(schema.Error, at, code, suggestion, fmt.Sprintf(format, args...))
}

func (r *reporter) warnf(at span, code, suggestion, format string, args ...any) {
	r.report(schema.Warning, at, code, suggestion, fmt.Sprintf(format, args...))
}

func (r *reporter) report(s schema.Severity, at span, code, suggestion, message string) {
	if len(r.diags) == maxRemarks {
		r.full = true
		return
	}
	r.diags = append(r.diags, schema.Diagnostic{Severity: s, Code: "config/" + code, File: r.file, Pos: at.Pos, Length: max(at.length, 1),
		Message: message, Suggestion: suggestion})
}

// result is what was found, in order, with a last word where it was too much.
func (r *reporter) result() schema.Diagnostics {
	ds := r.diags.Sorted()
	if r.full {
		ds = append(ds, schema.Diagnostic{Severity: schema.Error, Code: "config/too_many", File: r.file, Pos: ds[len(ds)-1].Pos, Length: 1,
			Message: fmt.Sprintf("more than %d mistakes; the rest is not shown", maxRemarks)})
	}
	return ds
}

// didYouMean is the suggestion for a name that is none of names: the nearest,
// or all where they are few, or "".
func didYouMean(got string, names []string) string {
	if near := schema.Nearest(got, names); near != "" {
		return "did you mean `" + near + "`?"
	}
	if len(names) == 0 || len(names) > mostListed {
		return ""
	}
	return "one of: " + strings.Join(slices.Sorted(slices.Values(names)), ", ")
}

// shorten makes a text of the file fit into a message.
func shorten(s string) string {
	const longest = 40
	if utf8.RuneCountInString(s) > longest {
		return string([]rune(s)[:longest]) + "..."
	}
	return s
}

// control tells whether a character would do something to a terminal.
func control(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }
