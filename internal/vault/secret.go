package vault

import (
	"fmt"
	"log/slog"
)

// hidden is what a Secret prints as, everywhere.
const hidden = "[secret]"

// Secret is key material that can't be printed, logged or encoded by mistake.
type Secret struct {
	// A function, because fmt does not ask the methods of an unexported field:
	// it would print the bytes of a Secret that another struct holds.
	reveal func() []byte
}

func newSecret(key []byte) Secret {
	return Secret{func() []byte { return key }}
}

// Bytes returns the key itself, for a cipher. It is not to be changed.
func (s Secret) Bytes() []byte { return s.reveal() }

// String hides the key.
func (s Secret) String() string { return hidden }

// Format hides the key under every verb of fmt.
func (s Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, hidden) }

// LogValue hides the key in logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText hides the key in JSON and every other encoding.
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// String hides the vault's key.
func (v *Vault) String() string { return hidden }

// Format hides the vault's key under every verb of fmt.
func (v *Vault) Format(f fmt.State, _ rune) { fmt.Fprint(f, hidden) }

// LogValue hides the vault's key in logs.
func (v *Vault) LogValue() slog.Value { return slog.StringValue(hidden) }
