package backend

import (
	"fmt"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/graphql"
	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/sdkgen"
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

// API is the GraphQL schema in the dialect that loam.yaml asks for.
func (c *Compiled) API(settings *config.Config) (*graphql.API, error) {
	dialect := map[string]graphql.Dialect{"native": graphql.Native, "amplify": graphql.Amplify}
	asked, ok := dialect[settings.API.GraphQL]
	if !ok || asked == c.GraphQL.Dialect {
		return c.GraphQL, nil
	}
	api, clashes := graphql.NewAPI(c.Schema, asked)
	if api == nil {
		return nil, fmt.Errorf("api.graphql: %s does not fit the schema:\n%s", settings.API.GraphQL, clashes)
	}
	return api, nil
}

// OpenAPI is the document of the REST door, as /api/openapi.json serves it.
func (c *Compiled) OpenAPI(settings *config.Config) []byte {
	limits := settings.Limits.Request
	return sdkgen.OpenAPI(c.Schema, sdkgen.Options{Title: settings.Name, MaxPage: limits.PageSize, MaxBatch: limits.Batch})
}

// TypeScript is the typed client of the schema, as loam.yaml asks for it.
func (c *Compiled) TypeScript(settings *config.Config) []sdkgen.File {
	return sdkgen.TypeScript(c.Schema, sdkgen.TSOptions{Packages: settings.Generate.Packages, React: settings.Generate.React})
}
