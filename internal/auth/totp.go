package auth

import (
	"bytes"
	"cmp"
	"context"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"image/png"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// What authenticator apps agree on: six digits of HMAC-SHA1, every 30 seconds.
const (
	totpStep  = 30 // seconds
	totpSkew  = 1  // steps that a phone's clock may be off
	totpImage = 240
)

// TOTP is a new secret for an authenticator app, in three forms of which any
// will do. It counts once a code of it was shown.
type TOTP struct {
	Secret Secret `json:"secret"` // to type in
	URI    Secret `json:"uri"`    // otpauth://totp/...
	QR     Secret `json:"qr"`     // the same as a picture: a data: URL of a PNG
}

// Code is what a user sends to show that the app has the secret.
type Code struct {
	Code Secret `json:"code"`
}

// BeginTOTP gives the caller the secret of a second factor to be.
func (s *Service) BeginTOTP(ctx context.Context, p *access.Principal) (TOTP, error) {
	if s.factors.NoTOTP {
		return TOTP{}, fault.New(fault.AuthNotAllowed, "this backend takes no authenticator apps: loam.yaml says auth.totp: off")
	}
	var t TOTP
	err := s.changeFactor(ctx, p, func(c store.Conn) error {
		user, err := findAccount(c, selectAccount+`WHERE u."id" = ?1`, p.UserID)
		if err != nil {
			return err
		}
		if t, err = s.newTOTP(user); err != nil {
			return err
		}
		n, err := s.insertTOTP(c, user.ID, string(t.Secret), 0, false)
		if err == nil && n == 0 {
			return fault.New(fault.AuthFactorExists, "there is an authenticator app already: remove it first")
		}
		return err
	})
	return t, wrap("beginning a second factor", err)
}

// newTOTP makes a secret with its forms.
func (s *Service) newTOTP(user account) (TOTP, error) {
	key, err := totp.Generate(totp.GenerateOpts{Issuer: s.factors.App, AccountName: cmp.Or(user.Email, user.Name, user.ID), Period: totpStep})
	if err != nil {
		return TOTP{}, err
	}
	picture, err := key.Image(totpImage, totpImage)
	if err != nil {
		return TOTP{}, err
	}
	var file bytes.Buffer
	if err := png.Encode(&file, picture); err != nil {
		return TOTP{}, err
	}
	return TOTP{Secret(key.Secret()), Secret(key.URL()), Secret("data:image/png;base64," + base64.StdEncoding.EncodeToString(file.Bytes()))}, nil
}

// insertTOTP stores a secret in the place of one that was never confirmed.
func (s *Service) insertTOTP(c store.Conn, user, secret string, step int64, confirmed bool) (int64, error) {
	now := stamp(s.now())
	var since any
	if confirmed {
		since = now
	}
	return c.Exec(`INSERT INTO "_totp" ("user_id", "secret", "last_step", "created_at", "confirmed_at") VALUES (?1, ?2, ?3, ?4, ?5)
		ON CONFLICT ("user_id") DO UPDATE SET "secret" = ?2, "last_step" = ?3, "created_at" = ?4, "confirmed_at" = ?5 WHERE "confirmed_at" IS NULL`,
		user, s.factors.seal(secret, "_totp/"+user), step, now, since)
}

// ConfirmTOTP makes the secret count from now on, and returns recovery codes for
// a lost device: shown this once.
func (s *Service) ConfirmTOTP(ctx context.Context, p *access.Principal, in Code) (RecoveryCodes, error) {
	var codes RecoveryCodes
	err := s.changeFactor(ctx, p, func(c store.Conn) error {
		secret, err := s.totpSecret(c, p.UserID, false)
		if err != nil {
			return err
		}
		if secret == "" {
			return fault.New(fault.AuthNoFactor, "there is no authenticator app to confirm: begin with POST /auth/totp")
		}
		step, right := s.stepOf(secret, in.Code)
		if !right {
			return wrongCode()
		}
		if _, err := c.Exec(`UPDATE "_totp" SET "confirmed_at" = ?1, "last_step" = ?2 WHERE "user_id" = ?3`, stamp(s.now()), step, p.UserID); err != nil {
			return err
		}
		codes.Codes, err = s.newRecoveryCodes(c, p.UserID)
		return err
	})
	return codes, wrap("confirming a second factor", err)
}

// RemoveTOTP ends the authenticator app as a second factor, and the recovery codes
// with it.
func (s *Service) RemoveTOTP(ctx context.Context, p *access.Principal) error {
	return wrap("removing a second factor", s.changeFactor(ctx, p, func(c store.Conn) error {
		n, err := c.Exec(`DELETE FROM "_totp" WHERE "user_id" = ?1`, p.UserID)
		if err == nil && n == 0 {
			return fault.New(fault.AuthNoFactor, "there is no authenticator app")
		}
		if err == nil {
			err = dropIdleCodes(c, p.UserID)
		}
		return err
	}))
}

// useTOTP uses a code up: one update decides who of several with the same code
// gets in, and no code from before it is good any more.
func (s *Service) useTOTP(c store.Conn, user string, code Secret) (bool, error) {
	secret, err := s.totpSecret(c, user, true)
	if err != nil || secret == "" {
		return false, err
	}
	step, right := s.stepOf(secret, code)
	if !right {
		return false, nil
	}
	n, err := c.Exec(`UPDATE "_totp" SET "last_step" = ?1 WHERE "user_id" = ?2 AND "confirmed_at" IS NOT NULL AND "last_step" < ?1`, step, user)
	return n == 1, err
}

// totpSecret returns the user's secret that is or is not confirmed, "" for none.
func (s *Service) totpSecret(c store.Conn, user string, confirmed bool) (secret string, err error) {
	err = c.Query(`SELECT "secret" FROM "_totp" WHERE "user_id" = ?1 AND ("confirmed_at" IS NOT NULL) = ?2`, []any{user, confirmed}, func(r store.Row) (err error) {
		secret, err = s.factors.open(r.Text(0), "_totp/"+user)
		return err
	})
	return secret, err
}

// stepOf returns the step of time whose code it is, of those close to now.
func (s *Service) stepOf(secret string, code Secret) (step int64, right bool) {
	now := s.now().Unix() / totpStep
	for at := now - totpSkew; at <= now+totpSkew; at++ {
		want, err := totp.GenerateCodeCustom(secret, time.Unix(at*totpStep, 0), totp.ValidateOpts{Period: totpStep, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err != nil {
			panic(fmt.Sprintf("auth: a secret that was made here makes no code: %v", err))
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			step, right = at, true
		}
	}
	return step, right
}
