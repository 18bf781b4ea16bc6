package access

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

const ruled = `
type Nothing @model { a: String }
type ByKey @model @auth(rules: [{ allow: public }]) { a: String }
type ByGuest @model(scope: GLOBAL) @auth(rules: [{ allow: public, provider: identityPool, operations: [read] }]) { a: String }
type Private @model @auth(rules: [{ allow: private, operations: [read, create] }]) { a: String }
type Owned @model @auth(rules: [{ allow: owner }]) { a: String }
type Shared @model @auth(rules: [{ allow: owner, ownerField: "editors", operations: [read, update] }]) { a: String editors: [String] }
type Named @model @auth(rules: [{ allow: owner, ownerField: "mail", identityClaim: "email" }]) { a: String mail: String }
type Grouped @model @auth(rules: [{ allow: groups, groups: ["ops", "admin"] }]) { a: String }
type InGroup @model @auth(rules: [{ allow: groups, groupsField: "team" }]) { a: String team: String }
type OfTeams @model @auth(rules: [{ allow: groups, groupsField: "teams", groupClaim: "teams" }]) { a: String teams: [String] }
type ByMember @model @auth(rules: [{ allow: member, operations: [read] }, { allow: member, roles: ["admin", "owner"] }]) { a: String }
type Where @model @auth(rules: [{ allow: where, filter: { a: { eq: "$user.email" }, or: [{ b: { gt: 3 } }, { c: { contains: "x" } }] } }]) { a: String b: Int c: [String] }
type ByClaim @model @auth(rules: [{ allow: where, filter: { a: { ne: "$user.claims.team" } } }]) { a: String }
type ByTeam @model @auth(rules: [{ allow: member, team: "support" }, { allow: member, team: ["sales", "ops"], roles: ["owner", "admin"], operations: [read] }]) { a: String }
type TeamRows @model @auth(rules: [{ allow: where, filter: { teamId: { in: "$user.teams" } } }, { allow: where, filter: { open: { eq: true }, teamId: { notIn: "$user.teams" } }, operations: [read] }]) { teamId: ID open: Boolean }
type Two @model @auth(rules: [{ allow: owner }, { allow: where, filter: { a: { eq: "open" } }, operations: [read] }]) { a: String }
`

var (
	ada    = &Principal{Kind: User, UserID: "ada", Username: "ada", Email: "ada@example.com", Org: "o1", Role: "member"}
	boss   = &Principal{Kind: User, UserID: "boss", Username: "boss", Org: "o1", Role: "admin", Groups: []string{"ops", "x"}, Claims: map[string]any{"teams": []any{"red"}, "team": "red"}}
	helper = &Principal{Kind: User, UserID: "helper", Org: "o1", Role: "member", Teams: []string{"sales", "support"}, TeamIDs: []string{"t1", "t2"}}
	seller = &Principal{Kind: User, UserID: "seller", Org: "o1", Role: "member", Teams: []string{"sales"}, TeamIDs: []string{"t1"}}
	chief  = &Principal{Kind: User, UserID: "chief", Org: "o1", Role: "admin", Teams: []string{"sales"}, TeamIDs: []string{"t1"}}
	left   = &Principal{Kind: User, UserID: "left", Org: "o1", Teams: []string{"support"}, TeamIDs: []string{"t2"}}
	lost   = &Principal{Kind: User, UserID: "lost", Username: "lost"}
	key    = &Principal{Kind: APIKey, KeyID: "k", Org: "o1"}
	guest  = &Principal{}
)

func policyOf(t testing.TB) (*schema.Schema, *Policy) {
	t.Helper()
	s, diags := schema.Parse("schema.graphql", ruled)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	p, diags := NewPolicy(s)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return s, p
}

