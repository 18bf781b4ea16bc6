package cli

import (
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/auth"
	"github.com/loam-dev/loam/internal/config"
)

// The token for the first admin goes to a terminal, and to nothing that is kept;
// where somebody administers, there is none.
func TestOfferAdmin(t *testing.T) {
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	b, err := (&place{data: t.TempDir()}).open(t.Context(), config.Default(), true, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	token := regexp.MustCompile(`loamt_[\w-]{43}`)
	offered := func(terminal bool) (out, logged string) {
		t.Helper()
		var o, l strings.Builder
		c := &console{out: &o, err: &l}
		if err := c.offerAdmin(t.Context(), b, terminal, slog.New(slog.NewJSONHandler(&l, nil))); err != nil {
			t.Fatal(err)
		}
		return o.String(), l.String()
	}
	if out, logged := offered(false); out != "" || token.MatchString(logged) || !strings.Contains(logged, "loam user set-admin") {
		t.Errorf("without a terminal: %q, %q", out, logged)
	}
	out, logged := offered(true)
	if !token.MatchString(out) || logged != "" {
		t.Fatalf("in a terminal: %q, %q", out, logged)
	}
	up, err := b.Auth.SignUp(t.Context(), auth.SignUp{Email: "ada@example.com", Password: "correct horse battery"}, auth.Client{})
	if err != nil {
		t.Fatal(err)
	}
	who, err := b.Auth.Verify(t.Context(), string(up.AccessToken))
	if err != nil || who.Kind != access.User {
		t.Fatal(err)
	}
	if err := b.Auth.ClaimAdmin(t.Context(), who, auth.ClaimAdmin{Token: auth.Secret(token.FindString(out))}); err != nil {
		t.Fatal(err)
	}
	for _, terminal := range []bool{true, false} {
		if out, logged := offered(terminal); out+logged != "" {
			t.Errorf("with an admin: %q, %q", out, logged)
		}
	}
}
