package invariant

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
)

// draft is a random schema, before it is text: it prints with its rules, and
// once more open to every member, for those who plant and inspect the rows.
type draft struct {
	models []*draftModel
	aws    bool // the scalars have the names that Amplify knows
}

type draftModel struct {
	name   string
	global bool
	head   []string // directives of the type, rules aside
	rules  []string
	fields []*draftField
}

type draftField struct {
	text  string // "name: String @unique"
	rules []string
}

const sharedTypes = `
enum Color { RED GREEN BLUE }
type Pip { on: Boolean label: String }
type Box { label: String size: Int inner: Pip tags: [String] }
`

// print writes the schema; open replaces every rule by one for all members.
func (d *draft) print(open bool) string {
	var b strings.Builder
	b.WriteString(sharedTypes)
	for _, m := range d.models {
		rules := m.rules
		if open {
			rules = []string{"{ allow: member }"}
		}
		scope := ""
		if m.global {
			scope = "(scope: GLOBAL)"
		}
		fmt.Fprintf(&b, "type %s @model%s %s @auth(rules: [%s]) {\n", m.name, scope, strings.Join(m.head, " "), strings.Join(rules, ", "))
		for _, f := range m.fields {
			b.WriteString("  " + f.text)
			if len(f.rules) > 0 && !open {
				b.WriteString(" @auth(rules: [" + strings.Join(f.rules, ", ") + "])")
			}
			b.WriteString("\n")
		}
		b.WriteString("}\n")
	}
	if d.aws {
		return twins.ReplaceAllString(b.String(), ": ${1}AWS$2")
	}
	return b.String()
}

// twins are the scalars whose AWS name means the same on the wire.
var twins = regexp.MustCompile(`: (\[?)(Date|Time|DateTime|Timestamp|Email|URL|Phone|IPAddress)\b`)

// gen draws everything that is random, from one seed.
type gen struct {
	*rand.Rand
	serial int
}

func newGen(seed uint64) *gen { return &gen{Rand: rand.New(rand.NewPCG(seed, 0x10a3))} }

func (g *gen) chance(p float64) bool { return g.Float64() < p }

func pick[T any](g *gen, items ...T) T { return items[g.IntN(len(items))] }

// optionalTypes are what a random field may be.
var optionalTypes = []string{
	"String", "String", "Int", "Float", "Boolean", "Date", "Time", "DateTime", "Timestamp", "Email", "URL", "Phone",
	"IPAddress", "ID", "JSON", "Color", "Box", "[String]", "[Int!]", "[Float]", "[Boolean]", "[Color!]", "[Box]", "[ID]", "[DateTime]", "[JSON]",
}

var modelNames = []string{"Apple", "Bread", "Crane", "Delta", "Eagle"}

func (g *gen) schema() *draft {
	d := &draft{aws: g.chance(0.2)}
	for i := range 3 + g.IntN(3) {
		d.models = append(d.models, g.model(d, i))
	}
	if n := len(d.models); g.chance(0.4) && !d.models[n-1].global && !d.models[n-2].global {
		one, two := d.models[n-1], d.models[n-2]
		one.fields = append(one.fields, &draftField{text: "pairs: [" + two.name + "] @manyToMany(relationName: \"Pairing\")"})
		two.fields = append(two.fields, &draftField{text: "paired: [" + one.name + "] @manyToMany(relationName: \"Pairing\")"})
	}
	for _, m := range d.models {
		m.rules = g.rules(m, 1+g.IntN(3))
	}
	return d
}

func (g *gen) model(d *draft, i int) *draftModel {
	m := &draftModel{name: modelNames[i], global: g.chance(0.15)}
	add := func(text string, rules ...string) { m.fields = append(m.fields, &draftField{text, rules}) }
	switch g.IntN(5) {
	case 0:
		add(`code: ID! @primaryKey(sortKeyFields: ["rank"])`)
		add("rank: Int!")
	case 1:
		add("code: String! @primaryKey")
	}
	add("mark: String!")
	add("owner: ID")
	add("owners: [String]")
	add("team: String")
	add("teams: [String]")
	searched := []string{"mark"}
	for n := range 3 + g.IntN(5) {
		name, typ := fmt.Sprintf("f%d", n), pick(g, optionalTypes...)
		switch {
		case g.chance(0.2):
			add(name+": "+typ, g.rules(m, 1+g.IntN(2))...)
		case g.chance(0.15) && typ != "JSON":
			add(name + ": " + typ + "!")
		case g.chance(0.15) && (typ == "String" || typ == "Int" || typ == "Color"):
			add(name + ": " + typ + fmt.Sprintf(` @index(name: "by%s%d", queryField: "of%s%d")`, m.name, n, m.name, n))
		case g.chance(0.2):
			add(name + ": " + typ + fmt.Sprintf(` @refersTo(name: "column_%d")`, n))
		default:
			add(name + ": " + typ)
		}
		if typ == "String" {
			searched = append(searched, name)
		}
	}
	if g.chance(0.25) {
		add("slug: String @unique")
	}
	if g.chance(0.2) {
		m.head = append(m.head, `@mapsTo(name: "all_`+strings.ToLower(m.name)+`")`)
	}
	if g.chance(0.5) {
		m.head = append(m.head, `@search(fields: ["`+strings.Join(searched, `", "`)+`"])`)
	}
	g.references(d, m, i)
	return m
}

