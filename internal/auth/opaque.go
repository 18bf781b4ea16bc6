package auth

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"github.com/google/uuid"

	"github.com/loam-dev/loam/internal/vault"
)

// Secret is a token or a password on its way through the doors: encoded as
// itself in JSON, but never printed or logged.
type Secret = vault.Text

// refreshTokens makes and reads refresh tokens: the session's id, 256 random
// bits, and a proof over both. The proof tells a token of ours that was used
// before (a theft) from a damaged or invented one without keeping the old ones,
// and the latter never reach the database. What is stored is a hash of the
// whole.
type refreshTokens struct{ mac *vault.MAC }

const (
	refreshPrefix = "loamr_"
	refreshRandom = 32 // bytes
	refreshSize   = 16 + refreshRandom + vault.MACSize
)

// strict refuses a token with other bits in the last character's tail: a token
// has one spelling.
func strict() *base64.Encoding { return base64.RawURLEncoding.Strict() }

// mint makes a token of a session.
func (t refreshTokens) mint(session string) Secret {
	id := uuid.MustParse(session)
	body := append(id[:], random(refreshRandom)...)
	return Secret(refreshPrefix + strict().EncodeToString(append(body, t.mac.Sum(body)...)))
}

// session returns whose token it is; false for whatever mint did not make.
func (t refreshTokens) session(token Secret) (string, bool) {
	text, ok := strings.CutPrefix(string(token), refreshPrefix)
	if !ok || len(text) != strict().EncodedLen(refreshSize) {
		return "", false
	}
	raw, err := strict().DecodeString(text)
	if err != nil || len(raw) != refreshSize {
		return "", false
	}
	body, proof := raw[:16+refreshRandom], raw[16+refreshRandom:]
	if !t.mac.Check(proof, body) {
		return "", false
	}
	return uuid.UUID(body[:16]).String(), true
}

// digest is the stored form of an opaque token. The tokens are random, so that
// a plain hash can't be guessed from.
func digest(token Secret) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
