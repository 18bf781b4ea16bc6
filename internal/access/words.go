package access

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

// RuleInWords is a rule for people to read.
type RuleInWords struct {
	Words      string   `json:"words"`
	Allow      string   `json:"allow"`
	Operations []string `json:"operations"`
	Line       int      `json:"line"`
	Column     int      `json:"column"`
}

// InWords are the rules of a model, or of one of its fields; nil where it has none of
// its own.
func (p *Policy) InWords(m *schema.Model, f *schema.Field) []RuleInWords {
	rules := p.models[m].rules
	if f != nil {
		rules = p.models[m].fields[f]
	}
	var out []RuleInWords
	for i := range rules {
		out = append(out, rules[i].inWords())
	}
	return out
}

func (c *compiled) inWords() RuleInWords {
	ops := operationsOf(c.Ops)
	return RuleInWords{Words: c.who() + " may " + listed(ops, "and"), Allow: string(c.Allow), Operations: ops, Line: c.Pos.Line, Column: c.Pos.Column}
}

// operationsOf names operations; the reads together where all are there.
func operationsOf(ops schema.Operation) []string {
	var out []string
	for _, op := range []schema.Operation{schema.Create, schema.Get, schema.List, schema.Listen, schema.SearchOp, schema.Update, schema.Delete} {
		switch {
		case ops&op == 0:
		case op&schema.Read != 0 && ops&schema.Read == schema.Read:
			if op == schema.Get {
				out = append(out, "read")
			}
		default:
			out = append(out, operationName(op))
		}
	}
	return out
}

// who says whom a rule is about.
func (c *compiled) who() string {
	switch c.Allow {
	case schema.AllowPublic:
		return map[bool]string{true: "whoever shows an API key", false: c.came()}[c.Provider == "apiKey"]
	case schema.AllowPrivate:
		return "every signed-in user"
	case schema.AllowMember:
		who := "members of the organization"
		if len(c.Roles) > 0 {
			who += " with the role " + listed(c.Roles, "or")
		}
		if len(c.Teams) > 0 {
			who += " in the team " + listed(c.Teams, "or")
		}
		return who
	case schema.AllowGroups:
		if c.GroupsField == nil {
			return "users in the group " + listed(c.Groups, "or")
		}
		return "users in a group, where " + conditionInWords(c.cond)
	case schema.AllowOwner:
		return "a signed-in user, where " + conditionInWords(c.cond)
	}
	return c.came() + ", where " + conditionInWords(c.cond)
}

// came says who came in by the rule's provider.
func (c *compiled) came() string {
	switch c.Provider {
	case "apiKey":
		return "whoever shows an API key"
	case "iam", "identityPool":
		return "everybody, signed in or not"
	}
	return "every signed-in user"
}

func listed(items []string, last string) string {
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	n := len(items) - 1
	return strings.Join(items[:n], ", ") + " " + last + " " + items[n]
}

// conditionInWords says what a condition asks of a row; "all rows" where it asks
// nothing.
func conditionInWords(c *query.Cond) string {
	if c == nil {
		return "nothing is asked of the row"
	}
	switch c.Test {
	case query.All:
		return "the row may be any"
	case query.None:
		return "the row may be none"
	case query.And, query.Or:
		words := map[query.Test]string{query.And: " and ", query.Or: " or "}[c.Test]
		var parts []string
		for _, kid := range c.Kids {
			text := conditionInWords(kid)
			if (kid.Test == query.And || kid.Test == query.Or) && kid.Test != c.Test {
				text = "(" + text + ")"
			}
			parts = append(parts, text)
		}
		return strings.Join(parts, words)
	case query.Not:
		return "not (" + conditionInWords(c.Kids[0]) + ")"
	case query.Related:
		if c.Field.Relation.ToMany() {
			return fmt.Sprintf("one of %s has: (%s)", c.Field.Name, conditionInWords(c.Kids[0]))
		}
		return fmt.Sprintf("its %s has: (%s)", c.Field.Name, conditionInWords(c.Kids[0]))
	}
	name := c.Field.Name
	if c.Size {
		name = "the length of " + name
	}
	args := make([]string, len(c.Args))
	for i, a := range c.Args {
		args[i] = operandInWords(a)
	}
	return name + " " + testInWords(c, args)
}

func testInWords(c *query.Cond, args []string) string {
	switch c.Test {
	case query.IsNull:
		return "is empty"
	case query.NotNull:
		return "is not empty"
	case query.Between:
		return "is from " + args[0] + " to " + args[1]
	}
	words := map[query.Test]string{
		query.Eq: "is", query.Ne: "is not", query.Lt: "is below", query.Le: "is at most", query.Gt: "is above", query.Ge: "is at least",
		query.In: "is one of", query.NotIn: "is none of", query.Contains: "contains", query.NotContains: "does not contain", query.BeginsWith: "begins with", query.Overlaps: "has one of",
	}[c.Test]
	return words + " " + strings.Join(args, ", ")
}

func operandInWords(a query.Operand) string {
	if a.Var != "" {
		return varInWords(a.Var)
	}
	if items, ok := a.Value.([]any); ok {
		words := make([]string, len(items))
		for i, item := range items {
			words[i] = operandInWords(query.Operand{Value: item})
		}
		return listed(words, "or")
	}
	text, err := json.Marshal(a.Value)
	if err != nil {
		return fmt.Sprint(a.Value)
	}
	return string(text)
}

func varInWords(v query.Var) string {
	switch v {
	case query.VarUserID, query.VarUsername:
		return "the caller's id"
	case query.VarEmail:
		return "the caller's address"
	case query.VarGroups:
		return "the caller's groups"
	case query.VarRoles:
		return "the caller's role"
	case query.VarTeams:
		return "the caller's teams"
	case query.VarOrgID:
		return "the active organization"
	}
	return "the claim " + strings.TrimPrefix(string(v), string(query.VarClaims)) + " of the caller"
}

// lacks says why a rule never allows this caller anything; "" for one that may.
func (c *compiled) lacks(p *Principal) string {
	if c.applies(p) {
		return ""
	}
	if p.Kind != User && !(c.Allow == schema.AllowPublic || c.Allow == schema.AllowWhere) {
		return "nobody is signed in"
	}
	if (c.Allow == schema.AllowPublic || c.Allow == schema.AllowWhere) && !c.provided(p) {
		if c.Provider == "apiKey" {
			return "no API key is shown"
		}
		return "nobody is signed in"
	}
	for _, v := range c.vars {
		if p.Value(v) == nil {
			return "there is none of: " + varInWords(v)
		}
	}
	switch {
	case c.Allow == schema.AllowMember && p.Role == "":
		return "the caller is no member of the organization"
	case c.Allow == schema.AllowMember && len(c.Roles) > 0 && !slices.Contains(c.Roles, p.Role):
		return "the caller's role is " + p.Role + ", not " + listed(c.Roles, "or")
	case c.Allow == schema.AllowMember:
		return "the caller is not in the team " + listed(c.Teams, "or")
	}
	return "the caller is not in the group " + listed(c.Groups, "or")
}
