// Package apikey has the API keys of organizations: who may make, list and end
// them, and whom one stands for.
package apikey

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/person"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/tokens"
	"github.com/loam-dev/loam/internal/vault"
)

// The limits of the room.
const (
	MaxKeys    = 100         // live API keys per organization
	touchEvery = time.Minute // precision of an API key's last use
)

// Organizations is what the room needs to know of organizations; tenant has it.
type Organizations interface {
	// Standing refuses an organization that is suspended or deleted, or that the
	// user is no member of; "" asks for no user. It runs inside the caller's
	// transaction.
	Standing(c store.Conn, org, userID string) error
	// May tells whether a role has a permission.
	May(role, permission string) bool
}

// Keys makes, ends and verifies API keys. It is safe for concurrent use.
type Keys struct {
	engine   store.Engine
	orgs     Organizations
	audit    *audit.Log
	now      func() time.Time
	verified *tokens.Cache // by id
}

// New makes it. The system tables must exist.
func New(engine store.Engine, orgs Organizations, log *audit.Log, now func() time.Time) *Keys {
	return &Keys{engine: engine, orgs: orgs, audit: log, now: now, verified: tokens.NewCache(now)}
}

// Key is an API key of one organization. Secret is shown once, when the key is
// made; only its hash is stored.
type Key struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	ReadOnly   bool       `json:"readOnly"`
	CreatedBy  string     `json:"createdBy"` // a user's id; empty for the command line
	CreatedAt  string     `json:"createdAt"`
	LastUsedAt *string    `json:"lastUsedAt"` // to the minute
	Secret     vault.Text `json:"key,omitempty"`
}

// Request is what an owner or admin sends to make an API key of the active
// organization.
type Request struct {
	Name     string `json:"name"`
	ReadOnly bool   `json:"readOnly"`
}

// An API key reads loam_<id>_<secret>: the id finds the row, the secret is
// compared. The prefix lets a scanner find a leaked one.
const (
	keyPrefix     = "loam_"
	keyIDSize     = 10 // bytes, in hexadecimal
	keySecretSize = 32 // bytes, in base64url
)

// CreateKey makes an API key of the caller's active organization.
func (k *Keys) CreateKey(ctx context.Context, p *access.Principal, in Request) (Key, error) {
	if err := k.mayManageKeys(p); err != nil {
		return Key{}, err
	}
	return k.AddKey(ctx, p, p.Org, in)
}

// AddKey makes an API key of any organization, which must exist. Whether the caller
// may is asked before.
func (k *Keys) AddKey(ctx context.Context, by *access.Principal, org string, in Request) (Key, error) {
	name, err := person.Name(in.Name)
	if err != nil {
		return Key{}, err
	}
	if name == "" {
		return Key{}, fault.New(fault.AuthBadName, "give the key a name that says what it is for").At("name")
	}
	key := Key{ID: hex.EncodeToString(tokens.Random(keyIDSize)), Name: name, ReadOnly: in.ReadOnly, CreatedBy: by.UserID, CreatedAt: form.Stamp(k.now())}
	key.Secret = vault.Text(keyPrefix + key.ID + "_" + base64.RawURLEncoding.EncodeToString(tokens.Random(keySecretSize)))
	err = k.engine.Write(ctx, func(c store.Conn) error {
		n, err := c.Exec(`INSERT INTO "_api_keys" ("id", "org", "name", "hash", "read_only", "created_by", "created_at")
			SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7
			WHERE (SELECT COUNT(*) FROM "_api_keys" WHERE "org" = ?2 AND "revoked_at" IS NULL) < ?8`,
			key.ID, org, key.Name, tokens.Digest(key.Secret), key.ReadOnly, key.CreatedBy, key.CreatedAt, MaxKeys)
		if err == nil && n == 0 {
			return fault.New(fault.AuthKeyLimit, "an organization has at most %d API keys: revoke one first", MaxKeys)
		}
		if err != nil {
			return err
		}
		return k.audit.Append(c, audit.Event{Action: "auth.key_created", Org: org, Actor: by.Subject(), Target: "key:" + key.ID,
			Details: map[string]any{"name": key.Name, "readOnly": key.ReadOnly}}.From(ctx))
	})
	if err != nil {
		return Key{}, wrap("making an API key", err)
	}
	return key, nil
}