// references gives a model its relations to earlier ones, and some of them
// their way back.
func (g *gen) references(d *draft, m *draftModel, i int) {
	for k := range g.IntN(3) {
		if i == 0 {
			break
		}
		target := d.models[g.IntN(i)]
		if m.global && !target.global {
			continue
		}
		name := fmt.Sprintf("link%d", k)
		switch {
		case g.chance(0.15):
			m.fields = append(m.fields, &draftField{text: fmt.Sprintf("%s: %s @hasOne", name, target.name)})
			continue
		case g.chance(0.2):
			m.fields = append(m.fields, &draftField{text: fmt.Sprintf("%s: %s! @belongsTo%s", name, target.name, pick(g, "", "(onDelete: CASCADE)"))})
		default:
			m.fields = append(m.fields, &draftField{text: fmt.Sprintf("%s: %s @belongsTo%s", name, target.name, pick(g, "", "", "(onDelete: CASCADE)", "(onDelete: RESTRICT)"))})
		}
		if (!target.global || m.global) && g.chance(0.7) {
			back := &draftField{text: fmt.Sprintf("back%s%d: [%s] @hasMany(references: [%s])", m.name, k, m.name, keyNames(target, name))}
			if g.chance(0.1) {
				back.rules = g.rules(target, 1)
			}
			target.fields = append(target.fields, back)
		}
	}
	if !m.global && g.chance(0.25) {
		m.fields = append(m.fields, &draftField{text: "helper: User @belongsTo"})
	}
}

func keyNames(target *draftModel, link string) string {
	names := []string{link + "Id"}
	for _, f := range target.fields {
		if strings.Contains(f.text, "@primaryKey") {
			names = []string{link + "Code"}
		}
		if strings.HasPrefix(f.text, "rank:") {
			names = append(names, link+"Rank")
		}
	}
	return `"` + strings.Join(names, `", "`) + `"`
}

// rules draws n rules for a model or a field of it.
func (g *gen) rules(m *draftModel, n int) []string {
	var out []string
	for range n {
		rule := g.rule(m)
		if strings.Contains(rule, "$") || !slices.Contains(out, rule) {
			out = append(out, rule)
		}
	}
	return out
}

func (g *gen) rule(m *draftModel) string {
	var rule string
	switch g.IntN(13) {
	case 0, 1:
		rule = "allow: member"
	case 2:
		rule = `allow: member, roles: [` + pick(g, `"owner"`, `"owner", "admin"`, `"member"`, `"admin"`) + `]`
	case 3:
		rule = "allow: owner"
	case 11:
		rule = `allow: member, team: ` + pick(g, `"red"`, `"blue"`, `["red", "blue"]`, `"nobody"`) + pick(g, "", "", `, roles: ["member"]`)
	case 4:
		rule = `allow: owner, ownerField: "owners"` + pick(g, "", `, identityClaim: "email"`)
	case 5:
		rule = `allow: groups, groups: [` + pick(g, `"red"`, `"blue"`, `"red", "blue"`, `"nobody"`) + `]`
	case 6:
		rule = `allow: groups, groupsField: "` + pick(g, "team", "teams") + `"`
	case 7:
		rule = "allow: private"
	case 8:
		rule = "allow: public" + pick(g, "", "", ", provider: iam")
	default:
		rule = "allow: where, filter: " + literal(g.ruleFilter(m))
	}
	if g.chance(0.5) {
		ops := pick(g, "read", "read, create", "read, update", "create, update", "update, delete, read", "read, delete", "create", "list, get", "get", "list, search, create")
		rule += ", operations: [" + ops + "]"
	}
	return "{ " + rule + " }"
}

// ruleFilter draws the filter of a where rule from the fields that every model
// has, and sometimes goes through a reference that stands already.
func (g *gen) ruleFilter(m *draftModel) map[string]any {
	leaf := func() map[string]any {
		switch g.IntN(8) {
		case 0:
			return map[string]any{"owner": map[string]any{pick(g, "eq", "ne"): "$user.id"}}
		case 1:
			return map[string]any{"owners": map[string]any{"contains": pick(g, "$user.id", "$user.email")}}
		case 2:
			return map[string]any{"team": map[string]any{pick(g, "in", "notIn"): pick(g, "$user.groups", "$user.teams")}}
		case 3:
			return map[string]any{"team": map[string]any{"eq": pick(g, "red", "blue", "$org.id", "$user.username")}}
		case 4:
			return map[string]any{"teams": map[string]any{pick(g, "contains", "notContains"): pick(g, "red", "blue")}}
		case 5:
			return map[string]any{"team": map[string]any{"in": "$user.roles"}}
		case 6:
			return map[string]any{"owner": map[string]any{"isNull": g.chance(0.5)}}
		}
		return map[string]any{"mark": map[string]any{pick(g, "gt", "le"): "m" + pick(g, "3", "6", "8")}}
	}
	if link := firstLink(m); link != "" && g.chance(0.35) {
		return map[string]any{link: pick(g, leaf(), map[string]any{"not": leaf()})}
	}
	switch g.IntN(5) {
	case 0:
		return map[string]any{"or": []any{leaf(), leaf()}}
	case 1:
		return map[string]any{"not": leaf()}
	case 2:
		return map[string]any{"and": []any{leaf(), map[string]any{"not": leaf()}}}
	}
	return leaf()
}

// firstLink names a relation of the model to another with the common fields.
func firstLink(m *draftModel) string {
	for _, f := range m.fields {
		name, _, _ := strings.Cut(f.text, ":")
		if strings.HasPrefix(name, "link") || strings.HasPrefix(name, "back") {
			return name
		}
	}
	return ""
}

// literal writes a value as GraphQL does: JSON with bare keys.
func literal(v any) string {
	switch v := v.(type) {
	case map[string]any:
		var parts []string
		for _, key := range sortedKeys(v) {
			parts = append(parts, key+": "+literal(v[key]))
		}
		return "{ " + strings.Join(parts, ", ") + " }"
	case []any:
		var parts []string
		for _, item := range v {
			parts = append(parts, literal(item))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func sortedKeys[T any](m map[string]T) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
