package doors

import (
	"fmt"
	"net/url"
	"slices"
	"testing"

	"github.com/loam-dev/loam/internal/testkit"
)

// A list of users can be searched, kept to some, sorted and read page by page:
// no user is left out or comes twice, in either direction.
func TestUsersOfAnAdmin(t *testing.T) {
	s := testkit.New(t, `type Note @model @auth(rules: [{ allow: member }]) { text: String! }`)
	boss := s.SignUp("boss@example.com")
	if err := s.Backend.Auth.SetAdmin(t.Context(), boss.UserID, true); err != nil {
		t.Fatal(err)
	}
	const users = 7
	for i := range users {
		boss.Do("POST", "/auth/admin/users", map[string]any{"email": fmt.Sprintf("user%d@example.com", i), "name": fmt.Sprintf("Name %d", users-i/2), "verified": i%2 == 0}).Want(201)
	}
	boss.Do("PATCH", "/auth/admin/users/user3@example.com", map[string]any{"disabled": true}).Want(200)
	org := boss.Get("/auth/admin/users/user2@example.com").Want(200).String("organizations", 0, "slug")

	emails := func(query url.Values) (found []string) {
		t.Helper()
		for more := true; more; {
			page := boss.Get("/auth/admin/users?" + query.Encode()).Want(200)
			for i := range page.Len("items") {
				found = append(found, page.String("items", i, "email"))
			}
			more = page.Value("nextCursor") != nil
			query.Set("cursor", page.String("nextCursor"))
		}
		return found
	}
	for query, want := range map[string][]string{
		"search=user3":               {"user3@example.com"},
		"search=USER3":               {"user3@example.com"},
		"search=boss":                {"boss@example.com"},
		"search=nobody":              nil,
		"search=name+7&sort=email":   {"user0@example.com", "user1@example.com"},
		"disabled=true":              {"user3@example.com"},
		"admin=true":                 {"boss@example.com"},
		"org=" + org:                 {"user2@example.com"},
		"search=%25":                 nil,
		"search=user_":               nil,
		"search=user&sort=-email":    {"user6@example.com", "user5@example.com", "user4@example.com", "user3@example.com", "user2@example.com", "user1@example.com", "user0@example.com"},
		"search=user&disabled=false": {"user6@example.com", "user5@example.com", "user4@example.com", "user2@example.com", "user1@example.com", "user0@example.com"},
	} {
		asked, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		if got := emails(asked); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
	for _, sort := range []string{"createdAt", "email", "name", ""} {
		whole := emails(url.Values{"sort": {sort}, "limit": {"1000"}})
		for _, limit := range []string{"1", "2", "3"} {
			if got := emails(url.Values{"sort": {sort}, "limit": {limit}}); !slices.Equal(got, whole) || len(got) != users+1 {
				t.Errorf("sorted by %q in pages of %s: %v, want %v", sort, limit, got, whole)
			}
			if sort == "" {
				continue
			}
			down := emails(url.Values{"sort": {"-" + sort}, "limit": {limit}})
			slices.Reverse(down)
			if !slices.Equal(down, whole) {
				t.Errorf("sorted by -%s in pages of %s: %v, want %v", sort, limit, down, whole)
			}
		}
	}
	for query, code := range map[string]string{
		"sort=password": "query/not_sortable", "limit=1001": "query/limit", "limit=x": "query/limit", "cursor=x": "query/bad_cursor", "disabled=maybe": "http/bad_parameter", "org=none": "tenant/not_found",
	} {
		if r := boss.Get("/auth/admin/users?" + query); r.StatusCode < 400 || r.String("code") != code {
			t.Errorf("%s: %d %s", query, r.StatusCode, r.Body)
		}
	}
}

// Who changes an account changes what follows from it.
func TestChangesOfAnAdmin(t *testing.T) {
	s := testkit.New(t, `type Note @model @auth(rules: [{ allow: member }]) { text: String! }`)
	boss, ada := s.SignUp("boss@example.com"), s.SignUp("ada@example.com")
	if err := s.Backend.Auth.SetAdmin(t.Context(), boss.UserID, true); err != nil {
		t.Fatal(err)
	}
	change := func(body map[string]any) *testkit.Response {
		t.Helper()
		return boss.Do("PATCH", "/auth/admin/users/"+ada.UserID, body)
	}
	change(map[string]any{"email": "boss@example.com"}).WantCode(409, "auth/email_taken")
	change(map[string]any{"email": "no address"}).WantCode(400, "auth/bad_email")
	change(map[string]any{"password": "x"}).WantCode(400, "query/unknown_field")
	if r := change(map[string]any{"verified": true}).Want(200); r.Value("emailVerified") != true {
		t.Errorf("%s", r.Body)
	}
	ada.Get("/auth/me").Want(200)
	if r := change(map[string]any{"email": "Ada2@Example.com"}).Want(200); r.Value("emailVerified") != false || r.String("email") != "ada2@example.com" {
		t.Errorf("another address is %s", r.Body)
	}
	ada.Get("/auth/me").Want(401)
	ada = s.SignIn("ada2@example.com")
	change(map[string]any{"reset": true}).Want(200)
	ada.Get("/auth/me").Want(401)
	s.Anonymous().Do("POST", "/auth/sign-in", map[string]any{"email": "ada2@example.com", "password": "correct horse battery"}).Want(401)
	change(map[string]any{"groups": []string{"Editors"}, "name": "Ada L."}).Want(200)
	if r := boss.Get("/auth/admin/users/ada2@example.com").Want(200); r.String("groups", 0) != "Editors" || r.String("name") != "Ada L." || r.Value("hasPassword") != false {
		t.Errorf("%s", r.Body)
	}
}
