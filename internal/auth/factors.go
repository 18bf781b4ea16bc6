package auth

import (
	"cmp"
	"context"
	"encoding/base64"
	"time"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/vault"
)

// freshFor is how long after a proof a session may change how its user signs in.
const freshFor = 10 * time.Minute

// SecondFactor says who has to have a second factor.
type SecondFactor string

// Who has to have one. Whoever has a TOTP is asked for it in any case.
const (
	SecondOptional SecondFactor = "optional"
	SecondRequired SecondFactor = "required"
	SecondAdmins   SecondFactor = "admins" // of the server, or of an organization with other members
)

// Factors says how users prove who they are beside the first secret. The zero
// value is what holds without a configuration.
type Factors struct {
	App    string       // the name that authenticator apps and passkey dialogs show; "": Loam
	Second SecondFactor // "": SecondOptional
	NoTOTP bool         // none may be added
}

// factors are the room's means for it.
type factors struct {
	Factors
	sealer *vault.Sealer
}

func newFactors(f Factors, v *vault.Vault) factors {
	f.App = cmp.Or(f.App, "Loam")
	return factors{f, v.Sealer("auth/factors")}
}

// seal returns the stored form of a secret that must be read again.
func (f *factors) seal(secret, place string) string {
	return base64.RawStdEncoding.EncodeToString(f.sealer.Seal([]byte(secret), place))
}

// open reads what seal made for the same place.
func (f *factors) open(sealed, place string) (string, error) {
	raw, err := base64.RawStdEncoding.DecodeString(sealed)
	if err != nil {
		return "", err
	}
	secret, err := f.sealer.Open(raw, place)
	return string(secret), err
}

// factorTables are the tables of second factors. What must be read again is
// sealed; what is only compared is hashed.
func factorTables() []string {
	return []string{
		`CREATE TABLE IF NOT EXISTS "_challenges" (
			"id" TEXT NOT NULL PRIMARY KEY,
			"user_id" TEXT NOT NULL REFERENCES "_users" ("id") ON DELETE CASCADE,
			"method" TEXT NOT NULL,
			"enrol" INTEGER NOT NULL,
			"tries" INTEGER NOT NULL DEFAULT 0,
			"data" TEXT NOT NULL DEFAULT '',
			"address" TEXT NOT NULL,
			"created_at" TEXT NOT NULL,
			"expires_at" TEXT NOT NULL,
			"used_at" TEXT
		) STRICT`,
		`CREATE INDEX IF NOT EXISTS "_challenges_user" ON "_challenges" ("user_id", "created_at")`,
		`CREATE INDEX IF NOT EXISTS "_challenges_expiry" ON "_challenges" ("expires_at")`,
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
	}
}

// OwnFactors is what a user has beside the first secret.
type OwnFactors struct {
	TOTP          bool `json:"totp"`
	RecoveryCodes int  `json:"recoveryCodes"` // that are left
}

// ListFactors tells the caller what they have.
func (s *Service) ListFactors(ctx context.Context, p *access.Principal) (has OwnFactors, err error) {
	if p.Kind != access.User {
		return has, signInFirst()
	}
	err = s.engine.Read(ctx, func(c store.Conn) (err error) {
		has, err = factorsOf(c, p.UserID)
		return err
	})
	return has, wrap("reading a user's factors", err)
}

func factorsOf(c store.Conn, user string) (has OwnFactors, err error) {
	err = c.Query(`SELECT EXISTS (SELECT 1 FROM "_totp" WHERE "user_id" = ?1 AND "confirmed_at" IS NOT NULL),
		(SELECT COUNT(*) FROM "_recovery_codes" WHERE "user_id" = ?1 AND "used_at" IS NULL)`, []any{user}, func(r store.Row) error {
		has = OwnFactors{TOTP: r.Bool(0), RecoveryCodes: int(r.Int(1))}
		return nil
	})
	return has, err
}

// changeFactor runs a change to how the caller signs in, in a session that has
// just proved who they are.
func (s *Service) changeFactor(ctx context.Context, p *access.Principal, change func(store.Conn) error) error {
	return s.engine.Write(ctx, func(c store.Conn) error {
		if err := s.fresh(c, p); err != nil {
			return err
		}
		return change(c)
	})
}

