package schema

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// providersOf lists how a caller of each kind of rule may have signed in, the
// usual way first.
var providersOf = map[Allow][]string{
	AllowPublic:  {"apiKey", "iam", "identityPool"},
	AllowPrivate: {"userPools", "oidc", "iam", "identityPool"},
	AllowOwner:   {"userPools", "oidc"},
	AllowGroups:  {"userPools", "oidc"},
}

// onlyWith says which kind of rule an argument of a rule belongs to.
var onlyWith = []struct {
	argument string
	allow    Allow
}{
	{"ownerField", AllowOwner}, {"identityClaim", AllowOwner}, {"groups", AllowGroups}, {"groupsField", AllowGroups},
	{"groupClaim", AllowGroups}, {"roles", AllowMember}, {"team", AllowMember}, {"filter", AllowWhere},
}

// modelAuth reads a model's rules and those of its fields.
func (c *checker) modelAuth(m *modelDef) {
	switch {
	case m.Join:
		return
	case m.ReadOnly:
		c.fieldsAuth(m)
		return
	}
	for _, a := range m.auth[:min(len(m.auth), maxRules)] {
		if r := c.rule(m, a); r != nil {
			m.Rules = append(m.Rules, r)
			c.rolesOfAll(m, r, a)
		}
	}
	if len(m.auth) > maxRules {
		c.errorf(m.authSpan, "too_many", "join some of them", "`%s` has %d rules; the limit is %d", m.Name, len(m.auth), maxRules)
	}
	if len(m.auth) == 0 {
		at := spanOf(m.Pos, m.Name)
		if m.hasAuth {
			at = m.authSpan
		}
		c.warnf(at, "no_rules", "add @auth(rules: [{ allow: member }])", "`%s` has no rule, so nobody may read or write it", m.Name)
	}
	c.ownerDeletion(m)
	c.fieldsAuth(m)
}

// ownerDeletion checks @model(onOwnerDelete:) against the owners that there are.
func (c *checker) ownerDeletion(m *modelDef) {
	if m.ownerDelete == nil {
		return
	}
	at := m.ownerDelete.span("onOwnerDelete")
	owners := m.Owners()
	if len(owners) == 0 {
		c.errorf(at, "no_owner", "add { allow: owner } to its rules, or remove the argument", "`%s` has no owner: no rule compares a field with the caller's id", m.Name)
	}
	for _, f := range owners {
		if m.OnOwnerDelete == ClearOwner && (f.Required && !f.List || slices.Contains(m.Key, f)) {
			c.errorf(at, "required_owner", "make "+f.Name+" optional, or write DELETE", "`%s` of `%s` can't be emptied", f.Name, m.Name)
		}
	}
}

func (c *checker) fieldsAuth(m *modelDef) {
	for _, f := range slices.Clone(m.Fields) {
		if a, ok := m.fieldAth[f]; ok {
			c.fieldAuth(m, f, a)
		}
	}
}

// fieldAuth reads a field's own rules.
func (c *checker) fieldAuth(m *modelDef, f *Field, a args) {
	f.Rules = []*Rule{}
	rules := a.objects("rules", authRule)
	for _, one := range rules[:min(len(rules), maxRules)] {
		for _, w := range one.list("operations") {
			if slices.Contains([]string{"get", "list", "listen", "search", "sync"}, w.text) {
				c.errorf(w.span, "field_rule", "write read", "a field's rule can't split reading; `%s` alone is not possible", w.text)
			}
		}
		if r := c.rule(m, one); r != nil {
			f.Rules = append(f.Rules, r)
			c.rolesOfAll(m, r, one)
		}
	}
	if len(rules) == 0 {
		c.errorf(a.at, "field_rule", "write rules: [{ allow: owner }], or remove @auth", "field `%s` has no rule, so nobody could read or write it", f.Name)
	}
	if len(rules) > maxRules {
		c.errorf(a.at, "too_many", "join some of them", "`%s` has %d rules; the limit is %d", f.Name, len(rules), maxRules)
	}
	if slices.Contains(m.Key, f) {
		c.errorf(a.at, "field_rule", "put the rule on the model", "`%s` is part of the key, which every reader of the row sees", f.Name)
	}
	covered := !slices.ContainsFunc(m.Rules, func(model *Rule) bool {
		return model.Ops&Read != 0 && !slices.ContainsFunc(f.Rules, func(r *Rule) bool {
			return sameCallers(r, model) && r.Ops&model.Ops&Read == model.Ops&Read
		})
	})
	if f.Required && !covered && len(rules) > 0 {
		c.errorf(a.at, "field_rule", "write "+f.Name+": "+f.TypeName+" without the !", "`%s` is required, but not everyone who may read the model may read it: others must see null", f.Name)
	}
}

