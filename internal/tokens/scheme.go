package tokens

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"

	"github.com/go-jose/go-jose/v4"
)

// Scheme is how one kind of token is signed: by one algorithm, with keys that
// sign nothing else, and under a typ of its own, so that no kind passes for
// another.
type Scheme struct {
	algorithm   jose.SignatureAlgorithm
	token       string                                     // its typ
	make        func() (public, private []byte, err error) // a new key, as it is stored and sealed
	readPublic  func(stored []byte) (crypto.PublicKey, error)
	readPrivate func(opened []byte) (crypto.Signer, error)
}

// Access is how access tokens are signed: with Ed25519, under the typ of RFC 9068.
func Access() Scheme {
	return Scheme{
		algorithm: jose.EdDSA, token: "at+jwt",
		make: func() (public, private []byte, err error) {
			open, closed, err := ed25519.GenerateKey(nil)
			if err != nil {
				return nil, nil, err
			}
			return open, closed.Seed(), nil
		},
		readPublic: func(stored []byte) (crypto.PublicKey, error) {
			if len(stored) != ed25519.PublicKeySize {
				return nil, errors.New("wrong length")
			}
			return ed25519.PublicKey(stored), nil
		},
		readPrivate: func(opened []byte) (crypto.Signer, error) {
			if len(opened) != ed25519.SeedSize {
				return nil, errors.New("wrong length")
			}
			return ed25519.NewKeyFromSeed(opened), nil
		},
	}
}

// idKeySize is in bits, of an RSA key.
const idKeySize = 2048

// ID is how ID tokens are signed: with RS256, the one algorithm that every client
// of OpenID Connect must take (Core 1.0, section 15.1).
func ID() Scheme {
	return Scheme{
		algorithm: jose.RS256, token: "JWT",
		make: func() (public, private []byte, err error) {
			key, err := rsa.GenerateKey(rand.Reader, idKeySize)
			if err != nil {
				return nil, nil, err
			}
			return x509.MarshalPKCS1PublicKey(&key.PublicKey), x509.MarshalPKCS1PrivateKey(key), nil
		},
		readPublic:  func(stored []byte) (crypto.PublicKey, error) { return x509.ParsePKCS1PublicKey(stored) },
		readPrivate: func(opened []byte) (crypto.Signer, error) { return x509.ParsePKCS1PrivateKey(opened) },
	}
}
