// Package vault holds the master key and what is derived from it: a key per
// purpose, sealing, and message authentication. It knows nothing of databases
// or users, never prints a key, and has no default key to fall back to.
package vault

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"github.com/loam-dev/loam/internal/fault"
)

// KeySize is the length of every derived key, in bytes, and the least length
// of a master key.
const KeySize = 32

// maxKeySize bounds a master key, in bytes.
const maxKeySize = 1024

// Vault derives keys from one master key. It is immutable and safe for
// concurrent use.
type Vault struct{ master Secret }

// Parse reads a master key written in hexadecimal or base64, as LOAM_MASTER_KEY
// holds it. A key that is missing, short or guessable is an error.
func Parse(text string) (*Vault, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, fault.New(fault.VaultNoKey,
			"there is no master key: set LOAM_MASTER_KEY to the output of `loam keys generate`, or name a key file")
	}
	key, ok := decode(text)
	if !ok {
		return nil, fault.New(fault.VaultWeakKey,
			"the master key is neither hexadecimal nor base64: make one with `loam keys generate`")
	}
	if reason := weakness(key); reason != "" {
		return nil, fault.New(fault.VaultWeakKey,
			"the master key %s: make one with `loam keys generate`", reason)
	}
	return &Vault{newSecret(key)}, nil
}

// Key derives the key of one purpose, KeySize bytes. The same purpose always
// gives the same key, and no key tells anything of another.
func (v *Vault) Key(purpose string) Secret {
	key, err := hkdf.Key(sha256.New, v.master.Bytes(), nil, "loam/"+purpose, KeySize)
	if err != nil {
		panic("vault: deriving " + purpose + ": " + err.Error()) // only for a length that SHA-256 can't give
	}
	return newSecret(key)
}

// decode reads hexadecimal or any common form of base64.
func decode(text string) ([]byte, bool) {
	if len(text) > 2*maxKeySize {
		return nil, false
	}
	if key, err := hex.DecodeString(text); err == nil {
		return key, true
	}
	unpadded := strings.TrimRight(text, "=")
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if key, err := encoding.DecodeString(unpadded); err == nil {
			return key, true
		}
	}
	return nil, false
}

// weakness says what makes a key guessable, or "". No test here can refuse a
// key of random bytes but with a chance far below that of a broken disk.
func weakness(key []byte) string {
	if len(key) < KeySize {
		return "is shorter than 32 bytes"
	}
	var seen [256]bool
	distinct, printable, stepping := 0, true, true
	for i, b := range key {
		if !seen[b] {
			seen[b] = true
			distinct++
		}
		printable = printable && b >= ' ' && b <= '~'
		stepping = stepping && (i < 2 || b-key[i-1] == key[1]-key[0])
	}
	switch {
	case distinct < KeySize/2:
		return "repeats itself"
	case printable:
		return "is made of text, not of random bytes"
	case stepping:
		return "is a sequence"
	}
	return ""
}