// rule reads one rule; nil where it can't stand.
func (c *checker) rule(m *modelDef, a args) *Rule {
	if !a.has("allow") {
		return nil
	}
	r := &Rule{Allow: Allow(a.text("allow")), Ops: AllOperations, Pos: a.at.Pos}
	if r.Allow == "custom" || a.text("provider") == "function" {
		c.errorf(a.span("allow"), "not_served", "write allow: where with a filter", "`allow: custom` is not served yet")
		return nil
	}
	for _, only := range onlyWith {
		if a.has(only.argument) && only.allow != r.Allow {
			c.errorf(a.span(only.argument), "bad_rule", "remove it, or write allow: "+string(only.allow), "`%s` belongs to `allow: %s`", only.argument, only.allow)
		}
	}
	c.provider(r, a)
	c.operations(r, a)
	switch r.Allow {
	case AllowOwner:
		r.IdentityClaim = a.text("identityClaim")
		name := "owner"
		switch {
		case a.has("ownerField"):
			name = a.text("ownerField")
		case m.Name == userModel && m.ReadOnly:
			name = "id" // a user is their own
		}
		r.OwnerField = c.ownerField(m, name, a.span("ownerField"))
	case AllowGroups:
		c.groups(m, r, a)
	case AllowMember:
		c.roles(r, a)
		c.teams(r, a)
	case AllowWhere:
		if a.missing("filter") {
			c.errorf(a.at, "bad_rule", "write { allow: where, filter: { status: { eq: \"open\" } } }", "`allow: where` needs `filter`")
			return nil
		}
		if !a.has("filter") {
			return nil
		}
		r.Filter = c.literal(a.values["filter"])
	}
	return r
}

func (c *checker) provider(r *Rule, a args) {
	allowed := providersOf[r.Allow]
	given := a.text("provider")
	switch {
	case given == "" && len(allowed) > 0:
		r.Provider = allowed[0]
	case given == "":
	case len(allowed) == 0:
		c.errorf(a.span("provider"), "bad_rule", "remove it", "`allow: %s` has no provider", r.Allow)
	case !slices.Contains(allowed, given):
		c.errorf(a.span("provider"), "bad_rule", c.didYouMean("", allowed), "`allow: %s` can't have provider `%s`", r.Allow, given)
	default:
		r.Provider = given
	}
}

func (c *checker) operations(r *Rule, a args) {
	if !a.has("operations") {
		return
	}
	words := a.list("operations")
	r.Ops = 0
	for _, w := range words {
		bit := operationBits[w.text]
		if bit != 0 && r.Ops&bit != 0 {
			help := "remove it"
			if bit&Read != 0 {
				help = "write read alone, or name the kinds of reading"
			}
			c.errorf(w.span, "repeated", help, "`%s` is already among the operations", w.text)
		}
		r.Ops |= bit
	}
	if len(words) > 0 && r.Ops == 0 {
		c.warnf(a.span("operations"), "bad_rule", "write read", "`sync` alone allows nothing: there is no sync query")
	}
	if len(words) == 0 {
		c.errorf(a.span("operations"), "bad_rule", "write operations: [read]", "a rule without operations allows nothing")
	}
}

// ownerField finds the field that names the owner, or makes it, as Amplify
// does. A name that is nearly a field's is taken for a typing mistake.
func (c *checker) ownerField(m *modelDef, name string, at span) *Field {
	return c.callerField(m, name, at, "the owner's id")
}

func (c *checker) callerField(m *modelDef, name string, at span, holds string) *Field {
	f := m.fields[name]
	if f == nil && m.ReadOnly {
		help := "write { allow: member, roles: [\"owner\"] }"
		if m.Name == userModel {
			help = c.didYouMean(name, m.fieldNames())
		}
		c.errorf(at, "unknown_field", help, "`%s` is built in and has no field `%s`", m.Name, name)
		return nil
	}
	if f == nil {
		if nameAt.FindString(name) != name || name == "" || name[0] == '_' {
			c.errorf(at, "bad_argument", "use letters and digits", "`%s` can't be the name of a field", name)
			return nil
		}
		if near := c.nearest(name, m.fieldNames()); near != "" && name != "owner" && name != "groups" {
			c.errorf(at, "unknown_field", "did you mean `"+near+"`?", "unknown field `%s` on %s", name, m.Name)
			return nil
		}
		return m.addImplicit(&Field{Name: name, TypeName: "String", Scalar: String, ReadOnly: true})
	}
	if f.Kind != ScalarKind || f.Scalar != ID && f.Scalar != String && f.Scalar != Email {
		help := "name a field of type ID, String or [String]"
		if f.Kind == RelationKind && f.Relation != nil && len(f.Relation.From) == 1 {
			help = "name the field that holds its key: \"" + f.Relation.From[0].Name + "\""
		}
		c.errorf(at, "bad_rule", help, "`%s` can't hold %s", name, holds)
	}
	return f
}

