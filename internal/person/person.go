// Package person is about what people are known by: the one spelling of an email
// address, names for others to read, and languages. Pure.
package person

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/loam-dev/loam/internal/fault"
)

// The limits on what people are known by.
const (
	MaxEmail  = 254 // bytes
	MaxName   = 200 // characters, of a group's name too
	MaxGroups = 100 // per user
	maxLocale = 35  // bytes
)

// Email returns the one spelling of an address: what is stored, what is
// unique, what attempts are counted by, and where mail goes. Case, surrounding
// space and compatibility characters (full width, ligatures) make no difference;
// look-alikes from other scripts are other addresses.
func Email(text string) (string, error) {
	bad := fault.New(fault.AuthBadEmail, "write the email address as name@example.com, at most %d bytes", MaxEmail).At("email")
	if len(text) > 4*MaxEmail {
		return "", bad
	}
	email := norm.NFKC.String(strings.ToLower(norm.NFKC.String(strings.TrimSpace(text))))
	local, domain, ok := cutLast(email, '@')
	if !ok || len(email) > MaxEmail || len(local) > 64 || !wellFormed(local, "!#$%&'*+-/=?^_`{|}~.") || !wellFormed(domain, "-.") {
		return "", bad
	}
	return email, nil
}

// wellFormed tells whether part is dot-separated words of letters, digits and
// the marks given. Quoted local parts and address literals are not served.
func wellFormed(part, marks string) bool {
	for word := range strings.SplitSeq(part, ".") {
		if word == "" {
			return false
		}
	}
	for _, r := range part {
		if !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) && !strings.ContainsRune(marks, r) {
			return false
		}
	}
	return true
}

// cutLast splits text at the last separator.
func cutLast(text string, separator byte) (before, after string, ok bool) {
	i := strings.LastIndexByte(text, separator)
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+1:], true
}

// Name checks a name for people to read.
func Name(text string) (string, error) {
	name := norm.NFC.String(strings.TrimSpace(text))
	if len([]rune(name)) > MaxName || strings.ContainsFunc(name, unicode.IsControl) {
		return "", fault.New(fault.AuthBadName, "a name has at most %d characters and no control characters", MaxName).At("name")
	}
	return name, nil
}

// Locale checks the name of a language.
func Locale(text string) (string, error) {
	if len(text) > maxLocale || strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != "" {
		return "", fault.New(fault.AuthBadName, "write the language as en or de-CH").At("locale")
	}
	return text, nil
}
