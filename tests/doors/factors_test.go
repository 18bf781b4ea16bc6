package doors

import (
	"slices"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/loam-dev/loam/internal/testkit"
)

// TestFactorsLeaveRecords: who adds, renews and removes a factor, and who fails at
// one, is in the audit log of their organization.
func TestFactorsLeaveRecords(t *testing.T) {
	s := testkit.New(t, "type Note @model @auth(rules: [{ allow: member }]) {\n  text: String!\n}\n")
	ada := s.SignUp("ada@example.com")
	secret := ada.Do("POST", "/auth/totp", nil).Want(200).String("secret")
	code, err := totp.GenerateCode(secret, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	ada.Do("POST", "/auth/totp/confirm", map[string]any{"code": code}).Want(200)
	ada.Do("POST", "/auth/recovery-codes", nil).Want(200)
	half := s.Anonymous().Do("POST", "/auth/sign-in", map[string]any{"email": "ada@example.com", "password": "correct horse battery"}).Want(200)
	s.Anonymous().Do("POST", "/auth/challenge", map[string]any{"id": half.String("challenge", "id"), "code": code}).Want(401)
	ada.Do("DELETE", "/auth/totp", nil).Want(204)

	records := ada.Get("/auth/organizations/" + ada.Org + "/audit").Want(200)
	var got []string
	for i := range records.Len("items") {
		got = append(got, records.String("items", i, "action"))
	}
	for _, action := range []string{"auth.factor_added", "auth.recovery_codes_renewed", "auth.sign_in_failed", "auth.factor_removed"} {
		if !slices.Contains(got, action) {
			t.Errorf("no record of %s among %v", action, got)
		}
	}
}
