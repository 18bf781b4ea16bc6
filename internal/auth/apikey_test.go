package auth

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/apikey"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/person"
	"github.com/loam-dev/loam/internal/tenant"
)

func TestAPIKeys(t *testing.T) {
	p, _ := newPlace(t)
	ctx := context.Background()
	owner, member := p.team()
	key, err := p.CreateKey(ctx, p.who(owner), apikey.Request{Name: " ci ", ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // looked up, then remembered
		who, err := p.VerifyKey(ctx, string(key.Secret))
		if err != nil || who.Kind != access.APIKey || who.Org != owner.Organization.ID || !who.ReadOnly || who.KeyID != key.ID || who.UserID != "" || who.Role != "" {
			t.Fatalf("the key stands for %+v, %v", who, err)
		}
	}
	keys, err := p.ListKeys(ctx, p.who(owner))
	if err != nil || len(keys) != 1 || keys[0].Name != "ci" || keys[0].Secret != "" || keys[0].LastUsedAt == nil || keys[0].CreatedBy != owner.User.ID {
		t.Errorf("the keys are %+v, %v", keys, err)
	}
	used := *keys[0].LastUsedAt
	p.wait(2 * time.Minute)
	if _, err := p.VerifyKey(ctx, string(key.Secret)); err != nil {
		t.Fatal(err)
	}
	if keys, _ = p.ListKeys(ctx, p.who(owner)); *keys[0].LastUsedAt <= used {
		t.Error("the last use stands still")
	}

	is(t, "revoking by a member", p.RevokeKey(ctx, p.who(member), key.ID), fault.AuthNotAllowed)
	is(t, "revoking in another organization", p.RevokeKey(ctx, p.who(p.fresh()), key.ID), fault.AuthKeyNotFound)
	is(t, "revoking one that is not", p.RevokeKey(ctx, p.who(owner), "x"), fault.AuthKeyNotFound)
	if _, err := p.VerifyKey(ctx, string(key.Secret)); err != nil {
		t.Errorf("the key died of a refusal: %v", err)
	}
	is(t, "revoking", p.RevokeKey(ctx, p.who(owner), key.ID), "")
	_, err = p.VerifyKey(ctx, string(key.Secret))
	is(t, "a revoked key", err, fault.AuthBadKey)
	is(t, "revoking again", p.RevokeKey(ctx, p.who(owner), key.ID), fault.AuthKeyNotFound)
}

// A key that an admin of the server makes is one like all others: its organization's
// owner sees and revokes it.
func TestAddKey(t *testing.T) {
	p, _ := newPlace(t)
	ctx := context.Background()
	owner, other, cli := p.signUp("ada"), p.signUp("grace"), &access.Principal{Kind: access.System}
	key, err := p.AddKey(ctx, cli, owner.Organization.ID, apikey.Request{Name: "cron", ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	who, err := p.VerifyKey(ctx, string(key.Secret))
	if err != nil || who.Kind != access.APIKey || who.Org != owner.Organization.ID || !who.ReadOnly || who.UserID != "" || who.Role != "" {
		t.Fatalf("the key stands for %+v, %v", who, err)
	}
	if keys, err := p.ListKeys(ctx, p.who(owner)); err != nil || len(keys) != 1 || keys[0].ID != key.ID || keys[0].CreatedBy != "" || keys[0].Secret != "" {
		t.Errorf("the keys are %+v, %v", keys, err)
	}
	if keys, err := p.ListKeys(ctx, p.who(other)); err != nil || len(keys) != 0 {
		t.Errorf("another organization has the keys %+v, %v", keys, err)
	}
	is(t, "revoking", p.RevokeKey(ctx, p.who(owner), key.ID), "")
	_, err = p.VerifyKey(ctx, string(key.Secret))
	is(t, "a revoked key", err, fault.AuthBadKey)
	_, err = p.AddKey(ctx, cli, owner.Organization.ID, apikey.Request{})
	is(t, "no name", err, fault.AuthBadName)
}

// TestAttack048_KeysMakeNoKeys: an API key manages neither keys nor anyone.
func TestAttack048_KeysMakeNoKeys(t *testing.T) {
	p, _ := newPlace(t)
	ctx := context.Background()
	owner, member := p.team()
	key, err := p.CreateKey(ctx, p.who(owner), apikey.Request{Name: "ci"})
	if err != nil {
		t.Fatal(err)
	}
	asKey, err := p.VerifyKey(ctx, string(key.Secret))
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		who  *access.Principal
		want fault.Code
	}{
		"a key":                          {asKey, fault.AuthNotAllowed},
		"a member":                       {p.who(member), fault.AuthNotAllowed},
		"nobody":                         {&access.Principal{}, fault.AccessSignIn},
		"a user without an organization": {&access.Principal{Kind: access.User, UserID: owner.User.ID, Role: "owner"}, fault.AuthNotAllowed},
	} {
		_, err := p.CreateKey(ctx, test.who, apikey.Request{Name: "more"})
		is(t, name+" makes a key", err, test.want)
		_, err = p.ListKeys(ctx, test.who)
		is(t, name+" lists keys", err, test.want)
		is(t, name+" revokes a key", p.RevokeKey(ctx, test.who, key.ID), test.want)
	}
	_, err = p.Me(ctx, asKey)
	is(t, "a key has no self", err, fault.AccessSignIn)
	is(t, "a key signs nobody out", p.SignOut(ctx, asKey), fault.AccessSignIn)
	_, err = p.Switch(ctx, asKey, owner.Organization.ID)
	is(t, "a key switches nowhere", err, fault.AccessSignIn)
	_, err = p.tenants.List(ctx, asKey)
	is(t, "a key lists no organizations", err, fault.AccessSignIn)
	_, err = p.tenants.Members(ctx, asKey, owner.Organization.ID, tenant.Page{})
	is(t, "a key lists no members", err, fault.AccessSignIn)
}

func TestAPIKeysAreBounded(t *testing.T) {
	p, _ := newPlace(t)
	ctx := context.Background()
	owner := p.who(p.signUp("ada"))
	got := together(apikey.MaxKeys+20, func(int) error {
		_, err := p.CreateKey(ctx, owner, apikey.Request{Name: "ci"})
		return err
	})
	if got[""] != apikey.MaxKeys || got[fault.AuthKeyLimit] != 20 {
		t.Errorf("the answers are %v", got)
	}
	for _, name := range []string{"", " ", "a\nb", strings.Repeat("x", person.MaxName+1)} {
		_, err := p.CreateKey(ctx, owner, apikey.Request{Name: name})
		is(t, name, err, fault.AuthBadName)
	}
}

func TestDamagedAPIKeys(t *testing.T) {
	p, _ := newPlace(t)
	ctx := context.Background()
	owner := p.who(p.signUp("ada"))
	key, err := p.CreateKey(ctx, owner, apikey.Request{Name: "one"})
	if err != nil {
		t.Fatal(err)
	}
	other, err := p.CreateKey(ctx, owner, apikey.Request{Name: "two"})
	if err != nil {
		t.Fatal(err)
	}
	text := string(key.Secret)
	for _, damaged := range []string{
		"", "loam_", "loam__", text[:len(text)-1], text + "A", text + "=", strings.ToUpper(text), strings.ToLower(text), " " + text,
		"loam_" + other.ID + text[len("loam_")+len(key.ID):], strings.Replace(text, "_", "-", 1), "loam_' OR 1=1 --_" + text[len(text)-43:],
	} {
		_, err := p.VerifyKey(ctx, damaged)
		is(t, damaged, err, fault.AuthBadKey)
	}
}