// TestVerdicts: what each form of rule says to each kind of caller: "all",
// "some" (rows under a condition), or the code of the refusal.
func TestVerdicts(t *testing.T) {
	s, p := policyOf(t)
	for _, c := range []struct {
		model string
		op    schema.Operation
		want  map[*Principal]string
	}{
		{"Nothing", schema.Get, map[*Principal]string{ada: "access/denied", boss: "access/denied", key: "access/denied", guest: "access/sign_in", lost: "access/no_organization"}},
		{"ByKey", schema.Get, map[*Principal]string{key: "all", ada: "access/denied", guest: "access/sign_in"}},
		{"ByGuest", schema.List, map[*Principal]string{guest: "all", ada: "all", key: "all", lost: "all"}},
		{"ByGuest", schema.Create, map[*Principal]string{guest: "access/sign_in", ada: "access/denied"}},
		{"Private", schema.Get, map[*Principal]string{ada: "all", key: "access/denied", guest: "access/sign_in"}},
		{"Private", schema.Update, map[*Principal]string{ada: "access/denied"}},
		{"Owned", schema.Get, map[*Principal]string{ada: "some", key: "access/denied"}},
		{"Shared", schema.Update, map[*Principal]string{ada: "some"}},
		{"Shared", schema.Delete, map[*Principal]string{ada: "access/denied"}},
		{"Named", schema.Get, map[*Principal]string{ada: "some", boss: "access/denied"}}, // boss has no address
		{"Grouped", schema.Delete, map[*Principal]string{boss: "all", ada: "access/denied"}},
		{"InGroup", schema.Get, map[*Principal]string{boss: "some", ada: "access/denied"}},
		{"OfTeams", schema.Get, map[*Principal]string{boss: "some", ada: "access/denied"}},
		{"ByMember", schema.Get, map[*Principal]string{ada: "all", boss: "all", key: "access/denied"}},
		{"ByMember", schema.Delete, map[*Principal]string{ada: "access/denied", boss: "all"}},
		{"Where", schema.Get, map[*Principal]string{ada: "some", boss: "access/denied", key: "access/denied"}},
		{"ByClaim", schema.Get, map[*Principal]string{ada: "access/denied", boss: "some"}},
		{"Two", schema.List, map[*Principal]string{ada: "some"}},
		{"ByTeam", schema.Update, map[*Principal]string{helper: "all", seller: "access/denied", chief: "access/denied", ada: "access/denied", left: "access/denied", key: "access/denied", guest: "access/sign_in"}},
		{"ByTeam", schema.List, map[*Principal]string{helper: "all", seller: "access/denied", chief: "all"}},
		{"TeamRows", schema.Update, map[*Principal]string{helper: "some", ada: "access/denied", key: "access/denied"}},
	} {
		for by, want := range c.want {
			v, err := p.model(s.Model(c.model), by, c.op)
			got := "all"
			switch {
			case err != nil:
				got = string(fault.Of(err).Code)
			case v.cond != nil:
				got = "some"
			}
			if got != want {
				t.Errorf("%s, %s by %s: %s, want %s", c.model, operationName(c.op), by.Subject(), got, want)
			}
		}
	}
}

