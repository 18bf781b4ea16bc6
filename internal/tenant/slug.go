package tenant

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"

	"github.com/loam-dev/loam/internal/fault"
)

// slugOf makes a slug of a name: "Ärger & Co." is "arger-co". It is "" for names
// with less than two letters or digits of the Latin alphabet.
func slugOf(name string) string {
	var b strings.Builder
	gap := false
	for _, r := range norm.NFKD.String(strings.ToLower(name)) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			gap = false
			b.WriteRune(r)
		case !unicode.IsMark(r) && r != '\'' && r != '’':
			gap = true
		}
		if b.Len() >= derivedSlug {
			break
		}
	}
	slug := strings.Trim(b.String()[:min(b.Len(), derivedSlug)], "-")
	if len(slug) < minSlug {
		return ""
	}
	return slug
}

// organizationSlugs are what a new organization's slug may become, in turn: the
// next where one is taken.
func organizationSlugs(name string) []string {
	slug := slugOf(name)
	if slug == "" || reserved(slug) {
		slug = "organization"
	}
	return numbered(slug)
}

// numbered is a slug, and others that begin with it. The last ones are
// unguessable, so that one is always free.
func numbered(base string) []string {
	all := []string{base}
	for i := 2; i <= 5; i++ {
		all = append(all, fmt.Sprintf("%s-%d", base, i))
	}
	for range 5 {
		var b [5]byte
		rand.Read(b[:])
		all = append(all, base+"-"+hex.EncodeToString(b[:]))
	}
	return all
}

// wellFormedSlug refuses what is no slug.
func wellFormedSlug(slug string) error {
	bad := len(slug) < minSlug || len(slug) > maxSlug || slug[0] == '-' || slug[len(slug)-1] == '-' || strings.Contains(slug, "--")
	for _, r := range slug {
		bad = bad || (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	}
	if bad {
		return fault.New(fault.TenantBadSlug, "a slug has %d to %d small letters, digits and single hyphens between them", minSlug, maxSlug).At("slug")
	}
	return nil
}

// checkSlug refuses an organization's slug that is none, or a word that
// addresses are likely to need.
func checkSlug(slug string) error {
	if err := wellFormedSlug(slug); err != nil {
		return err
	}
	if _, err := uuid.Parse(slug); err == nil || reserved(slug) {
		return fault.New(fault.TenantBadSlug, "the slug %q is reserved: choose another", slug).At("slug")
	}
	return nil
}

// reserved tells the words that a product needs for itself in its addresses.
func reserved(slug string) bool {
	switch slug {
	case "about", "abuse", "account", "accounts", "admin", "administrator", "api", "app", "apps", "assets", "auth",
		"billing", "blog", "cdn", "console", "contact", "dashboard", "demo", "dev", "docs", "download", "everyone",
		"files", "ftp", "graphql", "health", "healthz", "help", "home", "host", "hostmaster", "imap", "info", "invitations",
		"invite", "jobs", "legal", "loam", "localhost", "login", "logout", "mail", "mailbox", "me", "members", "metrics",
		"new", "none", "noreply", "null", "oauth", "organization", "organizations", "orgs", "owner", "pop", "postmaster",
		"pricing", "privacy", "public", "readyz", "register", "root", "saml", "search", "security", "settings", "sign-in",
		"sign-out", "sign-up", "signin", "signup", "smtp", "sso", "staging", "static", "status", "support", "system",
		"team", "teams", "terms", "test", "undefined", "user", "users", "webmaster", "well-known", "www":
		return true
	}
	return false
}
