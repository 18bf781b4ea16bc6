// Package access decides who may touch what. It compiles a schema's rules
// once, weaves them into each bound query, and hands out a Grant, the only
// thing that package store takes: a query that skipped the rules does not
// compile. It is pure: no database, no clock, no HTTP.
package access

import (
	"slices"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

// Policy is the compiled rules of one schema. It is immutable and safe for
// concurrent use.
type Policy struct {
	models map[*schema.Model]*modelPolicy
	refs   map[*schema.Model][]*schema.Field // the relations whose keys a model's rows hold
}

type modelPolicy struct {
	rules    []compiled
	fields   map[*schema.Field][]compiled // fields with rules of their own
	defaults []Out                        // the default selection, for models without field rules
	open     bool                         // no stored field is hidden or has rules of its own
}

// compiled is a rule with its row condition bound.
type compiled struct {
	*schema.Rule
	cond *query.Cond // nil: the rule does not look at the row
	vars []query.Var // what cond needs of the caller
}

// NewPolicy compiles the rules of a schema. A `where` filter that does not fit
// its model is an error diagnostic at its place in the file.
func NewPolicy(s *schema.Schema) (*Policy, schema.Diagnostics) {
	p := &Policy{models: make(map[*schema.Model]*modelPolicy, len(s.Models)), refs: references(s)}
	var diags schema.Diagnostics
	for _, m := range s.Models {
		mp := &modelPolicy{fields: map[*schema.Field][]compiled{}, open: true}
		mp.rules = compileAll(m, m.Rules, &diags)
		for _, f := range m.Fields {
			if f.Rules != nil {
				mp.fields[f] = compileAll(m, f.Rules, &diags)
			}
			mp.open = mp.open && f.Rules == nil && !f.Hidden
			if f.Stored() && !f.Hidden {
				mp.defaults = append(mp.defaults, Out{BoundField: query.BoundField{As: f.Name, Field: f}})
			}
		}
		p.models[m] = mp
	}
	return p, diags
}

func compileAll(m *schema.Model, rules []*schema.Rule, diags *schema.Diagnostics) []compiled {
	out := make([]compiled, 0, len(rules))
	for _, r := range rules {
		c := compiled{Rule: r}
		var err error
		if c.cond, err = rowCondition(m, r); err != nil {
			*diags = append(*diags, ruleDiagnostic(r, err))
			continue
		}
		c.cond.Walk(func(n *query.Cond) {
			for _, a := range n.Args {
				if a.Var != "" {
					c.vars = append(c.vars, a.Var)
				}
			}
		})
		out = append(out, c)
	}
	return out
}

// CheckFilters finds the mistakes in the filters of `where` rules, also of a
// schema with errors, from which no policy can be made.
func CheckFilters(s *schema.Schema) schema.Diagnostics {
	var diags schema.Diagnostics
	check := func(m *schema.Model, rules []*schema.Rule) {
		for _, r := range rules {
			if r.Allow != schema.AllowWhere || r.Filter == nil {
				continue
			}
			if _, err := query.BindRule(m, r.Filter.Value); err != nil {
				diags = append(diags, ruleDiagnostic(r, err))
			}
		}
	}
	for _, m := range s.Models {
		check(m, m.Rules)
		for _, f := range m.Fields {
			check(m, f.Rules)
		}
	}
	return diags
}

// ruleDiagnostic places a filter's error at the key that it names.
func ruleDiagnostic(r *schema.Rule, err error) schema.Diagnostic {
	e := fault.Of(err)
	pos, ok := r.Filter.Places[e.Field]
	if !ok {
		pos = r.Filter.Pos
	}
	return schema.Diagnostic{Severity: schema.Error, Code: string(e.Code), Pos: pos, Message: e.Message}
}

// rowCondition is what a rule asks of the row, or nil.
func rowCondition(m *schema.Model, r *schema.Rule) (*query.Cond, error) {
	switch {
	case r.Allow == schema.AllowWhere:
		return query.BindRule(m, r.Filter.Value)
	case r.Allow == schema.AllowOwner:
		test := query.Eq
		if r.OwnerField.List {
			test = query.Contains
		}
		return &query.Cond{Test: test, Field: r.OwnerField, Args: []query.Operand{{Var: identity(r.IdentityClaim)}}}, nil
	case r.GroupsField != nil:
		test := query.In
		if r.GroupsField.List {
			test = query.Overlaps
		}
		return &query.Cond{Test: test, Field: r.GroupsField, Args: []query.Operand{{Var: groupsVar(r.GroupClaim)}}}, nil
	}
	return nil, nil
}

// identity is the variable that an owner rule compares. Amplify's default,
// "sub::username", is the user's id here: a user's name is the id.
func identity(claim string) query.Var {
	switch claim {
	case "", "sub", "sub::username":
		return query.VarUserID
	case "username", "cognito:username":
		return query.VarUsername
	case "email":
		return query.VarEmail
	}
	return query.VarClaims + query.Var(claim)
}

func groupsVar(claim string) query.Var {
	if claim == "" || claim == "cognito:groups" {
		return query.VarGroups
	}
	return query.VarClaims + query.Var(claim)
}

// applies tells whether the rule can allow this caller anything, whatever the
// row. A rule whose variables the caller lacks never does.
func (c *compiled) applies(p *Principal) bool {
	for _, v := range c.vars {
		if p.Value(v) == nil {
			return false
		}
	}
	switch c.Allow {
	case schema.AllowPublic, schema.AllowWhere:
		return c.provided(p)
	case schema.AllowPrivate, schema.AllowOwner:
		return p.Kind == User
	case schema.AllowMember:
		return p.Kind == User && p.Role != "" && (len(c.Roles) == 0 || slices.Contains(c.Roles, p.Role)) &&
			(len(c.Teams) == 0 || slices.ContainsFunc(c.Teams, func(team string) bool { return slices.Contains(p.Teams, team) }))
	case schema.AllowGroups:
		return p.Kind == User && (c.GroupsField != nil || inGroup(p, c.GroupClaim, c.Groups))
	}
	return false
}

// provided tells whether the caller came in by the rule's provider.
func (c *compiled) provided(p *Principal) bool {
	switch c.Provider {
	case "apiKey":
		return p.Kind == APIKey
	case "iam", "identityPool":
		return true
	}
	return p.Kind == User
}

func inGroup(p *Principal, claim string, groups []string) bool {
	have, _ := p.Value(groupsVar(claim)).([]any)
	for _, g := range have {
		if name, ok := g.(string); ok && slices.Contains(groups, name) {
			return true
		}
	}
	return false
}

// verdict is what a list of rules says for a caller and an operation: nothing
// is allowed, or the rows that meet cond (nil: all).
type verdict struct {
	allowed bool
	cond    *query.Cond
}

func judge(rules []compiled, p *Principal, op schema.Operation) verdict {
	if p.Kind == Superuser {
		return verdict{allowed: true}
	}
	var v verdict
	for i := range rules {
		c := &rules[i]
		if c.Ops&op == 0 || !c.applies(p) {
			continue
		}
		if c.cond == nil {
			return verdict{allowed: true}
		}
		if v.cond == nil {
			v.cond = c.cond
		} else {
			v.cond = query.AnyOf(v.cond, c.cond)
		}
		v.allowed = true
	}
	return v
}

// model judges an operation on a model's rows.
func (p *Policy) model(m *schema.Model, by *Principal, op schema.Operation) (verdict, error) {
	if m.Scope == schema.Tenant && by.Org == "" {
		switch by.Kind {
		case Anonymous:
			return verdict{}, signIn(m)
		case Superuser:
			return verdict{}, fault.New(fault.AccessNoOrganization, "%s belongs to an organization: say which, Loam-As: admin; organization=<id>", m.Name)
		}
		return verdict{}, fault.New(fault.AccessNoOrganization,
			"%s belongs to an organization and you have none active; create one or switch to one", m.Name)
	}
	v := judge(p.models[m].rules, by, op)
	if !v.allowed {
		if by.Kind == Anonymous {
			return v, signIn(m)
		}
		return v, fault.New(fault.AccessDenied, "no rule of %s lets you %s", m.Name, operationName(op))
	}
	return v, nil
}

func signIn(m *schema.Model) error {
	return fault.New(fault.AccessSignIn, "sign in to use %s: send Authorization: Bearer <access token>", m.Name)
}

func operationName(op schema.Operation) string {
	switch op {
	case schema.Create:
		return "create"
	case schema.Update:
		return "update"
	case schema.Delete:
		return "delete"
	case schema.Get:
		return "get one"
	case schema.SearchOp:
		return "search"
	case schema.Listen:
		return "listen"
	}
	return "list"
}

// field judges an operation on one field; a field without rules of its own
// goes with its model. A relation shows the key that it stands on, so the rules
// of that field are its own too.
func (p *Policy) field(f *schema.Field, by *Principal, op schema.Operation) verdict {
	v := p.own(f, by, op)
	if r := f.Relation; r != nil && !heldByTarget(f.Model, r) {
		for _, key := range r.From {
			v = v.and(p.own(key, by, op))
		}
	}
	return v
}

// linked judges the fields of the target that hold a relation's key: rows that
// hide it from the caller are not linked to anything.
func (p *Policy) linked(f *schema.Field, by *Principal, op schema.Operation) verdict {
	v := verdict{allowed: true}
	if heldByTarget(f.Model, f.Relation) {
		for _, key := range f.Relation.To {
			v = v.and(p.own(key, by, op))
		}
	}
	return v
}

func (p *Policy) own(f *schema.Field, by *Principal, op schema.Operation) verdict {
	rules, has := p.models[f.Model].fields[f]
	if !has {
		return verdict{allowed: true}
	}
	return judge(rules, by, op)
}

// and is what two verdicts allow together.
func (v verdict) and(other verdict) verdict {
	return verdict{v.allowed && other.allowed, query.AllOf(v.cond, other.cond)}
}