// ListKeys returns the live API keys of the caller's active organization,
// oldest first: MaxKeys at most.
func (k *Keys) ListKeys(ctx context.Context, p *access.Principal) ([]Key, error) {
	if err := k.mayManageKeys(p); err != nil {
		return nil, err
	}
	return k.KeysOf(ctx, p.Org)
}

// KeysOf is ListKeys for any organization. Whether the caller may is asked before.
func (k *Keys) KeysOf(ctx context.Context, org string) ([]Key, error) {
	var keys []Key
	err := k.engine.Read(ctx, func(c store.Conn) error {
		keys = []Key{}
		return c.Query(`SELECT "id", "name", "read_only", "created_by", "created_at", "last_used_at" FROM "_api_keys"
			WHERE "org" = ?1 AND "revoked_at" IS NULL ORDER BY "created_at", "id"`, []any{org}, func(r store.Row) error {
			key := Key{ID: r.Text(0), Name: r.Text(1), ReadOnly: r.Bool(2), CreatedBy: r.Text(3), CreatedAt: r.Text(4)}
			if !r.Null(5) {
				used := r.Text(5)
				key.LastUsedAt = &used
			}
			keys = append(keys, key)
			return nil
		})
	})
	return keys, wrap("listing API keys", err)
}

// RevokeKey ends an API key of the caller's active organization, at once.
func (k *Keys) RevokeKey(ctx context.Context, p *access.Principal, id string) error {
	if err := k.mayManageKeys(p); err != nil {
		return err
	}
	return k.EndKey(ctx, p, p.Org, id)
}

// EndKey is RevokeKey for any organization. Whether the caller may is asked before.
func (k *Keys) EndKey(ctx context.Context, by *access.Principal, org, id string) error {
	err := k.engine.Write(ctx, func(c store.Conn) error {
		n, err := c.Exec(`UPDATE "_api_keys" SET "revoked_at" = ?1 WHERE "id" = ?2 AND "org" = ?3 AND "revoked_at" IS NULL`,
			form.Stamp(k.now()), id, org)
		if err == nil && n == 0 {
			return fault.New(fault.AuthKeyNotFound, "there is no such API key in this organization")
		}
		if err != nil {
			return err
		}
		return k.audit.Append(c, audit.Event{Action: "auth.key_revoked", Org: org, Actor: by.Subject(), Target: "key:" + id}.From(ctx))
	})
	k.verified.Forget(id)
	return wrap("revoking an API key", err)
}

// RemoveKeys removes the keys of an organization that is no more, inside the
// caller's transaction.
func (k *Keys) RemoveKeys(c store.Conn, org string) error {
	_, err := c.Exec(`DELETE FROM "_api_keys" WHERE "org" = ?1`, org)
	return err
}

// MoveKeys makes the keys of one organization another's, inside the caller's
// transaction.
func (k *Keys) MoveKeys(c store.Conn, from, to string) error {
	_, err := c.Exec(`UPDATE "_api_keys" SET "org" = ?2 WHERE "org" = ?1`, from, to)
	return err
}

// EndKeysOf ends the keys that a user has made, of one organization or with "" of
// all, inside the caller's transaction, and returns their ids: tell ForgetKey of
// each after the commit.
func (k *Keys) EndKeysOf(c store.Conn, userID, org string) (ended []string, err error) {
	err = c.Query(`UPDATE "_api_keys" SET "revoked_at" = ?1 WHERE "created_by" = ?2 AND (?3 = '' OR "org" = ?3) AND "revoked_at" IS NULL RETURNING "id"`,
		[]any{form.Stamp(k.now()), userID, org}, func(r store.Row) error {
			ended = append(ended, r.Text(0))
			return nil
		})
	return ended, err
}

