// Package tokens makes, reads and remembers what callers show: tokens that are
// signed, with the keys that sign them, and opaque ones. Whom a token stands for
// is for others to say (auth).
package tokens

import (
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/vault"
)

// The limits of signed tokens.
const (
	ClockLeeway = time.Minute // by which another node's clock may be ahead
	maxToken    = 4096        // bytes of one that is signed here

	reloadPause = 50 * time.Millisecond // between two looks for keys that are not known
	reloadLimit = time.Second           // of such a look
)

// Keyring holds the keys that sign one kind of token, all of one algorithm: it
// belongs to the key and is never read from a token. It is safe for concurrent
// use.
type Keyring struct {
	Scheme
	engine    store.Engine
	sealer    *vault.Sealer
	now       func() time.Time
	tokenLife time.Duration
	live      atomic.Pointer[[]signingKey] // the one that signs, then those that retire

	looking sync.Mutex
	looked  time.Time // when the last look for an unknown key began
}

type signingKey struct {
	id      string
	public  crypto.PublicKey
	signer  jose.Signer // of the first alone
	retires string      // canonical time after which it verifies nothing; "" never
}

// OpenKeyring reads the keys of one kind of token, and makes the first one where
// there is none. The system tables must exist. A key that was replaced verifies for
// tokenLife, that of the tokens, and ClockLeeway.
func OpenKeyring(ctx context.Context, kind Scheme, engine store.Engine, sealer *vault.Sealer, tokenLife time.Duration, now func() time.Time) (*Keyring, error) {
	k := &Keyring{Scheme: kind, engine: engine, sealer: sealer, tokenLife: tokenLife, now: now}
	if err := k.Reload(ctx); err != nil {
		return nil, err
	}
	if keys := *k.live.Load(); len(keys) == 0 || keys[0].retires != "" {
		if err := k.Rotate(ctx); err != nil {
			return nil, err
		}
	}
	return k, nil
}

