package tokens

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"github.com/google/uuid"

	"github.com/loam-dev/loam/internal/vault"
)

// Refresh makes and reads refresh tokens: the session's id, 256 random
// bits, and a proof over both. The proof tells a token of ours that was used
// before (a theft) from a damaged or invented one without keeping the old ones,
// and the latter never reach the database. What is stored is a hash of the
// whole.
type Refresh struct{ mac *vault.MAC }

// NewRefresh makes them with proofs of a key.
func NewRefresh(mac *vault.MAC) Refresh { return Refresh{mac} }

const (
	refreshPrefix = "loamr_"
	refreshRandom = 32 // bytes
	refreshSize   = 16 + refreshRandom + vault.MACSize
)

// Strict is base64 that refuses a token with other bits in the last character's
// tail: a token has one spelling.
func Strict() *base64.Encoding { return base64.RawURLEncoding.Strict() }

// Mint makes a token of a session.
func (t Refresh) Mint(session string) vault.Text {
	id := uuid.MustParse(session)
	body := append(id[:], Random(refreshRandom)...)
	return vault.Text(refreshPrefix + Strict().EncodeToString(append(body, t.mac.Sum(body)...)))
}

// Session returns whose token it is; false for whatever Mint did not make.
func (t Refresh) Session(token vault.Text) (string, bool) {
	text, ok := strings.CutPrefix(string(token), refreshPrefix)
	if !ok || len(text) != Strict().EncodedLen(refreshSize) {
		return "", false
	}
	raw, err := Strict().DecodeString(text)
	if err != nil || len(raw) != refreshSize {
		return "", false
	}
	body, proof := raw[:16+refreshRandom], raw[16+refreshRandom:]
	if !t.mac.Check(proof, body) {
		return "", false
	}
	return uuid.UUID(body[:16]).String(), true
}

// Digest is the stored form of an opaque token, which is random, so that a plain hash
// can't be guessed from; and the S256 challenge of a PKCE verifier.
func Digest[T ~string](token T) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Secret is an unguessable text of 43 characters, which is also a good PKCE verifier.
func Secret() string { return base64.RawURLEncoding.EncodeToString(Random(32)) }

// Random returns n unguessable bytes. Go ends the process if the system has none.
func Random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}
