package invariant

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/loam-dev/loam/internal/schema"
)

// The oracle says what the documents promise, over rows in memory: a second
// opinion, which shares with the server the parsed schema and nothing else.
// Values are nil, bool, float64, string, []any and map[string]any.

// row is one row; org is "" for those that all organizations share.
type row struct {
	m   *schema.Model
	org string
	v   map[string]any
}

func (r *row) key() []any {
	key := make([]any, len(r.m.Key))
	for i, f := range r.m.Key {
		key[i] = r.v[f.Name]
	}
	return key
}

// caller is who asks.
type caller struct {
	name     string
	kind     string // user, key, anonymous, superuser
	header   string // X-Api-Key or Authorization
	secret   string
	as       string // Loam-As
	tag      string // of the organization's canaries
	org      string
	role     string
	id       string
	email    string
	groups   []string
	teams    []string // slugs in org
	teamIDs  []string
	readOnly bool
}

// variable is what a rule's $... stands for; nil where the caller has none.
func (c *caller) variable(name string) any {
	text := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	list := func(items []string) any {
		if len(items) == 0 {
			return nil
		}
		out := make([]any, len(items))
		for i, s := range items {
			out[i] = s
		}
		return out
	}
	if name == "org.id" {
		return text(c.org)
	}
	if c.kind != "user" {
		return nil
	}
	switch name {
	case "user.id", "user.username":
		return text(c.id)
	case "user.email":
		return text(c.email)
	case "user.groups":
		return list(c.groups)
	case "user.teams":
		return list(c.teamIDs)
	case "user.roles":
		if c.role == "" {
			return nil
		}
		return []any{c.role}
	}
	return nil
}

// the verdicts on a whole operation
const (
	fine      = 200
	signIn    = 401
	forbidden = 403
)

// oracle holds all rows of all organizations.
type oracle struct {
	schema *schema.Schema
	rows   map[string][]*row // by model name
	// promised tells whether GraphQL's type says that a field is never null.
	promised func(model, field string) bool
}

// within lists the rows of a model that the caller's organization has.
func (o *oracle) within(c *caller, m *schema.Model) []*row {
	var out []*row
	for _, r := range o.rows[m.Name] {
		if m.Scope == schema.Global || r.org == c.org {
			out = append(out, r)
		}
	}
	return out
}

// applies tells whether a rule says anything to this caller.
func (o *oracle) applies(r *schema.Rule, c *caller) bool {
	user := c.kind == "user"
	switch r.Allow {
	case schema.AllowPublic:
		return r.Provider != "apiKey" || c.kind == "key"
	case schema.AllowPrivate:
		return user
	case schema.AllowOwner:
		return user
	case schema.AllowMember:
		return user && c.role != "" && (len(r.Roles) == 0 || slices.Contains(r.Roles, c.role)) &&
			(len(r.Teams) == 0 || slices.ContainsFunc(r.Teams, func(slug string) bool { return slices.Contains(c.teams, slug) }))
	case schema.AllowGroups:
		if r.GroupsField != nil {
			return user && len(c.groups) > 0
		}
		return user && slices.ContainsFunc(r.Groups, func(g string) bool { return slices.Contains(c.groups, g) })
	}
	return user && c.knows(r.Filter.Value)
}

// knows tells whether the caller has every variable that a filter names.
func (c *caller) knows(filter any) bool {
	switch v := filter.(type) {
	case map[string]any:
		for _, item := range v {
			if !c.knows(item) {
				return false
			}
		}
	case []any:
		for _, item := range v {
			if !c.knows(item) {
				return false
			}
		}
	case string:
		if name, ok := strings.CutPrefix(v, "$"); ok {
			return c.variable(name) != nil
		}
	}
	return true
}

// meets tells whether a row is one that the rule is about.
func (o *oracle) meets(r *schema.Rule, c *caller, w *row) bool {
	switch {
	case r.Allow == schema.AllowOwner:
		me := c.id
		if r.IdentityClaim == "email" {
			me = c.email
		}
		return holds(w.v[r.OwnerField.Name], me)
	case r.GroupsField != nil:
		return slices.ContainsFunc(c.groups, func(g string) bool { return holds(w.v[r.GroupsField.Name], g) })
	case r.Allow == schema.AllowWhere:
		return (&filtering{o, c, true}).object(w, r.Filter.Value)
	}
	return true
}

