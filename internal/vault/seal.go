package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/loam-dev/loam/internal/fault"
)

// sealVersion is the first byte of everything sealed: AES-256-GCM with a random
// nonce. Another cipher gets another byte.
const sealVersion = 1

// Sealer encrypts small values under the key of one purpose. It is safe for
// concurrent use. Nonces are random: one purpose is good for 2^32 values.
type Sealer struct {
	aead    cipher.AEAD
	purpose string
}

// Sealer returns the sealer of a purpose.
func (v *Vault) Sealer(purpose string) *Sealer {
	block, err := aes.NewCipher(v.Key("seal/" + purpose).Bytes())
	if err != nil {
		panic("vault: " + err.Error()) // a derived key is always 32 bytes
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic("vault: " + err.Error()) // AES has the block size that GCM wants
	}
	return &Sealer{aead, purpose}
}

// Seal encrypts plain. What opens it must name the same place: the table and
// key of the row it is stored in, so that a sealed value can't be moved.
func (s *Sealer) Seal(plain []byte, place string) []byte {
	return s.aead.Seal([]byte{sealVersion}, nil, plain, []byte(place))
}

// Open decrypts what Seal made, or fails with fault.VaultSealed: a wrong master
// key, another place, or a changed byte.
func (s *Sealer) Open(sealed []byte, place string) ([]byte, error) {
	failed := fault.New(fault.VaultSealed,
		"a stored secret does not open with this master key: start with the key that the data was made with")
	if len(sealed) == 0 || sealed[0] != sealVersion {
		return nil, failed.Because(fmt.Errorf("%s at %s: unknown form", s.purpose, place))
	}
	plain, err := s.aead.Open(nil, nil, sealed[1:], []byte(place))
	if err != nil {
		return nil, failed.Because(fmt.Errorf("%s at %s: %w", s.purpose, place, err))
	}
	return plain, nil
}

// MAC makes and checks short proofs that a value came from here. It is safe for
// concurrent use.
type MAC struct{ key Secret }

// MACSize is the length of a proof, in bytes.
const MACSize = sha256.Size

// MAC returns the proof maker of a purpose.
func (v *Vault) MAC(purpose string) *MAC { return &MAC{v.Key("mac/" + purpose)} }

// Sum proves the parts, HMAC-SHA256 over each with its length, so that parts
// can't flow into each other.
func (m *MAC) Sum(parts ...[]byte) []byte {
	h := hmac.New(sha256.New, m.key.Bytes())
	var size [8]byte
	for _, part := range parts {
		binary.BigEndian.PutUint64(size[:], uint64(len(part)))
		h.Write(size[:])
		h.Write(part)
	}
	return h.Sum(nil)
}

// Check tells, in constant time, whether proof is what Sum made of the parts.
func (m *MAC) Check(proof []byte, parts ...[]byte) bool {
	return hmac.Equal(proof, m.Sum(parts...))
}