func (c *checker) groups(m *modelDef, r *Rule, a args) {
	r.GroupClaim = a.text("groupClaim")
	switch {
	case a.has("groups") && a.has("groupsField"):
		c.errorf(a.span("groupsField"), "bad_rule", "make two rules of it", "`groups` and `groupsField` exclude each other")
	case a.has("groupsField"):
		r.GroupsField = c.callerField(m, a.text("groupsField"), a.span("groupsField"), "a group")
	case len(a.list("groups")) == 0 && (a.has("groups") || a.missing("groups") && a.missing("groupsField")):
		c.errorf(a.at, "bad_rule", "write { allow: groups, groups: [\"editors\"] }", "`allow: groups` needs `groups` or `groupsField`")
	}
	for _, w := range a.list("groups") {
		r.Groups = append(r.Groups, w.text)
	}
}

func (c *checker) roles(r *Rule, a args) {
	for _, w := range a.list("roles") {
		if c.s.Roles != nil && !slices.Contains(c.s.Roles, w.text) {
			c.errorf(w.span, "unknown_role", c.didYouMean(w.text, c.s.Roles), "unknown role `%s`", w.text)
			continue
		}
		r.Roles = append(r.Roles, w.text)
	}
	if a.has("roles") && len(a.list("roles")) == 0 {
		c.errorf(a.span("roles"), "bad_rule", "name roles, or remove it to allow any", "a rule with no role allows nobody")
	}
}

// teamSlug is the form of a team's slug.
var teamSlug = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// teams reads the teams of a rule. Which there are is data, so that only their
// form is checked.
func (c *checker) teams(r *Rule, a args) {
	for _, w := range a.list("team") {
		if !teamSlug.MatchString(w.text) || len(w.text) > longestName {
			c.errorf(w.span, "bad_rule", "write the team's slug: small letters, digits, and - between them", "`%s` can't be the slug of a team", shorten(w.text))
			continue
		}
		r.Teams = append(r.Teams, w.text)
	}
	if a.has("team") && len(a.list("team")) == 0 {
		c.errorf(a.span("team"), "bad_rule", "name a team, or remove it to allow any", "a rule with no team allows nobody")
	}
}

// rolesOfAll warns of roles and teams that keep nobody out of what all
// organizations share.
func (c *checker) rolesOfAll(m *modelDef, r *Rule, a args) {
	if m.Scope == Global && r.Allow == AllowMember && len(r.Teams) > 0 {
		c.warnf(a.span("team"), "global_roles", "write { allow: groups, groups: [...] }",
			"all organizations share `%s`, and each of them may have a team of that name", m.Name)
	}
	if m.Scope == Global && r.Allow == AllowMember && len(r.Roles) > 0 {
		c.warnf(a.span("roles"), "global_roles", "write { allow: groups, groups: [...] }",
			"all organizations share `%s`, and whoever founds one has every role in it", m.Name)
	}
}

// literal turns a constant into plain values with their places.
func (c *checker) literal(v *ast.Value) *Literal {
	l := &Literal{Pos: c.pos(v.Position), Places: map[string]Pos{}}
	l.Value = c.plainValue(v, "", l.Places, 0)
	return l
}

func (c *checker) plainValue(v *ast.Value, path string, places map[string]Pos, depth int) any {
	if depth == maxFilterDepth {
		c.errorf(c.span(v.Position), "too_deep", "write it flatter", "the filter is nested more than %d deep", maxFilterDepth)
	}
	if depth >= maxFilterDepth {
		return nil
	}
	under := func(key string) string {
		if path == "" {
			return key
		}
		return path + "." + key
	}
	switch v.Kind {
	case ast.IntValue, ast.FloatValue:
		return json.Number(v.Raw)
	case ast.BooleanValue:
		return v.Raw == "true"
	case ast.NullValue:
		return nil
	case ast.ListValue:
		list := []any{}
		for i, child := range v.Children {
			at := under(strconv.Itoa(i))
			places[at] = c.pos(child.Value.Position)
			list = append(list, c.plainValue(child.Value, at, places, depth+1))
		}
		return list
	case ast.ObjectValue:
		object := map[string]any{}
		for _, child := range v.Children {
			at := under(child.Name)
			if _, twice := object[child.Name]; twice {
				c.errorf(spanOf(c.pos(child.Position), child.Name), "repeated", "join them by and: [...]", "`%s` stands twice", child.Name)
			}
			places[at] = c.pos(child.Position)
			object[child.Name] = c.plainValue(child.Value, at, places, depth+1)
		}
		return object
	default:
		return v.Raw
	}
}
