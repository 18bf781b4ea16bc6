package backend

import (
	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/graphql"
	"github.com/loam-dev/loam/internal/schema"
)

// Compiled is a schema file that is free of errors, with all that follows from
// it alone. It is immutable.
type Compiled struct {
	Schema  *schema.Schema
	Policy  *access.Policy
	GraphQL *graphql.API
	Source  string
}

// Compile parses and checks a schema file in every room that has a say, for
// organizations with the roles of the configuration. With an error among the
// diagnostics there is no Compiled.
func Compile(name, source string, roles []string) (*Compiled, schema.Diagnostics) {
	s, diags := schema.ParseAll(name, source, roles)
	if s == nil {
		return nil, diags
	}
	c := &Compiled{Schema: s, Source: source}
	if diags.HasErrors() {
		diags = append(diags, access.CheckFilters(s)...) // all mistakes at once
	} else {
		var rules, names schema.Diagnostics
		c.Policy, rules = access.NewPolicy(s)
		c.GraphQL, names = graphql.NewAPI(s, graphql.DialectOf(s))
		diags = append(append(diags, rules...), names...)
	}
	for i := range diags {
		diags[i].File = name
	}
	diags = diags.Sorted()
	if diags.HasErrors() {
		return nil, diags
	}
	return c, diags
}
