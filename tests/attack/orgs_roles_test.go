package attack

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/testkit"
)

// declared makes a server whose roles are the three that come with it, one for
// each permission, which has that alone, and one that has none.
func declared(t *testing.T) *testkit.Server {
	t.Helper()
	text := "organizations:\n  roles:\n    none: {permissions: []}\n"
	for _, p := range config.Permissions() {
		text += fmt.Sprintf("    %s: {permissions: [%s]}\n", alone(p), p)
	}
	c, diags := config.Parse("loam.yaml", text, config.Environment{})
	if c == nil {
		t.Fatal(diags)
	}
	return testkit.New(t, app, func(o *backend.Options) { o.Config = c })
}

// alone names the role that has one permission.
func alone(p config.Permission) string { return strings.ReplaceAll(string(p), ".", "-") }

// door is a change or a look that needs a permission.
type door struct {
	name string
	need config.Permission
	ask  func(c *testkit.Client) *testkit.Response
}

// doors of an organization, each of which works for whoever has its permission,
// however often it is asked.
func doors(t *testing.T, owner *testkit.Client) []door {
	n := 0
	fresh := func() string { n++; return fmt.Sprintf("fresh%d@example.com", n) }
	path := "/auth/organizations/" + owner.Org
	victim := func() string { return owner.Join(fresh(), "none").UserID }
	team := func() string {
		return path + "/teams/" + owner.Do("POST", path+"/teams", map[string]any{"name": "x"}).Want(201).String("id")
	}
	invitation := func() string {
		return path + "/invitations/" + owner.Do("POST", path+"/invitations", map[string]any{"email": fresh(), "role": "none"}).Want(201).String("id")
	}
	member := func(c *testkit.Client) string { return "/members/" + c.UserID }
	get := func(suffix string) func(c *testkit.Client) *testkit.Response {
		return func(c *testkit.Client) *testkit.Response { return c.Get(path + suffix) }
	}
	return []door{
		{"list members", config.MembersRead, get("/members")},
		{"list teams", config.MembersRead, get("/teams")},
		{"list a team", config.MembersRead, func(c *testkit.Client) *testkit.Response { return c.Get(team() + "/members") }},
		{"add", config.MembersInvite, func(c *testkit.Client) *testkit.Response {
			known := owner.Sibling(fresh())
			c.Enlist(known.Org, "none")
			return c.Do("POST", path+"/members", map[string]any{"userId": known.UserID, "role": "none"})
		}},
		{"invite", config.MembersInvite, func(c *testkit.Client) *testkit.Response {
			return c.Do("POST", path+"/invitations", map[string]any{"email": fresh(), "role": "none"})
		}},
		{"list invitations", config.MembersInvite, get("/invitations")},
		{"resend", config.MembersInvite, func(c *testkit.Client) *testkit.Response { return c.Do("POST", invitation()+"/resend", nil) }},
		{"revoke", config.MembersInvite, func(c *testkit.Client) *testkit.Response { return c.Do("DELETE", invitation(), nil) }},
		{"remove", config.MembersRemove, func(c *testkit.Client) *testkit.Response { return c.Do("DELETE", path+"/members/"+victim(), nil) }},
		{"change role", config.MembersRole, func(c *testkit.Client) *testkit.Response {
			return c.Do("PATCH", path+"/members/"+victim(), map[string]any{"role": "none"})
		}},
		{"rename", config.OrganizationUpdate, func(c *testkit.Client) *testkit.Response {
			return c.Do("PATCH", path, map[string]any{"name": "x"})
		}},
		{"make a team", config.TeamsManage, func(c *testkit.Client) *testkit.Response {
			return c.Do("POST", path+"/teams", map[string]any{"name": "x"})
		}},
		{"rename a team", config.TeamsManage, func(c *testkit.Client) *testkit.Response {
			return c.Do("PATCH", team(), map[string]any{"name": "y"})
		}},
		{"end a team", config.TeamsManage, func(c *testkit.Client) *testkit.Response { return c.Do("DELETE", team(), nil) }},
		{"join a team", config.TeamsManage, func(c *testkit.Client) *testkit.Response { return c.Do("PUT", team()+member(c), nil) }},
		{"assign", config.TeamsManage, func(c *testkit.Client) *testkit.Response { return c.Do("PUT", team()+"/members/"+victim(), nil) }},
		{"export", config.OrganizationExport, func(c *testkit.Client) *testkit.Response { return c.Do("POST", path+"/export", nil) }},
		{"delete", config.OrganizationDelete, func(c *testkit.Client) *testkit.Response {
			return c.Do("DELETE", path, map[string]any{"confirm": "not its slug"}) // which is asked of who may
		}},
		{"list domains", config.DomainsManage, get("/domains")},
		{"claim a domain", config.DomainsManage, func(c *testkit.Client) *testkit.Response {
			return c.Do("POST", path+"/domains", map[string]any{"domain": "acme.example"})
		}},
		{"release a domain", config.DomainsManage, func(c *testkit.Client) *testkit.Response {
			owner.Do("POST", path+"/domains", map[string]any{"domain": "released.example"}).Want(201)
			return c.Do("DELETE", path+"/domains/released.example", nil)
		}},
		{"read the audit log", config.AuditRead, get("/audit")},
		{"list keys", config.KeysManage, func(c *testkit.Client) *testkit.Response { return c.Get("/auth/keys") }},
		{"revoke a key", config.KeysManage, func(c *testkit.Client) *testkit.Response {
			return c.Do("DELETE", "/auth/keys/"+owner.Do("POST", "/auth/keys", map[string]any{"name": "k"}).Want(201).String("id"), nil)
		}},
	}
}

