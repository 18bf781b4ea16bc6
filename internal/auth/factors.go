package auth

import (
	"cmp"
	"context"
	"time"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/factor"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/vault"
)

// SecondFactor says who has to have a second factor.
type SecondFactor string

// Who has to have one. Whoever has an authenticator app is asked for it in any case.
const (
	SecondOptional SecondFactor = "optional"
	SecondRequired SecondFactor = "required"
	SecondAdmins   SecondFactor = "admins" // of the server, or of an organization with other members
)

// Factors says how users prove who they are beside the first secret. The zero
// value is what holds without a configuration.
type Factors struct {
	App         string       // the name that authenticator apps and passkey dialogs show; "": Loam
	Second      SecondFactor // "": SecondOptional
	NoTOTP      bool         // none may be added, but where one is due
	Sites       []string     // whose pages may ask for a passkey: "https://app.example.com"; none: localhost
	NoPasskeys  bool         // none are served
	MaxPasskeys int          // of one user; 0: the standard
}

// factors are the means of the room for it.
type factors struct {
	*factor.Service
	Second SecondFactor
	NoTOTP bool
}

func newFactors(f Factors, v *vault.Vault, now func() time.Time) (factors, error) {
	service, err := factor.New(factor.Options{Vault: v, App: f.App, Sites: f.Sites, NoPasskeys: f.NoPasskeys, MaxPasskeys: f.MaxPasskeys, Now: now})
	return factors{service, f.Second, f.NoTOTP}, err
}

// label names an account to its owner, in an app or a dialog that shows several.
func (a account) label() string { return cmp.Or(a.Email, a.Name, a.ID) }

func (a account) holder() factor.Holder { return factor.Holder{ID: a.ID, Label: a.label()} }

// ListFactors tells the caller what they have.
func (s *Service) ListFactors(ctx context.Context, p *access.Principal) (has factor.Own, err error) {
	if p.Kind != access.User {
		return has, signInFirst()
	}
	err = s.engine.Read(ctx, func(c store.Conn) (err error) {
		has, err = s.factors.Of(c, p.UserID)
		return err
	})
	return has, wrap("reading a user's factors", err)
}

// changeFactor runs a change to how the caller signs in, in a session that has
// just proved who they are.
func (s *Service) changeFactor(ctx context.Context, p *access.Principal, change func(store.Conn, account) error) error {
	return wrap("changing a factor", s.engine.Write(ctx, func(c store.Conn) error {
		if err := s.fresh(c, p); err != nil {
			return err
		}
		user, err := findAccount(c, selectAccount+`WHERE u."id" = ?1`, p.UserID)
		if err != nil {
			return err
		}
		return change(c, user)
	}))
}

// recordFactor adds to the audit log how the caller's factors have changed.
func (s *Service) recordFactor(ctx context.Context, c store.Conn, p *access.Principal, action, kind string) error {
	return s.record(ctx, c, audit.Event{Action: action, Org: p.Org, Actor: p.Subject(), Target: p.Subject(), Details: map[string]any{"factor": kind}})
}

// BeginTOTP gives the caller the secret of an authenticator app to be.
func (s *Service) BeginTOTP(ctx context.Context, p *access.Principal) (t factor.TOTP, err error) {
	if s.factors.NoTOTP {
		return t, fault.New(fault.FactorOff, "this backend takes no authenticator apps: loam.yaml says auth.totp: off")
	}
	err = s.changeFactor(ctx, p, func(c store.Conn, user account) (err error) {
		t, err = s.factors.BeginTOTP(c, user.ID, user.label())
		return err
	})
	return t, err
}

// Code is what a user sends to show that the app has the secret.
type Code struct {
	Code Secret `json:"code"`
}

// RecoveryCodes are shown once, when they are made.
type RecoveryCodes struct {
	Codes []Secret `json:"recoveryCodes"`
}

// ConfirmTOTP makes the secret count from now on, and returns recovery codes for
// a lost device.
func (s *Service) ConfirmTOTP(ctx context.Context, p *access.Principal, in Code) (codes RecoveryCodes, err error) {
	err = s.changeFactor(ctx, p, func(c store.Conn, user account) (err error) {
		if codes.Codes, err = s.factors.ConfirmTOTP(c, user.ID, in.Code); err != nil {
			return err
		}
		return s.recordFactor(ctx, c, p, "auth.factor_added", kindTOTP)
	})
	return codes, err
}

// RemoveTOTP ends the authenticator app.
func (s *Service) RemoveTOTP(ctx context.Context, p *access.Principal) error {
	return s.changeFactor(ctx, p, func(c store.Conn, user account) error {
		if err := s.factors.RemoveTOTP(c, user.ID); err != nil {
			return err
		}
		return s.recordFactor(ctx, c, p, "auth.factor_removed", kindTOTP)
	})
}

// RenewRecoveryCodes gives the caller new codes; the old ones open nothing any more.
func (s *Service) RenewRecoveryCodes(ctx context.Context, p *access.Principal) (codes RecoveryCodes, err error) {
	err = s.changeFactor(ctx, p, func(c store.Conn, user account) (err error) {
		if codes.Codes, err = s.factors.RenewCodes(c, user.ID); err != nil {
			return err
		}
		return s.recordFactor(ctx, c, p, "auth.recovery_codes_renewed", kindRecovery)
	})
	return codes, err
}