// Reload reads the keys that have not retired: to call when another node has
// changed them.
func (k *Keyring) Reload(ctx context.Context) error {
	var keys []signingKey
	var private string
	err := k.engine.Read(ctx, func(c store.Conn) error {
		keys = nil
		return c.Query(`SELECT "id", "public", "private", COALESCE("retires_at", '') FROM "_keys"
			WHERE "algorithm" = ?2 AND ("retires_at" IS NULL OR "retires_at" > ?1) ORDER BY "retires_at" IS NULL DESC, "created_at" DESC`,
			[]any{form.Stamp(k.now()), string(k.algorithm)}, func(r store.Row) error {
				raw, err := base64.RawStdEncoding.DecodeString(r.Text(1))
				if err != nil {
					return fmt.Errorf("signing key %s is damaged", r.Text(0))
				}
				public, err := k.readPublic(raw)
				if err != nil {
					return fmt.Errorf("signing key %s is damaged: %w", r.Text(0), err)
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
func (k *Keyring) signer(id, sealed string) (jose.Signer, error) {
	raw, err := base64.RawStdEncoding.DecodeString(sealed)
	if err != nil {
		return nil, err
	}
	plain, err := k.sealer.Open(raw, "_keys/"+id)
	if err != nil {
		return nil, err
	}
	private, err := k.readPrivate(plain)
	if err != nil {
		return nil, err
	}
	key := jose.JSONWebKey{Key: private, KeyID: id}
	return jose.NewSigner(jose.SigningKey{Algorithm: k.algorithm, Key: key}, (&jose.SignerOptions{}).WithType(jose.ContentType(k.token)))
}

// Sign makes a token of a payload.
func (k *Keyring) Sign(payload []byte) (vault.Text, error) {
	signed, err := (*k.live.Load())[0].signer.Sign(payload)
	if err != nil {
		return "", wrap("signing a token", err)
	}
	token, err := signed.CompactSerialize()
	return vault.Text(token), wrap("signing a token", err)
}

// Read returns the payload of a token that one of the keys has signed, as the
// keyring's kind and in one spelling.
func (k *Keyring) Read(token string) ([]byte, error) {
	if len(token) > maxToken || !oneSpelling(token) {
		return nil, Refused()
	}
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{k.algorithm})
	if err != nil {
		return nil, Refused().Because(err)
	}
	header := signed.Signatures[0].Protected
	key, ok := k.public(header.KeyID)
	if !ok && k.engine.Dialect() == store.PostgreSQL {
		k.look()
		key, ok = k.public(header.KeyID)
	}
	if kind, _ := header.ExtraHeaders[jose.HeaderType].(string); !ok || kind != k.token || header.JSONWebKey != nil {
		return nil, Refused()
	}
	payload, err := signed.Verify(key)
	if err != nil {
		return nil, Refused().Because(err)
	}
	return payload, nil
}

// Rotate makes a new key and lets the others retire once no token that they
// signed can be alive.
func (k *Keyring) Rotate(ctx context.Context) error {
	public, private, err := k.make()
	if err != nil {
		return wrap("making a signing key", err)
	}
	sum := sha256.Sum256(public)
	id := base64.RawURLEncoding.EncodeToString(sum[:12])
	sealed := k.sealer.Seal(private, "_keys/"+id)
	now := k.now()
	err = k.engine.Write(ctx, func(c store.Conn) error {
		if _, err := c.Exec(`DELETE FROM "_keys" WHERE "retires_at" <= ?1`, form.Stamp(now)); err != nil {
			return err
		}
		if _, err := c.Exec(`UPDATE "_keys" SET "retires_at" = ?1 WHERE "retires_at" IS NULL AND "algorithm" = ?2`,
			form.Stamp(now.Add(k.tokenLife+ClockLeeway)), string(k.algorithm)); err != nil {
			return err
		}
		_, err := c.Exec(`INSERT INTO "_keys" ("id", "algorithm", "public", "private", "created_at") VALUES (?1, ?2, ?3, ?4, ?5)`,
			id, string(k.algorithm), base64.RawStdEncoding.EncodeToString(public), base64.RawStdEncoding.EncodeToString(sealed), form.Stamp(now))
		return err
	})
	if err != nil {
		return wrap("storing a signing key", err)
	}
	return k.Reload(ctx)
}

// public returns the key of that id, unless it has retired.
func (k *Keyring) public(id string) (crypto.PublicKey, bool) {
	for _, key := range *k.live.Load() {
		if key.id == id {
			return key.public, key.alive(k.now())
		}
	}
	return nil, false
}

// look reads the keys again for a token of an unknown one, which another node may have
// made just now. All who ask within a pause share a look: ids are easily invented.
func (k *Keyring) look() {
	asked := time.Now()
	k.looking.Lock()
	defer k.looking.Unlock()
	if k.looked.After(asked) {
		return
	}
	time.Sleep(time.Until(k.looked.Add(reloadPause)))
	k.looked = time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), reloadLimit)
	defer cancel()
	_ = k.Reload(ctx) // without it the key stays unknown
}

func (k signingKey) alive(now time.Time) bool {
	return k.retires == "" || k.retires > form.Stamp(now)
}

// Publish adds the public half of every live key to a set.
func (k *Keyring) Publish(set *jose.JSONWebKeySet) {
	for _, key := range *k.live.Load() {
		if key.alive(k.now()) {
			set.Keys = append(set.Keys, jose.JSONWebKey{Key: key.public, KeyID: key.id, Algorithm: string(k.algorithm), Use: "sig"})
		}
	}
}

// oneSpelling refuses the other texts that a lenient base64 reads as the same
// token: line breaks, and bits in the last character's tail.
func oneSpelling(token string) bool {
	for part := range strings.SplitSeq(token, ".") {
		raw, err := base64.RawURLEncoding.DecodeString(part)
		if err != nil || base64.RawURLEncoding.EncodeToString(raw) != part {
			return false
		}
	}
	return true
}

// Refused is what a token that is none of ours is answered with.
func Refused() *fault.Error {
	return fault.New(fault.AuthBadToken, "the token is not valid here: sign in again")
}

// wrap names the operation that failed, for the log.
func wrap(operation string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("tokens: %s: %w", operation, err)
}
