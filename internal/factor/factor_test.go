package factor

import (
	"testing"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/vault"
)

// What the room does for users is tested through auth, which asks it for all.

// TestSites: passkeys belong to the domain that the configured sites share.
func TestSites(t *testing.T) {
	v, err := vault.Parse("6f1d0c5b8e2a4397b1c60f7ad93e52841c7b6a90e8d3f5247a1b9c0d4e6f8372")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		sites  []string
		domain string
		local  bool
		fails  bool
	}{
		{nil, "localhost", true, false},
		{[]string{"http://127.0.0.1:8080"}, "localhost", true, false},
		{[]string{"http://[::1]:8080"}, "localhost", true, false},
		{[]string{"https://app.example.com"}, "app.example.com", false, false},
		{[]string{"https://app.example.com", "https://example.com"}, "example.com", false, false},
		{[]string{"https://app.example.com", "https://www.example.com:8443"}, "example.com", false, false},
		{[]string{"https://192.0.2.1"}, "", false, false},
		{[]string{"https://one.com", "https://two.com"}, "", false, true},
		{[]string{"app.example.com"}, "", false, true},
	} {
		s, err := New(Options{Vault: v, Sites: c.sites})
		if (err != nil) != c.fails || err == nil && (s.domain != c.domain || s.local != c.local) {
			t.Errorf("%v: %+v %v", c.sites, s, err)
		}
		if err == nil && c.domain == "" && !fault.Is(s.Served(), fault.FactorOff) {
			t.Errorf("%v serves passkeys: %v", c.sites, s.Served())
		}
	}
}