// ForgetKey makes a key be looked up again.
func (k *Keys) ForgetKey(id string) { k.verified.Forget(id) }

// ForgetKeys makes every API key be looked up again: to call after an
// organization was closed, once that is committed.
func (k *Keys) ForgetKeys() { k.verified.ForgetAll() }

// Forgotten grows whenever what VerifyKey answers may have changed.
func (k *Keys) Forgotten() uint64 { return k.verified.Forgotten() }

// VerifyKey returns whom an API key stands for: its organization, with no user
// and no role.
func (k *Keys) VerifyKey(ctx context.Context, key string) (*access.Principal, error) {
	if who := k.verified.Get(key); who != nil {
		return who, nil
	}
	id, ok := keyID(key)
	if !ok {
		return nil, badKey()
	}
	seen := k.verified.Mark(id)
	who := &access.Principal{Kind: access.APIKey, KeyID: id}
	var hash, used string
	err := k.engine.Read(ctx, func(c store.Conn) error {
		hash = ""
		err := c.Query(`SELECT "hash", "org", "read_only", COALESCE("last_used_at", '') FROM "_api_keys"
			WHERE "id" = ?1 AND "revoked_at" IS NULL`, []any{id}, func(r store.Row) error {
			hash, who.Org, who.ReadOnly, used = r.Text(0), r.Text(1), r.Bool(2), r.Text(3)
			return nil
		})
		if err == nil && subtle.ConstantTimeCompare([]byte(tokens.Digest(vault.Text(key))), []byte(hash)) != 1 {
			err = badKey()
		}
		if err == nil {
			err = k.orgs.Standing(c, who.Org, "")
		}
		return err
	})
	if fault.Is(err, fault.TenantNotFound) {
		return nil, badKey() // of an organization that was deleted
	}
	if err != nil {
		return nil, wrap("looking up an API key", err)
	}
	if err := k.touchKey(ctx, id, used); err != nil {
		return nil, wrap("noting the use of an API key", err)
	}
	return k.verified.Put(key, who, k.now().Add(tokens.CachedFor), seen), nil
}

// touchKey notes the use of a key, once a minute. A disk that is full or a
// database that is busy does not keep the caller from reading.
func (k *Keys) touchKey(ctx context.Context, id, used string) error {
	now := k.now()
	if used > form.Stamp(now.Add(-touchEvery)) {
		return nil
	}
	err := k.engine.Write(ctx, func(c store.Conn) error {
		_, err := c.Exec(`UPDATE "_api_keys" SET "last_used_at" = ?1 WHERE "id" = ?2 AND COALESCE("last_used_at", '') = ?3`,
			form.Stamp(now), id, used)
		return err
	})
	if fault.Is(err, fault.StoreBusy) || fault.Is(err, fault.StoreFull) {
		return nil
	}
	return err
}

// keyID takes the id out of an API key; false for whatever CreateKey did not make.
func keyID(key string) (string, bool) {
	rest, ok := strings.CutPrefix(key, keyPrefix)
	id, secret, cut := strings.Cut(rest, "_")
	return id, ok && cut && len(id) == 2*keyIDSize && len(secret) == base64.RawURLEncoding.EncodedLen(keySecretSize)
}

// mayManageKeys lets who has the permission keys.manage in the active
// organization pass; never an API key.
func (k *Keys) mayManageKeys(p *access.Principal) error {
	switch {
	case p.Kind == access.Anonymous:
		return signInFirst()
	case p.Kind != access.User || p.Org == "" || !k.orgs.May(p.Role, "keys.manage"):
		return fault.New(fault.AuthNotAllowed, "only a signed-in member of the organization whose role has the permission keys.manage manages its API keys")
	}
	return nil
}

func signInFirst() *fault.Error {
	return fault.New(fault.AccessSignIn, "sign in first: send Authorization: Bearer <access token>")
}

func badKey() *fault.Error {
	return fault.New(fault.AuthBadKey, "the API key is unknown or revoked")
}

// wrap names the operation that failed, for the log.
func wrap(operation string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("apikey: %s: %w", operation, err)
}
