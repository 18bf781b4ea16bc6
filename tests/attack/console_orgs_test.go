package attack

import (
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/testkit"
)

// hostile are cursors, sizes and names that no list has made.
var hostile = []string{
	"cursor=%00", "cursor=%ff%fe", "cursor=" + url.QueryEscape("' OR 1=1 --"), "cursor=" + strings.Repeat("A", 8000), "cursor=%F0%9F%92%A9", "cursor=..%2F..",
	"limit=0", "limit=-1", "limit=1001", "limit=99999999999999999999", "limit=1e3", "limit=x",
}

// TestAttack145_AnyOrganization: what admins do to any organization goes by the guard of
// all that they do, stays inside of that organization, and leaves it an owner.
func TestAttack145_AnyOrganization(t *testing.T) {
	var ahead atomic.Int64
	s, ada, eve := two(t, func(o *backend.Options) {
		o.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	})
	boss, bob := root(t, s), ada.Join("bob@example.com", "member")
	of := func(c *testkit.Client) string { return "/auth/admin/organizations/" + c.Org }
	invited := boss.Do("POST", of(ada)+"/invitations", map[string]any{"email": "new@example.com", "role": "admin"}).Want(201)
	team := boss.Do("POST", of(ada)+"/teams", map[string]any{"name": "Ops"}).Want(201).String("id")
	if invitationToken.Match(invited.Body) || invitationToken.Match(boss.Get(of(ada)+"/invitations").Want(200).Body) {
		t.Errorf("the token is shown: %s", invited.Body)
	}
	acts := func(in *testkit.Client, c func(method, path string, body any) *testkit.Response) []*testkit.Response {
		return []*testkit.Response{
			c("PATCH", of(in)+"/members/"+bob.UserID, map[string]any{"role": "owner"}), c("DELETE", of(in)+"/members/"+bob.UserID, nil),
			c("POST", of(in)+"/invitations/"+invited.String("id")+"/resend", nil), c("DELETE", of(in)+"/invitations/"+invited.String("id"), nil),
			c("PATCH", of(in)+"/teams/"+team, map[string]any{"name": "x"}), c("PUT", of(in)+"/teams/"+team+"/members/"+bob.UserID, nil),
			c("DELETE", of(in)+"/teams/"+team+"/members/"+bob.UserID, nil), c("DELETE", of(in)+"/teams/"+team, nil),
		}
	}
	// What is one organization's is not found by the address of another.
	for _, r := range acts(eve, func(m, p string, body any) *testkit.Response { return boss.Do(m, p, body) }) {
		if r.StatusCode != 404 {
			t.Errorf("%s %s: %d %s", r.Request.Method, r.Request.URL, r.StatusCode, r.Body)
		}
	}
	boss.Get(of(eve)+"/teams/"+team+"/members").WantCode(404, "tenant/team_not_found")
	boss.Do("PUT", of(ada)+"/teams/"+team+"/members/"+eve.UserID, nil).WantCode(404, "tenant/member_not_found")
	boss.Do("DELETE", of(ada)+"/members/"+ada.UserID, nil).WantCode(403, "tenant/last_owner")
	boss.Do("PATCH", of(ada)+"/members/"+ada.UserID, map[string]any{"role": "member"}).WantCode(403, "tenant/last_owner")
	boss.Do("PATCH", of(ada)+"/members/"+bob.UserID, map[string]any{"role": "root"}).WantCode(400, "tenant/bad_role")
	boss.Get("/auth/admin/organizations/00000000-0000-0000-0000-000000000000/members").Want(404)
	for _, list := range []string{"/members", "/invitations", "/teams/" + team + "/members"} {
		for _, q := range hostile {
			if r := boss.Get(of(ada) + list + "?" + q); r.StatusCode >= 500 || strings.HasPrefix(q, "limit") && (r.StatusCode != 400 || r.String("code") != "query/limit") {
				t.Errorf("%s?%.60s: %d %s", list, q, r.StatusCode, r.Body)
			}
		}
	}
	// Neither the cookies of an admin nor an old proof are enough.
	b := newJar(s)
	b.signInTo("root@example.com").Want(200)
	for _, headers := range elsewhere {
		for _, r := range acts(ada, func(m, p string, body any) *testkit.Response { return b.do(m, p, body, headers...) }) {
			r.WantCode(403, "http/foreign_origin")
		}
	}
	ahead.Store(int64(11 * time.Minute))
	for _, r := range acts(ada, func(m, p string, body any) *testkit.Response { return boss.Do(m, p, body) }) {
		r.WantCode(403, "auth/reauthenticate")
	}
	boss.Get(of(ada) + "/teams").Want(200)
	if got := boss.Get(of(ada) + "/members").Want(200); got.Len("items") != 2 || !strings.Contains(string(got.Body), `"member"`) {
		t.Errorf("something has changed: %s", got.Body)
	}
	// Being an admin is no membership: the members' own doors stay shut.
	boss.Get("/auth/organizations/"+ada.Org+"/teams").WantCode(404, "tenant/not_found")
	boss.Do("PATCH", "/auth/organizations/"+ada.Org+"/members/"+bob.UserID, map[string]any{"role": "admin"}).WantCode(404, "tenant/not_found")
	boss.Do("DELETE", "/auth/organizations/"+ada.Org, map[string]any{"confirm": ""}).WantCode(404, "tenant/not_found")
}

// TestAttack145_DemotedInviter: an admin's invitation is worth what its maker is.
func TestAttack145_DemotedInviter(t *testing.T) {
	s, ada, eve := two(t)
	boss := root(t, s)
	boss.Do("POST", "/auth/admin/organizations/"+ada.Org+"/invitations", map[string]any{"email": "eve@example.com", "role": "owner"}).Want(201)
	token := invitationToken.FindString(s.Mail("eve@example.com").String("text"))
	offer := "/auth/invitations?token=" + token
	if got := s.Anonymous().Get(offer).Want(200); got.String("inviter") != "root@example.com" {
		t.Errorf("the offer is %s", got.Body)
	}
	if err := s.Backend.Auth.SetAdmin(t.Context(), boss.UserID, false); err != nil {
		t.Fatal(err)
	}
	s.Anonymous().Get(offer).WantCode(404, "tenant/invitation_not_found")
	eve.Do("POST", "/auth/invitations/accept", map[string]any{"token": token}).WantCode(404, "tenant/invitation_not_found")
	if err := s.Backend.Auth.SetAdmin(t.Context(), boss.UserID, true); err != nil {
		t.Fatal(err)
	}
	s.Anonymous().Get(offer).Want(200)
}
