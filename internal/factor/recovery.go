package factor

import (
	"crypto/rand"
	"encoding/base32"
	"strings"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/vault"
)

// Recovery codes are 80 random bits each, which a plain hash keeps.
const (
	recoveryCodes = 10
	recoverySize  = 10 // bytes
	recoveryText  = 16 // characters of base32
)

// RenewCodes puts new recovery codes in the place of a user's old ones. They are
// shown this once.
func (s *Service) RenewCodes(c store.Conn, user string) ([]vault.Text, error) {
	has, err := s.Of(c, user)
	if err == nil && !has.Any() {
		err = fault.New(fault.FactorNotFound, "there is no second factor that codes would stand in for: add one first")
	}
	if err == nil {
		_, err = c.Exec(`DELETE FROM "_recovery_codes" WHERE "user_id" = ?1`, user)
	}
	if err != nil {
		return nil, err
	}
	codes := make([]vault.Text, recoveryCodes)
	for i := range codes {
		var raw [recoverySize]byte
		rand.Read(raw[:])
		text := strings.ToLower(base32.StdEncoding.EncodeToString(raw[:]))
		if _, err := c.Exec(`INSERT INTO "_recovery_codes" ("user_id", "hash") VALUES (?1, ?2)`, user, digest(text)); err != nil {
			return nil, err
		}
		codes[i] = vault.Text(text[:4] + "-" + text[4:8] + "-" + text[8:12] + "-" + text[12:])
	}
	return codes, nil
}

// UseCode uses up a code of the app or a recovery code. They differ in length, and
// people may type them with spaces and in capitals.
func (s *Service) UseCode(c store.Conn, user string, code vault.Text) error {
	if len(code) > 4*recoveryText {
		return wrongCode()
	}
	text := strings.ToLower(strings.NewReplacer(" ", "", "-", "").Replace(string(code)))
	if len(text) != recoveryText {
		return s.UseTOTP(c, user, vault.Text(text))
	}
	n, err := c.Exec(`UPDATE "_recovery_codes" SET "used_at" = ?1 WHERE "user_id" = ?2 AND "hash" = ?3 AND "used_at" IS NULL`,
		form.Stamp(s.Now()), user, digest(text))
	if err == nil && n == 0 {
		err = wrongCode()
	}
	return err
}

// dropIdleCodes removes the recovery codes of a user who has no factor left that
// they stand in for.
func (s *Service) dropIdleCodes(c store.Conn, user string) error {
	has, err := s.Of(c, user)
	if err == nil && !has.Any() {
		_, err = c.Exec(`DELETE FROM "_recovery_codes" WHERE "user_id" = ?1`, user)
	}
	return err
}
