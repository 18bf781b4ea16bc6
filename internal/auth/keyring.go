package auth

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/vault"
)

// tokenType is the typ of an access token (RFC 9068): no other kind of token
// that these keys may ever sign passes for one.
const tokenType = "at+jwt"

// keyring holds the keys that sign access tokens, Ed25519 only: the algorithm
// belongs to the key and is never read from a token.
type keyring struct {
	engine    store.Engine
	sealer    *vault.Sealer
	now       func() time.Time
	tokenLife time.Duration
	live      atomic.Pointer[[]signingKey] // the one that signs, then those that retire
}

type signingKey struct {
	id      string
	public  ed25519.PublicKey
	signer  jose.Signer // of the first alone
	retires string      // canonical time after which it verifies nothing; "" never
}

func openKeyring(ctx context.Context, engine store.Engine, sealer *vault.Sealer, tokenLife time.Duration, now func() time.Time) (*keyring, error) {
	k := &keyring{engine: engine, sealer: sealer, tokenLife: tokenLife, now: now}
	if err := k.load(ctx); err != nil {
		return nil, err
	}
	if keys := *k.live.Load(); len(keys) == 0 || keys[0].retires != "" {
		if err := k.rotate(ctx); err != nil {
			return nil, err
		}
	}
	return k, nil
}

// load reads the keys that have not retired.
func (k *keyring) load(ctx context.Context) error {
	var keys []signingKey
	var private string
	err := k.engine.Read(ctx, func(c store.Conn) error {
		keys = nil
		return c.Query(`SELECT "id", "public", "private", COALESCE("retires_at", '') FROM "_keys"
			WHERE "retires_at" IS NULL OR "retires_at" > ?1 ORDER BY "retires_at" IS NULL DESC, "created_at" DESC`,
			[]any{stamp(k.now())}, func(r store.Row) error {
				public, err := base64.RawStdEncoding.DecodeString(r.Text(1))
				if err != nil || len(public) != ed25519.PublicKeySize {
					return fmt.Errorf("signing key %s is damaged", r.Text(0))
				}
				if len(keys) == 0 {
					private = r.Text(2)
				}
				keys = append(keys, signingKey{id: r.Text(0), public: public, retires: r.Text(3)})
				return nil
			})
	})
	if err == nil && len(keys) > 0 {
		keys[0].signer, err = k.signer(keys[0].id, private)
	}
	if err != nil {
		return wrap("reading the signing keys", err)
	}
	k.live.Store(&keys)
	return nil
}

// signer opens a sealed private key.
func (k *keyring) signer(id, sealed string) (jose.Signer, error) {
	raw, err := base64.RawStdEncoding.DecodeString(sealed)
	if err != nil {
		return nil, err
	}
	seed, err := k.sealer.Open(raw, "_keys/"+id)
	if err != nil {
		return nil, err
	}
	key := jose.JSONWebKey{Key: ed25519.NewKeyFromSeed(seed), KeyID: id}
	return jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: key}, (&jose.SignerOptions{}).WithType(tokenType))
}

// rotate makes a new key and lets the others retire once no token that they
// signed can be alive.
func (k *keyring) rotate(ctx context.Context) error {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return wrap("making a signing key", err)
	}
	sum := sha256.Sum256(public)
	id := base64.RawURLEncoding.EncodeToString(sum[:12])
	sealed := k.sealer.Seal(private.Seed(), "_keys/"+id)
	now := k.now()
	err = k.engine.Write(ctx, func(c store.Conn) error {
		if _, err := c.Exec(`DELETE FROM "_keys" WHERE "retires_at" <= ?1`, stamp(now)); err != nil {
			return err
		}
		if _, err := c.Exec(`UPDATE "_keys" SET "retires_at" = ?1 WHERE "retires_at" IS NULL`,
			stamp(now.Add(k.tokenLife+clockLeeway))); err != nil {
			return err
		}
		_, err := c.Exec(`INSERT INTO "_keys" ("id", "public", "private", "created_at") VALUES (?1, ?2, ?3, ?4)`,
			id, base64.RawStdEncoding.EncodeToString(public), base64.RawStdEncoding.EncodeToString(sealed), stamp(now))
		return err
	})
	if err != nil {
		return wrap("storing a signing key", err)
	}
	return k.load(ctx)
}

// public returns the key of that id, unless it has retired.
func (k *keyring) public(id string) (ed25519.PublicKey, bool) {
	for _, key := range *k.live.Load() {
		if key.id == id {
			return key.public, key.alive(k.now())
		}
	}
	return nil, false
}

func (k signingKey) alive(now time.Time) bool {
	return k.retires == "" || k.retires > stamp(now)
}

// RotateKeys signs from now on with a new key. The old one verifies until the
// last token that it signed has expired.
func (s *Service) RotateKeys(ctx context.Context) error { return s.keys.rotate(ctx) }

// JWKS is the document at /.well-known/jwks.json: the public half of every live
// key.
func (s *Service) JWKS() []byte {
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	for _, key := range *s.keys.live.Load() {
		if key.alive(s.now()) {
			set.Keys = append(set.Keys, jose.JSONWebKey{Key: key.public, KeyID: key.id, Algorithm: string(jose.EdDSA), Use: "sig"})
		}
	}
	document, err := json.Marshal(set)
	if err != nil {
		panic("auth: " + err.Error()) // an Ed25519 key always encodes
	}
	return document
}
