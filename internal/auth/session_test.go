package auth

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/apikey"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store/storetest"
	"github.com/loam-dev/loam/internal/tenant"
	"github.com/loam-dev/loam/internal/tokens"
)

func (p *place) refreshed(token Secret) (Session, error) {
	return p.Refresh(context.Background(), Refresh{token})
}

// must returns the session of a call that has to succeed.
func (p *place) must(s Session, err error) Session {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
	return s
}

func TestRefreshRotates(t *testing.T) {
	p, _ := newPlace(t)
	first := p.signUp("ada")
	second := p.must(p.refreshed(first.RefreshToken))
	third := p.must(p.refreshed(second.RefreshToken))
	if second.RefreshToken == first.RefreshToken || third.RefreshToken == second.RefreshToken {
		t.Error("a refresh token stays the same")
	}
	if third.User != first.User || *third.Organization != *first.Organization || p.who(third).SessionID != p.who(first).SessionID {
		t.Errorf("refreshing answers %+v", third)
	}
}

// TestAttack031_RefreshReuse shows a token that was used: the session ends, for
// whoever holds the newer one as well.
func TestAttack031_RefreshReuse(t *testing.T) {
	p, _ := newPlace(t)
	other := p.must(p.signIn(p.signUp("ada").User.Email, rightPassword))
	stolen := p.must(p.signIn("ada@example.com", rightPassword))
	newer := p.must(p.refreshed(stolen.RefreshToken))
	p.who(newer)

	_, err := p.refreshed(stolen.RefreshToken)
	is(t, "the used token", err, fault.AuthTokenReused)
	_, err = p.refreshed(newer.RefreshToken)
	is(t, "the newer token", err, fault.AuthRevoked)
	_, err = p.Verify(context.Background(), string(newer.AccessToken))
	is(t, "the newer access token", err, fault.AuthRevoked)
	p.who(p.must(p.refreshed(other.RefreshToken))) // another session lives on
}

// TestAttack031_RefreshRace redeems one token 100 times at once: one redeemer
// wins, and as the token was in several hands, even that session is over.
func TestAttack031_RefreshRace(t *testing.T) {
	p, _ := newPlace(t)
	for range 5 {
		session := p.must(p.signIn(p.fresh().User.Email, rightPassword))
		answers := make([]Session, 100)
		got := together(100, func(i int) (err error) {
			answers[i], err = p.refreshed(session.RefreshToken)
			return err
		})
		if got[""] != 1 || got[fault.AuthTokenReused] != 1 || got[fault.AuthRevoked] != 98 {
			t.Errorf("the answers are %v", got)
		}
		for _, a := range answers {
			if a.RefreshToken == "" {
				continue
			}
			_, err := p.refreshed(a.RefreshToken)
			is(t, "the winner's token", err, fault.AuthRevoked)
			_, err = p.Verify(context.Background(), string(a.AccessToken))
			is(t, "the winner's access token", err, fault.AuthRevoked)
		}
	}
}

// fresh signs up a user nobody else has.
func (p *place) fresh() Session {
	p.Helper()
	return p.signUp("user-" + newID())
}

