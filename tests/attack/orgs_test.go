package attack

import (
	"regexp"
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/testkit"
)

// root makes a user who administers the server.
func root(t *testing.T, s *testkit.Server) *testkit.Client {
	t.Helper()
	c := s.SignUp("root@example.com")
	if err := s.Backend.Auth.SetAdmin(t.Context(), c.UserID, true); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestAttack042_FreedSlug: a slug that an organization gave up is a name and
// nothing else. Who takes it gets no member, row or key of the one before.
func TestAttack042_FreedSlug(t *testing.T) {
	_, ada, eve := two(t)
	project, _ := plant(t, ada)
	ada.Do("PATCH", "/auth/organizations/"+ada.Org, map[string]any{"slug": "acme"}).Want(200)
	eve.Do("PATCH", "/auth/organizations/"+eve.Org, map[string]any{"slug": "acme"}).WantCode(409, "tenant/slug_taken")
	ada.Do("PATCH", "/auth/organizations/"+ada.Org, map[string]any{"slug": "acme-inc"}).Want(200)
	if got := eve.Do("PATCH", "/auth/organizations/"+eve.Org, map[string]any{"slug": "acme"}).Want(200).String("slug"); got != "acme" {
		t.Errorf("the slug is %q", got)
	}
	silent(t, eve.Get("/api/projects/"+project)).Want(404)
	silent(t, eve.Get("/api/projects")).Want(200)
	if n := eve.Get("/auth/organizations/" + eve.Org + "/members").Want(200).Len("items"); n != 1 {
		t.Errorf("%d members came with the slug", n)
	}
	// A slug is nowhere taken for an id.
	for _, slug := range []string{"acme", "acme-inc"} {
		eve.Get("/auth/organizations/"+slug).WantCode(404, "tenant/not_found")
		eve.Do("POST", "/auth/organizations/"+slug+"/switch", nil).WantCode(404, "tenant/not_found")
	}
	for _, slug := range []string{"", "a", "Acme", "a_b", "-a", "a-", "a--b", "admin", "api", "www", "../x", eve.Org + "-and-then-some-more-characters-to-be-too-long"} {
		eve.Do("PATCH", "/auth/organizations/"+eve.Org, map[string]any{"slug": slug}).WantCode(400, "tenant/bad_slug")
	}
	for _, logo := range []string{"http://example.com/x.png", "javascript:alert(1)", "data:image/png;base64,AA", "https://ada:pw@example.com/x", "https://x/\"onerror=", "//example.com"} {
		eve.Do("PATCH", "/auth/organizations/"+eve.Org, map[string]any{"logo": logo}).WantCode(400, "tenant/bad_brand")
	}
}

// TestAttack052_SuspendedOrganization: every token and key of an organization
// that an admin of the server closes is refused on every door at once, and works
// again when it is opened.
func TestAttack052_SuspendedOrganization(t *testing.T) {
	s, ada, eve := two(t)
	_, task := plant(t, ada)
	bob := ada.Join("bob@example.com", "member")
	key := s.Anonymous()
	key.Header.Set("X-Api-Key", ada.Do("POST", "/auth/keys", map[string]any{"name": "k"}).Want(201).String("key"))
	admin := root(t, s)
	doors := func(c *testkit.Client) []*testkit.Response {
		return []*testkit.Response{
			c.Get("/api/tasks/" + task), c.Get("/api/opens"), c.Do("POST", "/api/tasks", map[string]any{"title": "x"}),
			c.Do("POST", "/api/batch", map[string]any{"operations": []any{map[string]any{"method": "DELETE", "path": "/api/tasks/" + task}}}),
			c.GraphQL(`{ listTasks { items { title } } }`, nil), c.Get("/auth/me"), c.Get("/auth/organizations/" + ada.Org + "/members"),
		}
	}
	for _, c := range []*testkit.Client{ada, bob, key} { // all are known by now
		c.Get("/api/opens")
	}
	path := "/auth/admin/organizations/" + ada.Org
	ada.Do("POST", path+"/suspend", map[string]any{"reason": "x"}).WantCode(404, "http/not_found")
	admin.Do("POST", path+"/suspend", map[string]any{"reason": "unpaid"}).Want(200)
	for _, c := range []*testkit.Client{ada, bob, key} {
		for _, r := range doors(c) {
			silent(t, r).WantCode(403, "tenant/suspended")
		}
	}
	// A new sign-in works elsewhere or nowhere, and can't switch to it.
	again := s.SignIn("bob@example.com")
	if again.Org == ada.Org {
		t.Error("a sign-in acts in the suspended organization")
	}
	again.Do("POST", "/auth/organizations/"+ada.Org+"/switch", nil).WantCode(403, "tenant/suspended")
	again.Get("/auth/organizations/"+ada.Org).WantCode(403, "tenant/suspended")
	again.Do("DELETE", "/auth/organizations/"+ada.Org+"/members/"+ada.UserID, nil).WantCode(403, "tenant/suspended")
	silent(t, again.Get("/api/tasks/"+task)).Want(404)
	// To strangers it is as missing as ever.
	eve.Do("POST", "/auth/organizations/"+ada.Org+"/switch", nil).WantCode(404, "tenant/not_found")
	eve.Get("/auth/organizations/"+ada.Org).WantCode(404, "tenant/not_found")

	eve.Do("POST", path+"/restore", nil).WantCode(404, "http/not_found")
	admin.Do("POST", path+"/restore", nil).Want(200)
	ada.Get("/api/tasks/" + task).Want(200)
	key.Get("/api/opens").Want(200)
}

// TestAttack135_RequestsOfAnOrganization: one that asks too much is slowed down
// alone, and told by what limit and until when.
func TestAttack135_RequestsOfAnOrganization(t *testing.T) {
	s, ada, eve := two(t)
	root(t, s).Do("PUT", "/auth/admin/organizations/"+ada.Org+"/limits", map[string]any{"requestsPerMinute": 5}).Want(200)
	for range 5 {
		ada.Get("/api/tasks").Want(200)
	}
	for _, r := range []*testkit.Response{ada.Get("/api/tasks"), ada.GraphQL(`{ listTasks { items { id } } }`, nil), ada.Get("/auth/me")} {
		r.WantCode(429, "tenant/too_many_requests")
		if r.Header.Get("Retry-After") == "" || !strings.Contains(r.String("detail"), " 5 ") {
			t.Errorf("the answer names no time or limit: %v %s", r.Header, r.Body)
		}
	}
	eve.Get("/api/tasks").Want(200)
}

var invitationToken = regexp.MustCompile(`loami_[\w-]+`)

// TestAttack008_MailedInvitation: who invites never sees the token nor whether
// the address has an account; and it helps nobody but the address's owner.
func TestAttack008_MailedInvitation(t *testing.T) {
	s, ada, eve := two(t)
	path := "/auth/organizations/" + ada.Org + "/invitations"
	known := ada.Do("POST", path, map[string]any{"email": "eve@example.com", "role": "admin"}).Want(201)
	unknown := ada.Do("POST", path, map[string]any{"email": "new@example.com", "role": "admin"}).Want(201)
	for _, r := range []*testkit.Response{known, unknown, ada.Get(path).Want(200)} {
		if invitationToken.Match(r.Body) {
			t.Errorf("the token is shown: %s", r.Body)
		}
	}
	mailed := func(to string) string {
		list, err := s.Backend.Mail.Mailbox(t.Context(), to)
		if err != nil || len(list) == 0 {
			t.Fatal("no mail for ", to, err)
		}
		m, err := s.Backend.Mail.Read(t.Context(), list[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		return invitationToken.FindString(m.Text)
	}
	token, other := mailed("eve@example.com"), mailed("new@example.com")
	if token == "" || other == "" || token == other {
		t.Fatalf("mailed %q and %q", token, other)
	}
	offer := s.Anonymous().Get("/auth/invitations?token=" + token).Want(200)
	if offer.String("email") != "e**@example.com" || strings.Contains(string(offer.Body), ada.Org) {
		t.Errorf("the offer is %s", offer.Body)
	}
	s.Anonymous().Do("POST", "/auth/invitations/accept", map[string]any{"token": token}).Want(401)
	eve.Do("POST", "/auth/invitations/accept", map[string]any{"token": other}).WantCode(403, "tenant/not_invited")
	eve.Do("POST", "/auth/invitations/accept", map[string]any{"token": token}).WantCode(403, "tenant/unverified_address")
	eve.Do("POST", "/auth/invitations/accept", map[string]any{"token": token, "userId": ada.UserID}).WantCode(400, "query/unknown_field")
	if n := eve.Get("/auth/me/invitations").Want(200).Len("items"); n != 0 {
		t.Errorf("an address that is not confirmed is shown %d invitations", n)
	}
	ada.Do("DELETE", path+"/"+known.String("id"), nil).Want(204)
	s.Anonymous().Get("/auth/invitations?token="+token).WantCode(404, "tenant/invitation_not_found")

	in := map[string]any{"email": "mallory@example.com", "password": "correct horse battery", "invitation": other}
	s.Anonymous().Do("POST", "/auth/sign-up", in).WantCode(403, "tenant/not_invited")
	in["email"] = "new@example.com"
	joined := s.Anonymous().Do("POST", "/auth/sign-up", in).Want(201)
	if got := joined.String("organization", "id"); got != ada.Org {
		t.Errorf("who signs up by an invitation is in %q, want the organization that invites, %q", got, ada.Org)
	}
	newcomer := s.Anonymous()
	newcomer.Header.Set("Authorization", "Bearer "+joined.String("accessToken"))
	if n := newcomer.Get("/auth/organizations").Want(200).Len("items"); n != 1 {
		t.Errorf("they are in %d organizations, want that one alone", n)
	}
}
