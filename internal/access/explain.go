package access

import (
	"fmt"
	"slices"
	"strings"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

// Outcome is what rules say.
type Outcome string

// The outcomes. Depends is for what only a row, or other rows, can tell.
const (
	Allowed  Outcome = "allowed"
	Refused  Outcome = "refused"
	Depends  Outcome = "depends"
	NotAsked Outcome = "notAsked" // of a rule that is about other operations
)

// Explanation is why a caller may do something with rows of a model, or may not. Its
// outcome is the one that a Grant stands for.
type Explanation struct {
	Model     string            `json:"model"`
	Operation string            `json:"operation"`
	Verdict   Outcome           `json:"verdict"`
	Why       string            `json:"why"`
	Filter    *string           `json:"filter"` // which rows, in words; nil: all or none, as the verdict says
	Rules     []RuleExplained   `json:"rules"`
	Fields    []FieldExplained  `json:"fields"`
	Caller    map[string]string `json:"caller"` // what the rules know of them
}

// RuleExplained is what one rule says.
type RuleExplained struct {
	RuleInWords
	Verdict Outcome `json:"verdict"`
	Lacks   string  `json:"lacks,omitempty"` // what a caller would need whom it allows nothing
	Matches *bool   `json:"matches"`         // the row; nil where that is not known, or not asked
	Filter  string  `json:"filter,omitempty"`
}

// Decision is what the rules say together, and which of them decides.
type Decision struct {
	Verdict Outcome      `json:"verdict"`
	Why     string       `json:"why"`
	Rule    *RuleInWords `json:"rule"` // that alone allows it; nil: none, or several together
}

// About is what an explanation is asked of.
type About struct {
	Row Row // nil: any. Of update and delete it is the row before
	// New is a row that would be created, instead of Row. It becomes its creator's.
	New *query.BoundWrite
	// Missing tells that the row which was asked about is not there.
	Missing bool
	// Ask asks the database whether the row meets a Grant; nil: what looks at other rows
	// is left open.
	Ask func(Grant, Row) (bool, error)
}

// Operations are the names that an explanation is asked by.
func Operations() map[string]schema.Operation {
	return map[string]schema.Operation{"create": schema.Create, "get": schema.Get, "list": schema.List, "listen": schema.Listen, "search": schema.SearchOp, "update": schema.Update, "delete": schema.Delete}
}

// writes are the operations that change a row.
const writes = schema.Create | schema.Update | schema.Delete

// explainer answers one question.
type explainer struct {
	weaver
	m     *schema.Model
	op    schema.Operation
	about About
	row   Row
	known map[*query.Cond]bool // what the database has answered
	err   error                // of the first that it did not
}

// Explain says what each rule makes of an operation by a caller. It asks the rules that
// every Grant is made of.
func (p *Policy) Explain(by *Principal, m *schema.Model, op schema.Operation, about About) (Explanation, error) {
	x := &explainer{weaver: weaver{Policy: p, by: by}, m: m, op: op, about: about, row: about.Row, known: map[*query.Cond]bool{}}
	if about.New != nil {
		x.fillOwner(about.New)
		x.row = newRow{about.New}
	}
	e := Explanation{Model: m.Name, Operation: operationName(op), Rules: []RuleExplained{}, Fields: []FieldExplained{}, Caller: by.inWords()}
	rules := p.models[m].rules
	for i := range rules {
		e.Rules = append(e.Rules, x.rule(&rules[i], op))
	}
	d := x.model(op)
	readable := d
	if op&writes != 0 {
		readable = x.model(schema.Get)
	}
	for _, f := range m.Fields {
		if !f.Hidden {
			e.Fields = append(e.Fields, x.field(f, d, readable))
		}
	}
	if about.New != nil {
		d = x.created(d, e.Fields)
	}
	e.Verdict, e.Why = d.Verdict, d.Why
	if v, err := x.verdict(op); err == nil && v.cond != nil {
		filter := conditionInWords(v.cond)
		e.Filter = &filter
	}
	return e, x.err
}

// verdict is what the doors go by.
func (x *explainer) verdict(op schema.Operation) (verdict, error) {
	if op == schema.Listen {
		return x.listen(x.m)
	}
	return x.Policy.model(x.m, x.by, op)
}

// model decides about the row as a whole.
func (x *explainer) model(op schema.Operation) Decision {
	v, err := x.verdict(op)
	if err == nil && op&writes != 0 {
		err = x.by.mayWrite()
	}
	switch {
	case op&writes != 0 && x.m.ReadOnly:
		return Decision{Verdict: Refused, Why: x.m.Name + " is built in: its rows are written at /auth alone"}
	case err != nil && fault.Is(err, fault.AccessDenied) && x.by.mayWrite() == nil:
		d := Decision{Verdict: Refused, Why: fmt.Sprintf("no rule of %s lets them %s", x.m.Name, doing(op))}
		return x.lacking(d, x.models[x.m].rules, op)
	case err != nil:
		return Decision{Verdict: Refused, Why: x.inTheirPlace(x.m, err)}
	case x.about.Missing:
		return Decision{Verdict: Refused, Why: fmt.Sprintf("there is no such %s", x.m.Name)}
	case op == schema.Listen && v.allowed && v.cond == nil && x.m.Ops.PublicSubscriptions:
		return Decision{Verdict: Allowed, Why: "subscriptions of " + x.m.Name + " are public to all who show credentials"}
	case op == schema.SearchOp && !x.searched():
		return Decision{Verdict: Refused, Why: "they may not read any field that " + x.m.Name + " is searched by"}
	}
	return x.decide(x.models[x.m].rules, v, op, x.row)
}

// inTheirPlace is what an error tells who is not the caller.
func (x *explainer) inTheirPlace(m *schema.Model, err error) string {
	if fault.Is(err, fault.AccessNoOrganization) && x.by.Kind == User {
		return m.Name + " belongs to an organization, and they are a member of none, or not of the one that is asked about"
	}
	return fault.Of(err).Message
}

// searched tells whether there is a field that a search may look into.
func (x *explainer) searched() bool {
	return x.m.Search != nil && slices.ContainsFunc(x.m.Search.Fields, func(f *schema.Field) bool { return x.wholly(f, "search") == nil })
}

// decide says what a list of rules makes of an operation on a row, and which of them
// it is that does.
func (x *explainer) decide(rules []compiled, v verdict, op schema.Operation, row Row) Decision {
	d := Decision{Verdict: x.outcome(v, row)}
	switch {
	case x.by.Kind == Superuser:
		d.Why = "an admin of the server stands above the rules here"
	case d.Verdict == Allowed:
		d.Why = "the rules together allow it"
		for i := range rules {
			if c := &rules[i]; c.Ops&op != 0 && c.applies(x.by) && x.maybe(c.cond, row) == Allowed {
				words := c.inWords()
				d.Rule, d.Why = &words, "a rule allows it: "+words.Words
				break
			}
		}
	case d.Verdict == Depends:
		d.Why = "it depends on the row: where " + conditionInWords(v.cond)
		if row != nil {
			d.Why = "it depends on other rows: where " + conditionInWords(v.cond)
		}
	case v.allowed:
		return x.lacking(Decision{Verdict: Refused, Why: "the row is not one that a rule lets them " + strings.TrimSuffix(doing(op), " it") + ": where " + conditionInWords(v.cond)}, rules, op)
	default:
		return x.lacking(Decision{Verdict: Refused, Why: "no rule lets them " + doing(op)}, rules, op)
	}
	return d
}

// doing is an operation on a row in words.
func doing(op schema.Operation) string {
	return map[schema.Operation]string{schema.Create: "create it", schema.Get: "read it", schema.List: "list it", schema.SearchOp: "search it", schema.Listen: "follow it",
		schema.Update: "change it", schema.Delete: "delete it"}[op]
}

// lacking adds to a refusal what the caller would need for the rules that do not speak of
// them.
func (x *explainer) lacking(d Decision, rules []compiled, op schema.Operation) Decision {
	var lacks []string
	for i := range rules {
		if c := &rules[i]; c.Ops&op != 0 {
			if text := c.lacks(x.by); text != "" && !slices.Contains(lacks, text) {
				lacks = append(lacks, text)
			}
		}
	}
	if len(lacks) > 0 {
		d.Why += "; " + strings.Join(lacks, "; ")
	}
	return d
}

func (x *explainer) rule(c *compiled, op schema.Operation) RuleExplained {
	out := RuleExplained{RuleInWords: c.inWords()}
	if c.cond != nil {
		out.Filter = conditionInWords(c.cond)
	}
	switch out.Lacks = c.lacks(x.by); {
	case c.Ops&op == 0:
		out.Verdict, out.Lacks = NotAsked, ""
	case x.by.Kind == Superuser:
		out.Verdict, out.Lacks = Allowed, ""
	case out.Lacks != "":
		out.Verdict = Refused
	default:
		out.Verdict = x.maybe(c.cond, x.row)
		if c.cond != nil && out.Verdict != Depends {
			matches := out.Verdict == Allowed
			out.Matches = &matches
		}
	}
	return out
}

// outcome is what a verdict says of a row, nil for any.
func (x *explainer) outcome(v verdict, row Row) Outcome {
	if !v.allowed {
		return Refused
	}
	return x.maybe(v.cond, row)
}

// maybe splits what looks at other rows where it can be: what is met without them is
// not asked of the database.
func (x *explainer) maybe(c *query.Cond, row Row) Outcome {
	switch {
	case c == nil || c.Test == query.All:
		return Allowed
	case c.Test == query.None:
		return Refused
	case row == nil:
		return Depends
	case !needsDatabase(c):
		return allowedIf(Match(c, x.by, row))
	}
	switch c.Test {
	case query.Not:
		return map[Outcome]Outcome{Allowed: Refused, Refused: Allowed, Depends: Depends}[x.maybe(c.Kids[0], row)]
	case query.And, query.Or:
		settles := map[query.Test]Outcome{query.And: Refused, query.Or: Allowed}[c.Test]
		out := map[query.Test]Outcome{query.And: Allowed, query.Or: Refused}[c.Test]
		for _, kid := range c.Kids {
			switch one := x.maybe(kid, row); one {
			case settles:
				return settles
			case Depends:
				out = Depends
			}
		}
		return out
	}
	return x.ask(c)
}

// ask has the database say whether the row meets a condition.
func (x *explainer) ask(c *query.Cond) Outcome {
	tenants := x.m.Scope == schema.Tenant || c.Field.Relation.Target.Scope == schema.Tenant
	if x.about.Ask == nil || x.row == nil || x.err != nil || tenants && x.by.Org == "" {
		return Depends
	}
	met, asked := x.known[c]
	if !asked {
		met, x.err = x.about.Ask(Grant{by: x.by, node: &Node{Bound: &query.Bound{Model: x.m, Op: query.List, Limit: 1}, Rule: c}}, x.row)
		if x.err != nil {
			return Depends
		}
		x.known[c] = met
	}
	return allowedIf(met)
}

func allowedIf(yes bool) Outcome {
	if yes {
		return Allowed
	}
	return Refused
}

// inWords is what the rules know of a caller.
func (p *Principal) inWords() map[string]string {
	out := map[string]string{}
	for name, value := range map[string]string{"id": p.UserID, "organization": p.Org, "role": p.Role, "teams": strings.Join(p.Teams, ", "), "groups": strings.Join(p.Groups, ", ")} {
		if value != "" {
			out[name] = value
		}
	}
	out["kind"] = map[Kind]string{Anonymous: "nobody", User: "user", APIKey: "API key", System: "server", Superuser: "admin of the server"}[p.Kind]
	return out
}
