package password

import (
	_ "embed" // the list
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// commonPasswords is the list of what is tried first: a header with its source
// and licence, an empty line, and a sorted password a line. It is searched as it
// stands in the binary, so that it costs neither a start nor memory.
//
//go:embed common_passwords.txt
var commonPasswords string

const (
	commonTail = 4 // characters at the end that make no common password another
	aboutWord  = 4 // characters, from which on a word about the user counts
)

// commonPassword tells whether a password is one of those that are tried first:
// one of the list, in any case, with letters written as look-alikes or some
// digits and marks behind it; a short word over and over, or a run of the
// alphabet; or little more than what is known about the user, such as the
// address, the name and the product's name.
func commonPassword(text string, about ...string) bool {
	folded := fold(text)
	return dull(folded) || listedNearly(folded) || tells(folded, about)
}

// fold takes away what makes no difference to one who guesses.
func fold(text string) string {
	return norm.NFKC.String(strings.ToLower(norm.NFKC.String(strings.TrimSpace(text))))
}

// listedNearly looks the password up, and what it is a simple variant of.
func listedNearly(folded string) bool {
	ends := folded
	for range commonTail + 1 {
		if listed(ends) || listed(spelled(ends, 'i')) || listed(spelled(ends, 'l')) {
			return true
		}
		last, size := utf8.DecodeLastRuneInString(ends)
		if unicode.IsLetter(last) {
			return false
		}
		ends = ends[:len(ends)-size]
	}
	return false
}

// listed searches the list by halves. A half is cut at the start of a line.
func listed(password string) bool {
	_, list, _ := strings.Cut(commonPasswords, "\n\n")
	if password == "" || strings.ContainsRune(password, '\n') {
		return false
	}
	for list != "" {
		start := strings.LastIndexByte(list[:len(list)/2], '\n') + 1
		line, after, _ := strings.Cut(list[start:], "\n")
		switch strings.Compare(password, line) {
		case 0:
			return true
		case -1:
			list = list[:start]
		default:
			list = after
		}
	}
	return false
}

// spelled writes letters for the marks that stand for them; a one is the given.
func spelled(text string, one rune) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '0':
			return 'o'
		case '1', '!', '|':
			return one
		case '3':
			return 'e'
		case '4', '@':
			return 'a'
		case '5', '$':
			return 's'
		case '7', '+':
			return 't'
		}
		return r
	}, text)
}

// dull tells whether a password is a word shorter than a password, over and
// over, has fewer than four different characters, or is a run such as 12345678.
func dull(folded string) bool {
	runes := []rune(folded)
	up, down := true, true
	different := map[rune]bool{}
	for i, r := range runes {
		different[r] = true
		if i > 0 {
			up = up && r == runes[i-1]+1
			down = down && r == runes[i-1]-1
		}
	}
	if up || down || len(different) < 4 {
		return true
	}
	for period := 1; period < minLength && period < len(runes); period++ {
		if slices.Equal(runes[period:], runes[:len(runes)-period]) {
			return true
		}
	}
	return false
}

// tells tells whether the password without the words about the user is too
// short to be one.
func tells(folded string, about []string) bool {
	var words []string
	for _, known := range about {
		if folded == fold(known) {
			return true
		}
		known, domain, _ := strings.Cut(fold(known), "@")
		parts := strings.FieldsFunc(known, apart)
		words = append(words, append(parts, strings.Join(parts, ""))...)
		words = append(words, strings.FieldsFunc(domain, apart)...)
	}
	slices.SortFunc(words, func(a, b string) int { return len(b) - len(a) })
	rest := folded
	for _, word := range words {
		if utf8.RuneCountInString(word) >= aboutWord {
			rest = strings.ReplaceAll(rest, word, "")
		}
	}
	return rest != folded && utf8.RuneCountInString(rest) < minLength
}

func apart(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }
