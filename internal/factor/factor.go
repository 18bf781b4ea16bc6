// Package factor keeps what users prove who they are with beside a password:
// authenticator apps, recovery codes, passkeys. It stores and checks them, each
// proof good for one use, and knows neither sessions nor who must have what: that
// is for auth to say. Every method runs inside the caller's transaction.
package factor

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/go-webauthn/webauthn/protocol"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/vault"
)

// The limits of the room.
const (
	passkeysMax  = 20 // per user, where the configuration does not say
	ceremonyLife = 5 * time.Minute
)

// Options are what New needs.
type Options struct {
	Vault       *vault.Vault
	App         string   // the name that authenticator apps and passkey dialogs show; "": Loam
	Sites       []string // whose pages may ask for a passkey: "https://app.example.com"; none: localhost
	NoPasskeys  bool     // none are served
	MaxPasskeys int      // of one user; 0: passkeysMax
	Now         func() time.Time
}

// Service is safe for concurrent use.
type Service struct {
	Options
	sealer *vault.Sealer
	domain string // that passkeys belong to; "" for none
	local  bool   // passkeys are for this machine
}

// New makes the service. Sites that share no domain are an error.
func New(o Options) (*Service, error) {
	o.App = cmp.Or(o.App, "Loam")
	o.MaxPasskeys = cmp.Or(o.MaxPasskeys, passkeysMax)
	domain, local, err := relyingParty(o.Sites)
	if err == nil && domain != "" {
		err = protocol.ValidateRPID(domain)
	}
	if err != nil {
		return nil, fmt.Errorf("factor: finding the domain of passkeys: %w", err)
	}
	return &Service{o, o.Vault.Sealer("auth/factors"), domain, local}, nil
}

// Tables returns the room's system tables. What must be read again is sealed; what
// is only compared is hashed. They refer to the users of auth.
func Tables() []string {
	return []string{
		`CREATE TABLE IF NOT EXISTS "_totp" (
			"user_id" TEXT NOT NULL PRIMARY KEY REFERENCES "_users" ("id") ON DELETE CASCADE,
			"secret" TEXT NOT NULL,
			"last_step" INTEGER NOT NULL,
			"created_at" TEXT NOT NULL,
			"confirmed_at" TEXT
		) STRICT`,
		`CREATE TABLE IF NOT EXISTS "_recovery_codes" (
			"user_id" TEXT NOT NULL REFERENCES "_users" ("id") ON DELETE CASCADE,
			"hash" TEXT NOT NULL,
			"used_at" TEXT,
			PRIMARY KEY ("user_id", "hash")
		) STRICT`,
		`CREATE TABLE IF NOT EXISTS "_passkeys" (
			"id" TEXT NOT NULL PRIMARY KEY,
			"user_id" TEXT NOT NULL REFERENCES "_users" ("id") ON DELETE CASCADE,
			"credential" TEXT NOT NULL UNIQUE,
			"public_key" TEXT NOT NULL,
			"counter" INTEGER NOT NULL,
			"transports" TEXT NOT NULL,
			"aaguid" TEXT NOT NULL,
			"name" TEXT NOT NULL,
			"backup_eligible" INTEGER NOT NULL,
			"backed_up" INTEGER NOT NULL,
			"created_at" TEXT NOT NULL,
			"last_used_at" TEXT
		) STRICT`,
		`CREATE INDEX IF NOT EXISTS "_passkeys_user" ON "_passkeys" ("user_id", "id")`,
		`CREATE TABLE IF NOT EXISTS "_ceremonies" (
			"id" TEXT NOT NULL PRIMARY KEY,
			"expires_at" TEXT NOT NULL
		) STRICT`,
	}
}

// Prune removes what has expired.
func (s *Service) Prune(c store.Conn) error {
	_, err := c.Exec(`DELETE FROM "_ceremonies" WHERE "expires_at" <= ?1`, form.Stamp(s.Now()))
	return err
}

// Drop removes every factor of a user, inside the caller's transaction.
func (s *Service) Drop(c store.Conn, user string) error {
	for _, sql := range []string{`DELETE FROM "_totp" WHERE "user_id" = ?1`, `DELETE FROM "_recovery_codes" WHERE "user_id" = ?1`, `DELETE FROM "_passkeys" WHERE "user_id" = ?1`} {
		if _, err := c.Exec(sql, user); err != nil {
			return err
		}
	}
	return nil
}

// Own is what a user has.
type Own struct {
	TOTP          bool `json:"totp"`
	Passkeys      int  `json:"passkeys"`
	RecoveryCodes int  `json:"recoveryCodes"` // that are left
}

// Any tells whether there is a factor that recovery codes would stand in for.
func (o Own) Any() bool { return o.TOTP || o.Passkeys > 0 }

// Of tells what a user has.
func (s *Service) Of(c store.Conn, user string) (has Own, err error) {
	err = c.Query(`SELECT EXISTS (SELECT 1 FROM "_totp" WHERE "user_id" = ?1 AND "confirmed_at" IS NOT NULL),
		(SELECT COUNT(*) FROM "_passkeys" WHERE "user_id" = ?1),
		(SELECT COUNT(*) FROM "_recovery_codes" WHERE "user_id" = ?1 AND "used_at" IS NULL)`, []any{user}, func(r store.Row) error {
		has = Own{TOTP: r.Bool(0), Passkeys: int(r.Int(1)), RecoveryCodes: int(r.Int(2))}
		return nil
	})
	return has, err
}

// Seal returns the stored form of a secret that must be read again.
func (s *Service) Seal(secret, place string) string {
	return base64.RawStdEncoding.EncodeToString(s.sealer.Seal([]byte(secret), place))
}

// Open reads what Seal made for the same place.
func (s *Service) Open(sealed, place string) (string, error) {
	raw, err := base64.RawStdEncoding.DecodeString(sealed)
	if err != nil {
		return "", err
	}
	secret, err := s.sealer.Open(raw, place)
	return string(secret), err
}

// digest is the stored form of what is random enough that a hash can't be guessed
// from.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// strict refuses other spellings of the same bytes.
func strict() *base64.Encoding { return base64.RawURLEncoding.Strict() }

func wrongCode() *fault.Error {
	return fault.New(fault.FactorWrongCode, "the code is wrong or was used: send the newest code of the authenticator app, or an unused recovery code").At("code")
}