// TestAttack033_DamagedTokens: a token has one spelling, and a wrong one harms
// no session.
func TestAttack033_DamagedTokens(t *testing.T) {
	p, _ := newPlace(t)
	session := p.signUp("ada")
	token := string(session.RefreshToken)
	last := strings.IndexByte(alphabet, token[len(token)-1])
	foreign := tokens.NewRefresh(newVault(t).MAC("auth/refresh")).Mint(p.who(session).SessionID)
	damaged := []string{
		"", "loamr_", token[:len(token)-1], token[1:], token + "A", token + "=", token + "==", " " + token, token + "\n",
		strings.ToLower(token), strings.ToUpper(token), strings.Replace(token, "loamr_", "LOAMR_", 1), strings.Replace(token, "loamr_", "", 1),
		token[:len(token)-1] + string(alphabet[last^1]), string(foreign), string(session.AccessToken),
		"loamr_" + base64.StdEncoding.EncodeToString(make([]byte, base64.RawURLEncoding.DecodedLen(len(token)-len("loamr_")))), strings.Repeat("A", 1<<20),
	}
	for i := len("loamr_"); i < len(token); i++ {
		at := strings.IndexByte(alphabet, token[i])
		damaged = append(damaged, token[:i]+string(alphabet[at^1])+token[i+1:])
	}
	for _, d := range damaged {
		_, err := p.refreshed(Secret(d))
		is(t, fmt.Sprintf("%.150q", d), err, fault.AuthBadToken)
	}
	p.must(p.refreshed(session.RefreshToken))
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// TestAttack032_EndsAtOnce: whatever takes a right away counts for the very next
// request with a token that was good a moment ago.
func TestAttack032_EndsAtOnce(t *testing.T) {
	ctx := context.Background()
	for name, test := range map[string]struct {
		end     func(p *place, owner, member Session) error
		refresh fault.Code // what the refresh token answers then
	}{
		"signing out": {func(p *place, _, m Session) error { return p.SignOut(ctx, p.who(m)) }, fault.AuthRevoked},
		"disabling":   {func(p *place, _, m Session) error { return p.SetDisabled(ctx, m.User.ID, true) }, fault.AuthRevoked},
		"removal": {func(p *place, o, m Session) error {
			return p.tenants.Remove(ctx, p.who(o), o.Organization.ID, m.User.ID)
		}, ""},
		"leaving": {func(p *place, o, m Session) error {
			return p.tenants.Remove(ctx, p.who(m), o.Organization.ID, m.User.ID)
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p, _ := newPlace(t)
			owner, member := p.team()
			p.who(member)
			is(t, "ending it", test.end(p, owner, member), "")
			_, err := p.Verify(ctx, string(member.AccessToken))
			is(t, "the access token", err, fault.AuthRevoked)
			again, err := p.refreshed(member.RefreshToken)
			is(t, "the refresh token", err, test.refresh)
			if err == nil && p.who(again).Org == owner.Organization.ID {
				t.Error("refreshing leads back into the organization")
			}
			p.who(owner)
		})
	}
	t.Run("a role", func(t *testing.T) {
		p, _ := newPlace(t)
		owner, member := p.team()
		for _, role := range []tenant.Role{tenant.Admin, tenant.Owner, tenant.Member} {
			p.who(member)
			_, err := p.tenants.SetRole(ctx, p.who(owner), owner.Organization.ID, member.User.ID, tenant.ChangeMember{Role: role})
			is(t, "changing the role", err, "")
			if got := p.who(member).Role; got != string(role) {
				t.Errorf("the role is %s, not %s", got, role)
			}
		}
		is(t, "groups", p.SetGroups(ctx, member.User.ID, []string{"Editors"}), "")
		is(t, "admin", p.SetAdmin(ctx, member.User.ID, true), "")
		if who := p.who(member); len(who.Groups) != 1 || who.Groups[0] != "Editors" || !who.Admin {
			t.Errorf("the caller is %+v", who)
		}
	})
}

// team makes an organization's owner, and a member whose session is in it.
func (p *place) team() (owner, member Session) {
	p.Helper()
	ctx := context.Background()
	owner, member = p.signUp("owner"), p.signUp("member")
	if _, err := p.tenants.Enlist(ctx, "cli", owner.Organization.ID, tenant.NewMember{Email: "Member@Example.com"}); err != nil {
		p.Fatal(err)
	}
	member = p.must(p.Switch(ctx, p.who(member), owner.Organization.ID))
	if got := p.who(member); got.Org != owner.Organization.ID || got.Role != "member" {
		p.Fatalf("the member is %+v", got)
	}
	return owner, member
}

func TestSwitch(t *testing.T) {
	p, _ := newPlace(t)
	ctx := context.Background()
	stranger := p.signUp("stranger")
	_, member := p.team()
	for name, org := range map[string]string{
		"foreign": stranger.Organization.ID, "nonexistent": newID(), "empty": "", "none": tenant.None, "malformed": "' OR 1=1",
	} {
		_, err := p.Switch(ctx, p.who(member), org)
		is(t, name, err, fault.TenantNotFound)
	}
	before := member.RefreshToken
	home := p.must(p.Switch(ctx, p.who(member), member.Organization.ID))
	_, err := p.refreshed(before)
	is(t, "the refresh token from before", err, fault.AuthTokenReused)
	_, err = p.Switch(ctx, p.who(p.must(p.signIn("stranger@example.com", rightPassword))), stranger.Organization.ID)
	is(t, "to the active one", err, "")
	_, err = p.Switch(ctx, &access.Principal{Kind: access.User, UserID: home.User.ID, SessionID: newID()}, home.Organization.ID)
	is(t, "an unknown session", err, fault.AuthRevoked)

	again := p.must(p.signIn("member@example.com", rightPassword))
	if again.Organization.ID != member.Organization.ID {
		t.Error("signing in does not lead to the organization of last time")
	}
}

func TestSessionsEnd(t *testing.T) {
	p, _ := newPlace(t)
	idle := p.signUp("idle")
	used := p.signUp("used")
	for day := 0; day < 360; day += 20 {
		p.wait(20 * 24 * time.Hour)
		used = p.must(p.refreshed(used.RefreshToken))
	}
	_, err := p.refreshed(idle.RefreshToken)
	is(t, "a session that nobody used", err, fault.AuthRevoked)
	p.wait(6 * 24 * time.Hour)
	_, err = p.Verify(context.Background(), string(used.AccessToken))
	is(t, "an old access token", err, fault.AuthExpired)
	_, err = p.refreshed(used.RefreshToken)
	is(t, "a session of over a year", err, fault.AuthRevoked)
	removed, err := p.Prune(context.Background())
	if err != nil || removed != 2 || p.count(`SELECT COUNT(*) FROM "_sessions"`) != 0 {
		t.Errorf("pruning removed %d, %v", removed, err)
	}
}

func TestSessionsPerUserAreBounded(t *testing.T) {
	p, _ := newPlace(t)
	first := p.signUp("ada")
	p.who(first)
	for range maxSessions {
		p.must(p.signIn("ada@example.com", rightPassword))
	}
	if n := p.count(`SELECT COUNT(*) FROM "_sessions"`); n != maxSessions {
		t.Errorf("%d sessions", n)
	}
	_, err := p.Verify(context.Background(), string(first.AccessToken))
	is(t, "the oldest session", err, fault.AuthRevoked)
}

func TestDisabledUsersStayOut(t *testing.T) {
	p, _ := newPlace(t)
	ctx := context.Background()
	ada := p.signUp("ada")
	is(t, "disabling", p.SetDisabled(ctx, ada.User.ID, true), "")
	_, err := p.signIn("ada@example.com", rightPassword)
	is(t, "signing in", err, fault.AuthDisabled)
	_, err = p.signIn("ada@example.com", "wrong password")
	is(t, "a stranger learns nothing", err, fault.AuthWrong)
	is(t, "enabling", p.SetDisabled(ctx, ada.User.ID, false), "")
	_, err = p.refreshed(ada.RefreshToken)
	is(t, "the session from before", err, fault.AuthRevoked)
	p.who(p.must(p.signIn("ada@example.com", rightPassword)))
	is(t, "an unknown user", p.SetDisabled(ctx, newID(), true), fault.AuthUserNotFound)
}

// TestAttack122_NothingStoredIsASecret looks for every secret of a run in the
// bytes of the database.
func TestAttack122_NothingStoredIsASecret(t *testing.T) {
	p, _ := newPlace(t)
	ctx := context.Background()
	session := p.signUp("ada")
	second := p.must(p.refreshed(session.RefreshToken))
	key, err := p.CreateKey(ctx, p.who(second), apikey.Request{Name: "ci"})
	if err != nil {
		t.Fatal(err)
	}
	bytes := storetest.Dump(t, p.engine)
	if !strings.Contains(bytes, "ada@example.com") {
		t.Fatal("the dump holds no data")
	}
	for name, secret := range map[string]string{
		"password": rightPassword, "first refresh token": string(session.RefreshToken[40:80]), "second refresh token": string(second.RefreshToken[40:80]),
		"access token": string(second.AccessToken[len(second.AccessToken)-40:]), "API key": string(key.Secret[len(key.Secret)-40:]),
	} {
		if strings.Contains(bytes, secret) {
			t.Errorf("the %s is in the database", name)
		}
	}
}
