package attack

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/testkit"
)

// TestAttack042_DeletedOrganization: an organization that is deleted is gone on
// every door at once, nothing of it is left in the database, nothing of any other
// has changed, and who takes its name gets nothing of it.
func TestAttack042_DeletedOrganization(t *testing.T) {
	s, ada, eve := two(t)
	for _, c := range []*testkit.Client{ada, eve} {
		project, _ := plant(t, c)
		for i := range 20 {
			c.Do("POST", "/api/tasks", map[string]any{"title": fmt.Sprint(canary, i), "projectId": project}).Want(201)
		}
	}
	bob := ada.Join("bob@example.com", "member")
	key := s.Anonymous()
	key.Header.Set("X-Api-Key", ada.Do("POST", "/auth/keys", map[string]any{"name": "k"}).Want(201).String("key"))
	key.Get("/api/opens").Want(200)
	path := "/auth/organizations/" + ada.Org
	slug := ada.Get(path).Want(200).String("slug")
	hashes := func() (of, others []string) {
		all, err := s.Backend.Data().HashRows(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range all {
			if line := fmt.Sprint(h); strings.Contains(line, ada.Org) {
				of = append(of, line)
			} else {
				others = append(others, line)
			}
		}
		return of, others
	}
	ofAda, before := hashes()
	if len(ofAda) == 0 || len(before) == 0 {
		t.Fatalf("hashes of %d and %d tables", len(ofAda), len(before))
	}
	export := ada.Do("POST", path+"/export", nil).Want(200)
	if n := strings.Count(string(export.Body), canary); n < 20 || strings.Contains(string(export.Body), eve.Org) {
		t.Errorf("the export has %d rows:\n%s", n, export.Body)
	}
	bob.Do("POST", path+"/export", nil).WantCode(403, "tenant/not_allowed")
	eve.Do("POST", path+"/export", nil).WantCode(404, "tenant/not_found")
	bob.Do("DELETE", path, map[string]any{"confirm": slug}).WantCode(403, "tenant/not_allowed")
	eve.Do("DELETE", path, map[string]any{"confirm": slug}).WantCode(404, "tenant/not_found")
	ada.Do("DELETE", path, map[string]any{"confirm": "x"}).WantCode(400, "tenant/unconfirmed")
	ada.Do("DELETE", path, map[string]any{"confirm": slug}).Want(204)

	for _, c := range []*testkit.Client{ada, bob, key} {
		silent(t, c.Get("/api/tasks")).Want(401)
		silent(t, c.GraphQL(`{ listTasks { items { title } } }`, nil)).Want(401)
	}
	again := s.SignIn("bob@example.com")
	again.Get(path).WantCode(404, "tenant/not_found")
	again.Do("POST", path+"/switch", nil).WantCode(404, "tenant/not_found")
	eve.Do("PATCH", "/auth/organizations/"+eve.Org, map[string]any{"slug": slug}).Want(200)
	if n := eve.Get("/api/tasks?limit=100").Want(200).Len("items"); n != 21 {
		t.Errorf("who took the slug sees %d tasks", n)
	}
	if err := s.Backend.Tenant.Purge(t.Context(), ada.Org); err != nil {
		t.Fatal(err)
	}
	ofAda, after := hashes()
	if len(ofAda) != 0 {
		t.Errorf("left of the organization: %v", ofAda)
	}
	if !slices.Equal(before, after) {
		t.Errorf("other organizations have changed:\n%v\n%v", before, after)
	}
}

// TestAttack032_KeysGoWithTheAccount: an account takes the organizations along that
// nobody else is in. Their keys are refused at once, whoever deletes it.
func TestAttack032_KeysGoWithTheAccount(t *testing.T) {
	s, ada, eve := two(t)
	admin := root(t, s)
	for _, c := range []struct {
		who, by *testkit.Client
		path    string
	}{{ada, ada, "/auth/me"}, {eve, admin, "/auth/admin/users/" + eve.UserID}} {
		key := s.Anonymous()
		key.Header.Set("X-Api-Key", c.who.Do("POST", "/auth/keys", map[string]any{"name": "k"}).Want(201).String("key"))
		key.Get("/api/opens").Want(200)
		c.by.Do("DELETE", c.path, nil).Want(204)
		silent(t, key.Get("/api/opens")).WantCode(401, "auth/bad_key")
	}
}
