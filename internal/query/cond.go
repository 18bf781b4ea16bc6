package query

import (
	"fmt"

	"github.com/loam-dev/loam/internal/schema"
)

// Test is what one Cond asks.
type Test uint8

// The tests. Logic has two values: a comparison with a null is false, and its
// negation true.
const (
	All     Test = iota // true for every row
	None                // false for every row
	And                 // of Kids
	Or                  // of Kids
	Not                 // of Kids[0]
	Related             // Field is a relation: some related row meets Kids[0]
	Eq                  // Field and Args[0]
	Ne                  // the negation of Eq
	Lt
	Le
	Gt
	Ge
	Between     // Args[0] <= Field <= Args[1]
	In          // Args[0] is a list
	NotIn       // the negation of In
	Contains    // a text has the part, or a list the element Args[0]
	NotContains // the negation of Contains
	BeginsWith
	Overlaps // a list has an element of the list Args[0]; only in rules
	IsNull
	NotNull
)

// Cond is a bound condition on a row of one model: a rule or a filter. It is
// immutable.
type Cond struct {
	Test  Test
	Kids  []*Cond
	Field *schema.Field
	Size  bool // compare the number of characters or elements
	Args  []Operand
}

// Operand is a typed constant, or a variable of the caller's that a rule
// names. A list is []any.
type Operand struct {
	Value any
	Var   Var
}

// Var names a variable of the caller's: "user.id", "org.id", "user.claims.x".
type Var string

// The variables. Claim variables start with VarClaims.
const (
	VarUserID   Var = "user.id"
	VarUsername Var = "user.username"
	VarEmail    Var = "user.email"
	VarGroups   Var = "user.groups" // a list
	VarRoles    Var = "user.roles"  // a list: the roles in the active organization
	VarTeams    Var = "user.teams"  // a list: the ids of the caller's teams there
	VarOrgID    Var = "org.id"
	VarClaims   Var = "user.claims."
)

// AllOf is the conjunction of the conditions that are not nil; nil is true.
func AllOf(conds ...*Cond) *Cond { return combine(And, conds) }

// AnyOf is the disjunction of conds, none of which is nil.
func AnyOf(conds ...*Cond) *Cond { return combine(Or, conds) }

func combine(test Test, conds []*Cond) *Cond {
	kept := make([]*Cond, 0, len(conds))
	for _, c := range conds {
		if c != nil {
			kept = append(kept, c)
		}
	}
	switch len(kept) {
	case 0:
		return nil
	case 1:
		return kept[0]
	}
	return &Cond{Test: test, Kids: kept}
}

// Walk calls fn for c and everything below it, parents first.
func (c *Cond) Walk(fn func(*Cond)) {
	if c == nil {
		return
	}
	fn(c)
	for _, kid := range c.Kids {
		kid.Walk(fn)
	}
}

// Append writes the condition's canonical text: equal conditions, and only
// those, have equal texts. It is for digests, not for people.
func (c *Cond) Append(b []byte) []byte {
	if c == nil {
		return append(b, '*')
	}
	b = append(b, '(', byte('A'+c.Test))
	if c.Field != nil {
		b = append(append(b, c.Field.Name...), ' ')
	}
	if c.Size {
		b = append(b, '#')
	}
	for _, a := range c.Args {
		b = fmt.Appendf(b, "%T%#v%q,", a.Value, a.Value, a.Var)
	}
	for _, kid := range c.Kids {
		b = kid.Append(b)
	}
	return append(b, ')')
}
