package auth

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/person"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/tokens"
)

// Key is an API key of one organization. Secret is shown once, when the key is
// made; only its hash is stored.
type Key struct {
	ID         string  `json:"id"`
	Name       string  `json:"name"`
	ReadOnly   bool    `json:"readOnly"`
	CreatedBy  string  `json:"createdBy"` // a user's id; empty for the command line
	CreatedAt  string  `json:"createdAt"`
	LastUsedAt *string `json:"lastUsedAt"` // to the minute
	Secret     Secret  `json:"key,omitempty"`
}

// NewKey is what an owner or admin sends to make an API key of the active
// organization.
type NewKey struct {
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
func (s *Service) CreateKey(ctx context.Context, p *access.Principal, in NewKey) (Key, error) {
	if err := s.mayManageKeys(p); err != nil {
		return Key{}, err
	}
	return s.addKey(ctx, p.Org, p, in)
}

// AddKey makes an API key of an organization, which must exist, for the command
// line: no caller is asked for, and CreatedBy is empty.
func (s *Service) AddKey(ctx context.Context, org string, in NewKey) (Key, error) {
	return s.addKey(ctx, org, nil, in)
}

// addKey makes a key by a user, or by nobody.
func (s *Service) addKey(ctx context.Context, org string, by *access.Principal, in NewKey) (Key, error) {
	name, err := person.Name(in.Name)
	if err != nil {
		return Key{}, err
	}
	if name == "" {
		return Key{}, fault.New(fault.AuthBadName, "give the key a name that says what it is for").At("name")
	}
	key := Key{ID: hex.EncodeToString(random(keyIDSize)), Name: name, ReadOnly: in.ReadOnly, CreatedAt: stamp(s.now())}
	actor := audit.System
	if by != nil {
		key.CreatedBy, actor = by.UserID, by.Subject()
	}
	key.Secret = Secret(keyPrefix + key.ID + "_" + base64.RawURLEncoding.EncodeToString(random(keySecretSize)))
	err = s.engine.Write(ctx, func(c store.Conn) error {
		n, err := c.Exec(`INSERT INTO "_api_keys" ("id", "org", "name", "hash", "read_only", "created_by", "created_at")
			SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7
			WHERE (SELECT COUNT(*) FROM "_api_keys" WHERE "org" = ?2 AND "revoked_at" IS NULL) < ?8`,
			key.ID, org, key.Name, tokens.Digest(key.Secret), key.ReadOnly, key.CreatedBy, key.CreatedAt, maxKeys)
		if err == nil && n == 0 {
			return fault.New(fault.AuthKeyLimit, "an organization has at most %d API keys: revoke one first", maxKeys)
		}
		if err != nil {
			return err
		}
		return s.record(ctx, c, audit.Event{Action: "auth.key_created", Org: org, Actor: actor, Target: "key:" + key.ID,
			Details: map[string]any{"name": key.Name, "readOnly": key.ReadOnly}})
	})
	if err != nil {
		return Key{}, wrap("making an API key", err)
	}
	return key, nil
}

// ListKeys returns the live API keys of the caller's active organization,
// oldest first: maxKeys at most.
func (s *Service) ListKeys(ctx context.Context, p *access.Principal) ([]Key, error) {
	if err := s.mayManageKeys(p); err != nil {
		return nil, err
	}
	var keys []Key
	err := s.engine.Read(ctx, func(c store.Conn) error {
		keys = []Key{}
		return c.Query(`SELECT "id", "name", "read_only", "created_by", "created_at", "last_used_at" FROM "_api_keys"
			WHERE "org" = ?1 AND "revoked_at" IS NULL ORDER BY "created_at", "id"`, []any{p.Org}, func(r store.Row) error {
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
func (s *Service) RevokeKey(ctx context.Context, p *access.Principal, id string) error {
	if err := s.mayManageKeys(p); err != nil {
		return err
	}
	err := s.engine.Write(ctx, func(c store.Conn) error {
		n, err := c.Exec(`UPDATE "_api_keys" SET "revoked_at" = ?1 WHERE "id" = ?2 AND "org" = ?3 AND "revoked_at" IS NULL`,
			stamp(s.now()), id, p.Org)
		if err == nil && n == 0 {
			return fault.New(fault.AuthKeyNotFound, "there is no such API key in this organization")
		}
		if err != nil {
			return err
		}
		return s.record(ctx, c, audit.Event{Action: "auth.key_revoked", Org: p.Org, Actor: p.Subject(), Target: "key:" + id})
	})
	s.apiKeys.Forget(id)
	return wrap("revoking an API key", err)
}

// RemoveOrganization removes the keys of an organization that is no more, and what
// leads users back to it, inside the caller's transaction.
func (s *Service) RemoveOrganization(c store.Conn, org string) error {
	if _, err := c.Exec(`DELETE FROM "_api_keys" WHERE "org" = ?1`, org); err != nil {
		return err
	}
	if _, err := c.Exec(`UPDATE "_sessions" SET "org" = '' WHERE "org" = ?1`, org); err != nil {
		return err
	}
	_, err := c.Exec(`UPDATE "_users" SET "org" = '' WHERE "org" = ?1`, org)
	return err
}

// VerifyKey returns whom an API key stands for: its organization, with no user
// and no role.
func (s *Service) VerifyKey(ctx context.Context, key string) (*access.Principal, error) {
	if who := s.apiKeys.Get(key); who != nil {
		return who, nil
	}
	id, ok := keyID(key)
	if !ok {
		return nil, badKey()
	}
	seen := s.apiKeys.Mark(id)
	who := &access.Principal{Kind: access.APIKey, KeyID: id}
	var hash, used string
	err := s.engine.Read(ctx, func(c store.Conn) error {
		hash = ""
		err := c.Query(`SELECT "hash", "org", "read_only", COALESCE("last_used_at", '') FROM "_api_keys"
			WHERE "id" = ?1 AND "revoked_at" IS NULL`, []any{id}, func(r store.Row) error {
			hash, who.Org, who.ReadOnly, used = r.Text(0), r.Text(1), r.Bool(2), r.Text(3)
			return nil
		})
		if err == nil && subtle.ConstantTimeCompare([]byte(tokens.Digest(Secret(key))), []byte(hash)) != 1 {
			err = badKey()
		}
		if err == nil {
			err = s.orgs.Standing(c, who.Org, "")
		}
		return err
	})
	if fault.Is(err, fault.TenantNotFound) {
		return nil, badKey() // of an organization that was deleted
	}
	if err != nil {
		return nil, wrap("looking up an API key", err)
	}
	if err := s.touchKey(ctx, id, used); err != nil {
		return nil, wrap("noting the use of an API key", err)
	}
	s.apiKeys.Put(key, who, s.now().Add(tokens.CachedFor), seen)
	return who, nil
}

// touchKey notes the use of a key, once a minute. A disk that is full or a
// database that is busy does not keep the caller from reading.
func (s *Service) touchKey(ctx context.Context, id, used string) error {
	now := s.now()
	if used > stamp(now.Add(-touchEvery)) {
		return nil
	}
	err := s.engine.Write(ctx, func(c store.Conn) error {
		_, err := c.Exec(`UPDATE "_api_keys" SET "last_used_at" = ?1 WHERE "id" = ?2 AND COALESCE("last_used_at", '') = ?3`,
			stamp(now), id, used)
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
func (s *Service) mayManageKeys(p *access.Principal) error {
	switch {
	case p.Kind == access.Anonymous:
		return signInFirst()
	case p.Kind != access.User || p.Org == "" || !s.orgs.May(p.Role, "keys.manage"):
		return fault.New(fault.AuthNotAllowed, "only a signed-in member of the organization whose role has the permission keys.manage manages its API keys")
	}
	return nil
}

func badKey() *fault.Error {
	return fault.New(fault.AuthBadKey, "the API key is unknown or revoked")
}