// fresh refuses a caller whose session has not shown a secret lately: what a
// stolen token must not do alone asks for it. Neither an API key nor a session
// that somebody else acts in ever is fresh.
func (s *Service) fresh(c store.Conn, p *access.Principal) error {
	if p.Kind != access.User {
		return signInFirst()
	}
	own, proved := false, ""
	if err := c.Query(`SELECT "proved_at", "impersonator" = '' AND "client" = '' FROM "_sessions"
		WHERE "id" = ?1 AND "user_id" = ?2 AND "revoked_at" IS NULL`, []any{p.SessionID, p.UserID}, func(r store.Row) error {
		proved, own = r.Text(0), r.Bool(1)
		return nil
	}); err != nil {
		return err
	}
	switch {
	case proved == "":
		return revoked()
	case !own:
		return fault.New(fault.AuthNotAllowed, "only the user does this, in a session of their own")
	case proved < stamp(s.now().Add(-freshFor)):
		return fault.New(fault.AuthReauthenticate,
			"show who you are once more: send your password, a code of your authenticator app or a passkey to /auth/reauthenticate, or sign in again, and repeat this within %s", freshFor)
	}
	return nil
}

// Proof of who a caller is, once more: one of the three.
type Reauthenticate struct {
	Password Secret `json:"password"`
	Code     Secret `json:"code"` // of the authenticator app
}

// Reauthenticate notes that the caller has just shown a secret, for what needs
// that. Wrong ones count like those of a sign-in.
func (s *Service) Reauthenticate(ctx context.Context, p *access.Principal, in Reauthenticate, from Client) error {
	if p.Kind != access.User {
		return signInFirst()
	}
	var user account
	if err := s.engine.Read(ctx, func(c store.Conn) (err error) {
		user, err = findAccount(c, selectAccount+`WHERE u."id" = ?1`, p.UserID)
		return err
	}); err != nil {
		return wrap("finding an account", err)
	}
	key := factorKey(p.UserID)
	if in.Password != "" {
		key = cmp.Or(user.Email, key)
	}
	end, err := s.networks.begin(ctx, from.network())
	if err != nil {
		return err
	}
	result := unchecked
	defer func() { end(result) }()
	endUser, err := s.accounts.begin(ctx, key)
	if err != nil {
		return err
	}
	defer func() { endUser(result) }()
	if err := s.reprove(ctx, p, user, in); err != nil {
		if fault.Is(err, fault.AuthWrong) || fault.Is(err, fault.AuthWrongCode) {
			result = failed
		}
		return wrap("proving a session anew", err)
	}
	result = passed
	return nil
}

// reprove checks the proof and notes its time on the session.
func (s *Service) reprove(ctx context.Context, p *access.Principal, user account, in Reauthenticate) error {
	switch {
	case in.Password != "":
		password, err := givenPassword(string(in.Password))
		if err != nil {
			return err
		}
		right, err := s.hasher.check(ctx, user.password, password)
		if err != nil {
			return err
		}
		if !right {
			return fault.New(fault.AuthWrong, "the password is wrong").At("password")
		}
	case in.Code == "":
		return fault.New(fault.QueryRequired, "send a password, a code or a passkey's answer").At("password")
	}
	return s.engine.Write(ctx, func(c store.Conn) error {
		if in.Password == "" {
			right, err := s.useTOTP(c, p.UserID, in.Code)
			if err != nil {
				return err
			}
			if !right {
				return wrongCode()
			}
		}
		n, err := c.Exec(`UPDATE "_sessions" SET "proved_at" = ?1
			WHERE "id" = ?2 AND "user_id" = ?3 AND "revoked_at" IS NULL AND "impersonator" = '' AND "client" = ''`, stamp(s.now()), p.SessionID, p.UserID)
		if err == nil && n == 0 {
			return fault.New(fault.AuthNotAllowed, "only the user does this, in a session of their own")
		}
		return err
	})
}
