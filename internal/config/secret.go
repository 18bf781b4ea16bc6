package config

import (
	"fmt"
	"log/slog"
)

// hidden is what a Secret prints as, everywhere.
const hidden = "[secret]"

// Secret is text of loam.yaml that can't be printed, logged or encoded by
// mistake: a client's secret, a password. The zero Secret is none.
type Secret struct {
	// A function, because fmt does not ask the methods of an unexported field:
	// it would print the text of a Secret that another struct holds.
	reveal func() string
}

// NewSecret hides a text; "" is the zero Secret.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{func() string { return text }}
}

// Given tells whether there is one.
func (s Secret) Given() bool { return s.reveal != nil }

// Text returns the secret itself, for who must show it; "" where there is none.
func (s Secret) Text() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// print is what stands for the secret: whether there is one may be seen.
func (s Secret) print() string {
	if s.Given() {
		return hidden
	}
	return ""
}

// String hides the text.
func (s Secret) String() string { return s.print() }

// Format hides the text under every verb of fmt.
func (s Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, s.print()) }

// LogValue hides the text in logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.print()) }

// MarshalText hides the text in JSON and every other encoding.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.print()), nil }