// looks tells whether a rule depends on the row.
func looks(r *schema.Rule) bool {
	return r.Allow == schema.AllowOwner || r.GroupsField != nil || r.Allow == schema.AllowWhere && len(asObject(r.Filter.Value)) > 0
}

func asObject(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

// holds tells whether a value is s, or a list with s in it.
func holds(v any, s string) bool {
	if list, ok := v.([]any); ok {
		return slices.Contains(list, any(s))
	}
	return v == any(s)
}

// anyRule tells whether some rule applies at all; whole, whether one does
// whatever the row.
func (o *oracle) anyRule(rules []*schema.Rule, c *caller, op schema.Operation) (some, whole bool) {
	if c.kind == "superuser" {
		return true, true
	}
	for _, r := range rules {
		if r.Ops&op != 0 && o.applies(r, c) {
			some = true
			whole = whole || !looks(r)
		}
	}
	return some, whole
}

func (o *oracle) allows(rules []*schema.Rule, c *caller, op schema.Operation, w *row) bool {
	return c.kind == "superuser" || slices.ContainsFunc(rules, func(r *schema.Rule) bool {
		return r.Ops&op != 0 && o.applies(r, c) && o.meets(r, c, w)
	})
}

// model is the verdict on an operation, whatever the row.
func (o *oracle) model(m *schema.Model, c *caller, op schema.Operation) int {
	if m.Scope == schema.Tenant && c.org == "" {
		return signIn // nobody here is signed in without an organization
	}
	if some, _ := o.anyRule(m.Rules, c, op); some {
		return fine
	}
	if c.kind == "anonymous" {
		return signIn
	}
	return forbidden
}

func (o *oracle) visible(c *caller, m *schema.Model, op schema.Operation) []*row {
	var out []*row
	for _, r := range o.within(c, m) {
		if o.allows(m.Rules, c, op, r) {
			out = append(out, r)
		}
	}
	return out
}

// field tells whether the caller may read a field of some rows, and of all.
func (o *oracle) field(f *schema.Field, c *caller, op schema.Operation) (some, whole bool) {
	if f.Rules == nil {
		return true, true
	}
	return o.anyRule(f.Rules, c, op)
}

// shows tells whether the caller may read the field of this row.
func (o *oracle) shows(f *schema.Field, c *caller, op schema.Operation, w *row) bool {
	return f.Rules == nil || o.allows(f.Rules, c, op, w)
}

// related lists the rows that a relation leads to, by its keys alone.
func (o *oracle) related(f *schema.Field, w *row, c *caller) []*row {
	var out []*row
	r := f.Relation
	for _, t := range o.within(c, r.Target) {
		match := true
		for i := range r.From {
			from, to := w.v[r.From[i].Name], t.v[r.To[i].Name]
			match = match && from != nil && from == to
		}
		if match {
			out = append(out, t)
		}
	}
	return out
}

// filterVerdict is whether the caller may ask the filter at all.
func (o *oracle) filterVerdict(m *schema.Model, filter any, c *caller) int {
	object, ok := filter.(map[string]any)
	if !ok {
		return fine
	}
	verdict := fine
	note := func(v int) {
		if verdict == fine {
			verdict = v
		}
	}
	for _, key := range sortedKeys(object) {
		switch key {
		case "and", "or":
			for _, item := range object[key].([]any) {
				note(o.filterVerdict(m, item, c))
			}
			continue
		case "not":
			note(o.filterVerdict(m, object[key], c))
			continue
		}
		f := m.Field(key)
		if some, _ := o.field(f, c, schema.List); !some {
			note(forbidden)
		}
		if f.Relation != nil {
			note(o.filterVerdict(f.Relation.Target, object[key], c))
			note(o.model(f.Relation.Target, c, schema.List))
		}
	}
	return verdict
}

// filtering evaluates filters: a rule's, which may name variables and looks
// through relations freely, or a caller's, each field behind its rules.
type filtering struct {
	*oracle
	c    *caller
	rule bool
}

func (e *filtering) object(w *row, filter any) bool {
	for key, value := range asObject(filter) {
		if !e.entry(w, key, value) {
			return false
		}
	}
	return true
}

func (e *filtering) entry(w *row, key string, value any) bool {
	switch key {
	case "and":
		return !slices.ContainsFunc(value.([]any), func(item any) bool { return !e.object(w, item) })
	case "or":
		return slices.ContainsFunc(value.([]any), func(item any) bool { return e.object(w, item) })
	case "not":
		return !e.object(w, value)
	}
	f := w.m.Field(key)
	if !e.rule && !e.shows(f, e.c, schema.List, w) {
		return false
	}
	if f.Relation != nil {
		return slices.ContainsFunc(e.related(f, w, e.c), func(t *row) bool {
			return (e.rule || e.allows(t.m.Rules, e.c, schema.List, t)) && e.object(t, value)
		})
	}
	for op, arg := range asObject(value) {
		if !e.test(w.v[f.Name], op, arg) {
			return false
		}
	}
	return true
}

// test compares: with null every comparison is false, and its negation true.
func (e *filtering) test(v any, op string, arg any) bool {
	if s, ok := arg.(string); ok && e.rule && strings.HasPrefix(s, "$") {
		arg = e.c.variable(s[1:])
	}
	switch op {
	case "isNull":
		return (v == nil) == arg.(bool)
	case "attributeExists":
		return (v != nil) == arg.(bool)
	case "ne":
		return !e.test(v, "eq", arg)
	case "notIn":
		return !e.test(v, "in", arg)
	case "notContains":
		return !e.test(v, "contains", arg)
	case "size":
		for inner, n := range arg.(map[string]any) {
			if !e.test(sizeOf(v), inner, n) {
				return false
			}
		}
		return true
	}
	if op == "eq" && arg == nil {
		return v == nil
	}
	if v == nil || arg == nil {
		return false
	}
	switch op {
	case "in":
		return slices.ContainsFunc(arg.([]any), func(item any) bool { return compare(v, norm(item)) == 0 })
	case "contains":
		if list, ok := v.([]any); ok {
			return slices.ContainsFunc(list, func(item any) bool { return item != nil && compare(item, norm(arg)) == 0 })
		}
		return strings.Contains(v.(string), arg.(string))
	case "beginsWith":
		return strings.HasPrefix(v.(string), arg.(string))
	case "between":
		bounds := arg.([]any)
		return compare(v, norm(bounds[0])) >= 0 && compare(v, norm(bounds[1])) <= 0
	}
	n := compare(v, norm(arg))
	return op == "eq" && n == 0 || op == "lt" && n < 0 || op == "le" && n <= 0 || op == "gt" && n > 0 || op == "ge" && n >= 0
}

func sizeOf(v any) any {
	if v == nil {
		return nil
	}
	if list, ok := v.([]any); ok {
		return float64(len(list))
	}
	return float64(utf8.RuneCountInString(v.(string)))
}

// compare orders two values of one type; null is below everything.
func compare(a, b any) int {
	switch x := a.(type) {
	case nil:
		if b == nil {
			return 0
		}
		return -1
	case string:
		if y, ok := b.(string); ok {
			return strings.Compare(x, y)
		}
	case float64:
		if y, ok := b.(float64); ok {
			return cmp.Compare(x, y)
		}
	case bool:
		if y, ok := b.(bool); ok {
			return cmp.Compare(truth(x), truth(y))
		}
	}
	if b == nil {
		return 1
	}
	return 2 // of different types: unequal, and no order that anybody asks for
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// norm gives a value the types of one decoded from JSON.
func norm(v any) any {
	switch v := v.(type) {
	case int:
		return float64(v)
	case int64:
		return float64(v)
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = norm(item)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, item := range v {
			out[key] = norm(item)
		}
		return out
	}
	return v
}
