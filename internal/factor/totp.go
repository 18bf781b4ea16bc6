package factor

import (
	"bytes"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"image/png"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/vault"
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
	Secret vault.Text `json:"secret"` // to type in
	URI    vault.Text `json:"uri"`    // otpauth://totp/...
	QR     vault.Text `json:"qr"`     // the same as a picture: a data: URL of a PNG
}

// NewTOTP makes a secret with its forms. The label tells the account from others in
// the app.
func (s *Service) NewTOTP(label string) (TOTP, error) {
	key, err := totp.Generate(totp.GenerateOpts{Issuer: s.App, AccountName: label, Period: totpStep})
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
	return TOTP{vault.Text(key.Secret()), vault.Text(key.URL()), vault.Text("data:image/png;base64," + base64.StdEncoding.EncodeToString(file.Bytes()))}, nil
}

// insertTOTP stores a secret in the place of one that was never confirmed.
func (s *Service) insertTOTP(c store.Conn, user, secret string, step int64, confirmed bool) (int64, error) {
	now := form.Stamp(s.Now())
	var since any
	if confirmed {
		since = now
	}
	return c.Exec(`INSERT INTO "_totp" ("user_id", "secret", "last_step", "created_at", "confirmed_at") VALUES (?1, ?2, ?3, ?4, ?5)
		ON CONFLICT ("user_id") DO UPDATE SET "secret" = ?2, "last_step" = ?3, "created_at" = ?4, "confirmed_at" = ?5 WHERE "_totp"."confirmed_at" IS NULL`,
		user, s.Seal(secret, "_totp/"+user), step, now, since)
}

// BeginTOTP gives a user the secret of an app to be.
func (s *Service) BeginTOTP(c store.Conn, user, label string) (TOTP, error) {
	t, err := s.NewTOTP(label)
	if err != nil {
		return TOTP{}, err
	}
	n, err := s.insertTOTP(c, user, string(t.Secret), 0, false)
	if err == nil && n == 0 {
		err = fault.New(fault.FactorExists, "there is an authenticator app already: remove it first")
	}
	return t, err
}

// ConfirmTOTP makes the secret count from now on, and returns recovery codes.
func (s *Service) ConfirmTOTP(c store.Conn, user string, code vault.Text) ([]vault.Text, error) {
	secret, err := s.totpSecret(c, user, false)
	if err != nil {
		return nil, err
	}
	if secret == "" {
		return nil, fault.New(fault.FactorNotFound, "there is no authenticator app to confirm: begin with POST /auth/totp")
	}
	return s.EnrolTOTP(c, user, secret, code)
}

// EnrolTOTP takes an app as the user's if its code shows that it has the secret,
// and returns recovery codes. Where there is one by now it is fault.FactorExists.
func (s *Service) EnrolTOTP(c store.Conn, user, secret string, code vault.Text) ([]vault.Text, error) {
	step, right := s.stepOf(secret, code)
	if !right {
		return nil, wrongCode()
	}
	n, err := s.insertTOTP(c, user, secret, step, true)
	if err == nil && n == 0 {
		err = fault.New(fault.FactorExists, "there is an authenticator app already: remove it first")
	}
	if err != nil {
		return nil, err
	}
	return s.RenewCodes(c, user)
}

// RemoveTOTP ends the user's app, and the recovery codes with it unless they stand
// in for a passkey too.
func (s *Service) RemoveTOTP(c store.Conn, user string) error {
	n, err := c.Exec(`DELETE FROM "_totp" WHERE "user_id" = ?1`, user)
	if err == nil && n == 0 {
		err = fault.New(fault.FactorNotFound, "there is no authenticator app")
	}
	if err == nil {
		err = s.dropIdleCodes(c, user)
	}
	return err
}

// UseTOTP uses a code of the app up: one update decides who of several with the
// same code gets in, and no code from before it is good any more.
func (s *Service) UseTOTP(c store.Conn, user string, code vault.Text) error {
	secret, err := s.totpSecret(c, user, true)
	if err != nil {
		return err
	}
	step, right := s.stepOf(secret, code)
	if !right || secret == "" {
		return wrongCode()
	}
	n, err := c.Exec(`UPDATE "_totp" SET "last_step" = ?1 WHERE "user_id" = ?2 AND "confirmed_at" IS NOT NULL AND "last_step" < ?1`, step, user)
	if err == nil && n == 0 {
		err = wrongCode()
	}
	return err
}

// totpSecret returns the user's secret that is or is not confirmed, "" for none.
func (s *Service) totpSecret(c store.Conn, user string, confirmed bool) (secret string, err error) {
	err = c.Query(`SELECT "secret" FROM "_totp" WHERE "user_id" = ?1 AND ("confirmed_at" IS NOT NULL) = ?2`, []any{user, confirmed}, func(r store.Row) (err error) {
		secret, err = s.Open(r.Text(0), "_totp/"+user)
		return err
	})
	return secret, err
}

// stepOf returns the step of time whose code it is, of those close to now.
func (s *Service) stepOf(secret string, code vault.Text) (step int64, right bool) {
	now := s.Now().Unix() / totpStep
	for at := now - totpSkew; at <= now+totpSkew; at++ {
		want, err := totp.GenerateCodeCustom(secret, time.Unix(at*totpStep, 0), totp.ValidateOpts{Period: totpStep, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err != nil {
			panic(fmt.Sprintf("factor: a secret that was made here makes no code: %v", err))
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			step, right = at, true
		}
	}
	return step, right
}