// TestAttack114_PermissionsByRole asks every door of an organization as every
// role: it opens to those that have its permission, and to no other.
func TestAttack114_PermissionsByRole(t *testing.T) {
	s := declared(t)
	owner := s.SignUp("owner@example.com")
	doors := doors(t, owner)
	roles := []string{"owner", "admin", "member", "none"}
	for _, p := range config.Permissions() {
		roles = append(roles, alone(p))
	}
	for _, role := range roles {
		c := owner.Join("as-"+role+"@example.com", role)
		for _, d := range doors {
			allowed := role == "owner" || role == alone(d.need) || role == "member" && d.need == config.MembersRead ||
				role == "admin" && d.need != config.OrganizationDelete && d.need != config.SSOManage
			r := d.ask(c)
			opened := r.StatusCode < 300 || r.StatusCode == 400 && r.String("code") == "tenant/unconfirmed"
			if allowed && !opened || !allowed && (r.StatusCode != 403 || !strings.HasSuffix(r.String("code"), "/not_allowed")) {
				t.Errorf("%s, allowed: %t: %d %s", role+" asks to "+d.name, allowed, r.StatusCode, r.Body)
			}
		}
	}
}

// TestAttack114_GivingMoreThanOneHas: whoever may add members or change roles
// gives no permission that they lack, to anyone or to themself, and takes none
// from those who have more.
func TestAttack114_GivingMoreThanOneHas(t *testing.T) {
	s := declared(t)
	owner := s.SignUp("owner@example.com")
	path := "/auth/organizations/" + owner.Org
	roles := []string{"owner", "admin", "member", "none", "members-invite", "members-role", "keys-manage", "sso-manage"}
	for i, role := range roles {
		as := func(role string) *testkit.Client { return owner.Join(fmt.Sprintf("%s%d@example.com", role, i), role) }
		inviter, setter, remover := as("members-invite"), as("members-role"), as("members-remove")
		known, member := s.SignUp(fmt.Sprintf("known%d@example.com", i)), owner.Join(fmt.Sprintf("member%d@example.com", i), role)
		want := func(r *testkit.Response, covered ...string) {
			t.Helper()
			if slices.Contains(covered, role) {
				if r.StatusCode >= 300 {
					t.Errorf("%s: %d %s", role, r.StatusCode, r.Body)
				}
			} else {
				r.WantCode(403, "tenant/not_allowed")
			}
		}
		inviter.Enlist(known.Org, "none")
		want(inviter.Do("POST", path+"/members", map[string]any{"userId": known.UserID, "role": role}), "none", "members-invite")
		want(inviter.Do("POST", path+"/invitations", map[string]any{"email": fmt.Sprintf("x%d@example.com", i), "role": role}), "none", "members-invite")
		want(setter.Do("PATCH", path+"/members/"+member.UserID, map[string]any{"role": "none"}), "none", "members-role")
		want(setter.Do("PATCH", path+"/members/"+setter.UserID, map[string]any{"role": role}), "none", "members-role")
		want(remover.Do("DELETE", path+"/members/"+member.UserID, nil), "none", "members-role") // which has become none by now
	}
}
