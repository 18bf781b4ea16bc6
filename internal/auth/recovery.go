package auth

import (
	"context"
	"encoding/base32"
	"strings"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// Recovery codes are 80 random bits each, which a plain hash keeps.
const (
	recoveryCodes = 10
	recoverySize  = 10 // bytes
	recoveryText  = 16 // characters of base32
)

// RecoveryCodes are shown once, when they are made.
type RecoveryCodes struct {
	Codes []Secret `json:"recoveryCodes"`
}

// RenewRecoveryCodes gives the caller new codes; the old ones open nothing any more.
func (s *Service) RenewRecoveryCodes(ctx context.Context, p *access.Principal) (RecoveryCodes, error) {
	var codes RecoveryCodes
	err := s.changeFactor(ctx, p, func(c store.Conn) error {
		has, err := factorsOf(c, p.UserID)
		if err == nil && !has.any() {
			err = fault.New(fault.AuthNoFactor, "there is no second factor that codes would stand in for: add one first")
		}
		if err == nil {
			codes.Codes, err = s.newRecoveryCodes(c, p.UserID)
		}
		return err
	})
	return codes, wrap("renewing recovery codes", err)
}

// newRecoveryCodes puts new codes in the place of a user's old ones.
func (s *Service) newRecoveryCodes(c store.Conn, user string) ([]Secret, error) {
	if _, err := c.Exec(`DELETE FROM "_recovery_codes" WHERE "user_id" = ?1`, user); err != nil {
		return nil, err
	}
	codes := make([]Secret, recoveryCodes)
	for i := range codes {
		text := strings.ToLower(base32.StdEncoding.EncodeToString(random(recoverySize)))
		if _, err := c.Exec(`INSERT INTO "_recovery_codes" ("user_id", "hash") VALUES (?1, ?2)`, user, digest(Secret(text))); err != nil {
			return nil, err
		}
		codes[i] = Secret(text[:4] + "-" + text[4:8] + "-" + text[8:12] + "-" + text[12:])
	}
	return codes, nil
}

// useRecoveryCode uses a code up: one update decides who of several gets in.
func (s *Service) useRecoveryCode(c store.Conn, user string, code string) (bool, error) {
	n, err := c.Exec(`UPDATE "_recovery_codes" SET "used_at" = ?1 WHERE "user_id" = ?2 AND "hash" = ?3 AND "used_at" IS NULL`,
		stamp(s.now()), user, digest(Secret(code)))
	return n == 1, err
}

// checkCode uses up a code of either kind. They differ in length, and people may
// type them with spaces and in capitals.
func (s *Service) checkCode(c store.Conn, user string, code Secret) (bool, error) {
	if len(code) > 4*recoveryText {
		return false, nil
	}
	text := strings.ToLower(strings.NewReplacer(" ", "", "-", "").Replace(string(code)))
	if len(text) == recoveryText {
		return s.useRecoveryCode(c, user, text)
	}
	return s.useTOTP(c, user, Secret(text))
}

// dropIdleCodes removes the recovery codes of a user who has no factor left that
// they stand in for.
func dropIdleCodes(c store.Conn, user string) error {
	has, err := factorsOf(c, user)
	if err == nil && !has.any() {
		_, err = c.Exec(`DELETE FROM "_recovery_codes" WHERE "user_id" = ?1`, user)
	}
	return err
}

// any tells whether there is a second factor.
func (f OwnFactors) any() bool { return f.TOTP }