func TestMatch(t *testing.T) {
	s, p := policyOf(t)
	for _, c := range []struct {
		model string
		by    *Principal
		row   MapRow
		want  bool
	}{
		{"Owned", ada, MapRow{"owner": "ada"}, true},
		{"Owned", ada, MapRow{"owner": "boss"}, false},
		{"Owned", ada, MapRow{}, false},
		{"Shared", ada, MapRow{"editors": schema.JSONText(`["boss","ada"]`)}, true},
		{"Shared", ada, MapRow{"editors": schema.JSONText(`["adam"]`)}, false},
		{"TeamRows", helper, MapRow{"teamId": "t2"}, true},
		{"TeamRows", seller, MapRow{"teamId": "t2"}, false},
		{"TeamRows", seller, MapRow{"teamId": "t2", "open": true}, true},
		{"TeamRows", helper, MapRow{"open": false}, false},
		{"InGroup", boss, MapRow{"team": "ops"}, true},
		{"InGroup", boss, MapRow{"team": "dev"}, false},
		{"OfTeams", boss, MapRow{"teams": schema.JSONText(`["blue","red"]`)}, true},
		{"OfTeams", boss, MapRow{"teams": schema.JSONText(`[]`)}, false},
		{"Where", ada, MapRow{"a": "ada@example.com", "b": int64(4)}, true},
		{"Where", ada, MapRow{"a": "ada@example.com", "b": int64(3), "c": schema.JSONText(`["x"]`)}, true},
		{"Where", ada, MapRow{"a": "ada@example.com", "b": int64(3)}, false},
		{"ByClaim", boss, MapRow{"a": "red"}, false},
		{"ByClaim", boss, MapRow{}, true}, // ne is the negation of eq, and null is not red
		{"Two", ada, MapRow{"a": "open", "owner": "boss"}, true},
	} {
		v, err := p.model(s.Model(c.model), c.by, schema.Get)
		if err != nil {
			t.Fatal(err)
		}
		if got := Match(v.cond, c.by, c.row); got != c.want {
			t.Errorf("%s by %s: %v matches %v", c.model, c.by.Subject(), c.row, got)
		}
	}
}

func TestZeroGrantsPanic(t *testing.T) {
	for name, use := range map[string]func(){"read": func() { Grant{}.Node() }, "write": func() { WriteGrant{}.Change() }} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("the zero %s grant was taken", name)
				}
			}()
			use()
		}()
	}
}

// TestBrokenRules: a where rule that does not fit its model is an error at its
// place in the file.
func TestBrokenRules(t *testing.T) {
	for _, c := range []struct{ filter, message, line string }{
		{`{ titel: { eq: "x" } }`, "titel", "2:"},
		{`{ title: { eq: "$user.nam" } }`, "$user.nam", "2:"},
		{`{ or: [{ title: { eq: "x" } }, { title: { like: "x" } }] }`, "like", "2:"},
		{`{ project: { nope: { eq: 1 } } }`, "nope", "2:"},
	} {
		source := "type Project @model @auth(rules: [{ allow: member }]) { name: String }\n" +
			"type Task @model @auth(rules: [{ allow: where, filter: " + c.filter + " }]) { title: String project: Project @belongsTo }\n"
		s, diags := schema.Parse("schema.graphql", source)
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		_, diags = NewPolicy(s)
		if len(diags) != 1 || !strings.Contains(diags[0].Message, c.message) || diags[0].Pos.Line != 2 || diags[0].Pos.Column < 50 {
			t.Errorf("%s: %+v", c.filter, diags)
		}
	}
}

// TestOwnerIsFilledIn: a new row is its creator's, in whatever spelling.
func TestOwnerIsFilledIn(t *testing.T) {
	s, p := policyOf(t)
	stamp := query.Stamp{Now: "2026-01-01T00:00:00.000Z", ID: func() string { return "id" }}
	for _, c := range []struct {
		model, input string
		by           *Principal
		want         any
	}{
		{"Owned", `{"a":"x"}`, ada, "ada"},
		{"Named", `{"a":"x"}`, ada, "ada@example.com"},
		{"Named", `{"a":"x","mail":"ada@example.com"}`, ada, "ada@example.com"},
		{"Named", `{"a":"x","mail":"boss@example.com"}`, ada, fault.AccessDenied},
	} {
		var input map[string]any
		if err := json.Unmarshal([]byte(c.input), &input); err != nil {
			t.Fatal(err)
		}
		bound, err := query.BindWrite(s, &query.Write{Model: c.model, Op: query.Create, Input: input}, stamp, query.DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		var got any
		if g, err := p.Write(c.by, bound); err != nil {
			got = fault.Of(err).Code
		} else {
			got, _ = g.Change().Value(s.Model(c.model).Rules[0].OwnerField)
		}
		if got != c.want {
			t.Errorf("%s %s: %v, want %v", c.model, c.input, got, c.want)
		}
	}
}
