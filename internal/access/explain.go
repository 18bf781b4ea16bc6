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
	Fields    []FieldExplained  `json:"fields"` // with rules of their own
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

// FieldExplained is what the rules of one field say, or those of the keys that a
// relation stands on.
type FieldExplained struct {
	Name    string          `json:"name"`
	Verdict Outcome         `json:"verdict"`
	Rules   []RuleExplained `json:"rules"`
}

// Operations are the names that an explanation is asked by.
func Operations() map[string]schema.Operation {
	return map[string]schema.Operation{"create": schema.Create, "get": schema.Get, "list": schema.List, "listen": schema.Listen, "search": schema.SearchOp, "update": schema.Update, "delete": schema.Delete}
}

// Explain says what each rule makes of an operation by a caller: on a row, or without
// one on any. Of a create the row is the new one, of update and delete the one before.
func (p *Policy) Explain(by *Principal, m *schema.Model, op schema.Operation, row Row) Explanation {
	e := Explanation{Model: m.Name, Operation: operationName(op), Rules: []RuleExplained{}, Fields: []FieldExplained{}, Caller: by.inWords()}
	rules := p.models[m].rules
	for i := range rules {
		e.Rules = append(e.Rules, rules[i].explain(by, op, row))
	}
	for _, f := range m.Fields {
		if f.Hidden || !p.hasOwn(f) {
			continue
		}
		e.Fields = append(e.Fields, p.explainField(by, f, op, row))
	}
	v, err := p.model(m, by, op)
	if err == nil {
		err = refusedWrite(by, op)
	}
	switch {
	case err != nil:
		e.Verdict, e.Why = Refused, fault.Of(err).Message
	case op&(schema.Create|schema.Update|schema.Delete) != 0 && m.ReadOnly:
		e.Verdict, e.Why = Refused, m.Name+" is built in: its rows are written at /auth alone"
	default:
		e.Verdict = v.outcome(by, row)
		e.Why = e.because(by, row != nil)
		if v.cond != nil {
			filter := conditionInWords(v.cond)
			e.Filter = &filter
		}
	}
	return e
}

// because is the reason of a verdict in a sentence.
func (e *Explanation) because(by *Principal, row bool) string {
	switch {
	case by.Kind == Superuser:
		return "an admin of the server stands above the rules here"
	case e.Verdict == Allowed:
		i := slices.IndexFunc(e.Rules, func(r RuleExplained) bool { return r.Verdict == Allowed })
		if i < 0 { // several together
			return "the rules allow it"
		}
		return "a rule allows it: " + e.Rules[i].Words
	case e.Verdict == Depends && row:
		return "it depends on other rows, which the database knows"
	case e.Verdict == Depends:
		return "it depends on the row"
	}
	var lacks []string
	for _, r := range e.Rules {
		if r.Lacks != "" && !slices.Contains(lacks, r.Lacks) {
			lacks = append(lacks, r.Lacks)
		}
	}
	if len(lacks) > 0 {
		return fmt.Sprintf("the row is not one that a rule lets them %s; by other rules: %s", e.Operation, strings.Join(lacks, "; "))
	}
	return "the row is not one that a rule lets them " + e.Operation
}

func (c *compiled) explain(by *Principal, op schema.Operation, row Row) RuleExplained {
	out := RuleExplained{RuleInWords: c.inWords()}
	if c.cond != nil {
		out.Filter = conditionInWords(c.cond)
	}
	switch out.Lacks = c.lacks(by); {
	case c.Ops&op == 0:
		out.Verdict, out.Lacks = NotAsked, ""
	case by.Kind == Superuser:
		out.Verdict, out.Lacks = Allowed, ""
	case out.Lacks != "":
		out.Verdict = Refused
	default:
		out.Verdict = verdict{true, c.cond}.outcome(by, row)
		if c.cond != nil && out.Verdict != Depends {
			matches := out.Verdict == Allowed
			out.Matches = &matches
		}
	}
	return out
}

func (p *Policy) explainField(by *Principal, f *schema.Field, op schema.Operation, row Row) FieldExplained {
	out := FieldExplained{Name: f.Name, Verdict: p.field(f, by, op).outcome(by, row), Rules: []RuleExplained{}}
	for _, own := range p.standsOn(f) {
		rules := p.models[f.Model].fields[own]
		for i := range rules {
			out.Rules = append(out.Rules, rules[i].explain(by, op, row))
		}
	}
	return out
}

// standsOn are the field itself and the keys that a relation stands on.
func (p *Policy) standsOn(f *schema.Field) []*schema.Field {
	if r := f.Relation; r != nil && !heldByTarget(f.Model, r) {
		return append([]*schema.Field{f}, r.From...)
	}
	return []*schema.Field{f}
}

func (p *Policy) hasOwn(f *schema.Field) bool {
	return slices.ContainsFunc(p.standsOn(f), func(f *schema.Field) bool { _, has := p.models[f.Model].fields[f]; return has })
}

// outcome is what a verdict says of a row, nil for any. What looks at other rows is
// split where it can be: one rule that is met without them is enough.
func (v verdict) outcome(by *Principal, row Row) Outcome {
	if !v.allowed {
		return Refused
	}
	return maybe(v.cond, by, row)
}

func maybe(c *query.Cond, by *Principal, row Row) Outcome {
	switch {
	case c == nil || c.Test == query.All:
		return Allowed
	case c.Test == query.None:
		return Refused
	case row == nil:
		return Depends
	case !needsDatabase(c):
		if Match(c, by, row) {
			return Allowed
		}
		return Refused
	}
	switch c.Test {
	case query.Not:
		return map[Outcome]Outcome{Allowed: Refused, Refused: Allowed, Depends: Depends}[maybe(c.Kids[0], by, row)]
	case query.And, query.Or:
		settles := map[query.Test]Outcome{query.And: Refused, query.Or: Allowed}[c.Test]
		out := map[query.Test]Outcome{query.And: Allowed, query.Or: Refused}[c.Test]
		for _, kid := range c.Kids {
			switch one := maybe(kid, by, row); one {
			case settles:
				return settles
			case Depends:
				out = Depends
			}
		}
		return out
	}
	return Depends
}

// refusedWrite is what no rule has a say in: who may not write at all.
func refusedWrite(by *Principal, op schema.Operation) error {
	if op&schema.Read != 0 {
		return nil
	}
	return by.mayWrite()
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
