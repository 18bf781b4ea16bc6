// Package amplify_test holds Loam's served GraphQL schema against what AWS
// Amplify's own transformer makes of the same file: whatever Amplify serves,
// Loam serves under the same name, with the same arguments and types. Loam may
// add. The goldens beside the schemas are printed by `npm run oracle`.
package amplify_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/loam-dev/loam/internal/graphql"
	"github.com/loam-dev/loam/internal/schema"
)

// inputs lists the schemas: testdata/<name>.graphql.
func inputs(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.graphql")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".graphql")
		if !strings.Contains(name, ".") {
			names = append(names, name)
		}
	}
	if len(names) < 6 {
		t.Fatalf("only %d schemas", len(names))
	}
	return names
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// serve makes the API of a schema as it is served to Amplify's clients.
func serve(t *testing.T, name string) (*schema.Schema, *graphql.API) {
	t.Helper()
	s, diagnostics := schema.Parse(name+".graphql", read(t, name+".graphql"))
	if s == nil {
		t.Fatalf("%s does not load:\n%s", name, diagnostics)
	}
	api, clashes := graphql.NewAPI(s, graphql.Amplify)
	if clashes != nil {
		t.Fatalf("%s has no API:\n%s", name, clashes)
	}
	return s, api
}

func TestServesWhatAmplifyServes(t *testing.T) {
	for _, name := range inputs(t) {
		t.Run(name, func(t *testing.T) {
			s, api := serve(t, name)
			doc, err := parser.ParseSchema(&ast.Source{Name: name, Input: read(t, name+".appsync.graphql")})
			if err != nil {
				t.Fatal(err)
			}
			c := comparison{t: t, schema: s, api: api, amplify: doc}
			for _, def := range doc.Definitions {
				c.definition(def)
			}
		})
	}
}

type comparison struct {
	t       *testing.T
	schema  *schema.Schema
	api     *graphql.API
	amplify *ast.SchemaDocument
}

func (c *comparison) definition(def *ast.Definition) {
	if def.Name == "AmplifyAIConversationTurnErrorInput" { // stands in every schema; nothing refers to it
		return
	}
	ours := c.api.Schema.Types[def.Name]
	if ours == nil || ours.Kind != def.Kind {
		c.t.Errorf("%s %s is missing", strings.ToLower(string(def.Kind)), def.Name)
		return
	}
	for _, v := range def.EnumValues {
		if ours.EnumValues.ForName(v.Name) == nil {
			c.t.Errorf("enum %s lacks %s", def.Name, v.Name)
		}
	}
	for _, f := range def.Fields {
		c.field(def, f, ours.Fields.ForName(f.Name))
	}
}

func (c *comparison) field(def *ast.Definition, theirs, ours *ast.FieldDefinition) {
	switch {
	case ours == nil && c.leftover(def, theirs):
	case ours == nil:
		c.t.Errorf("%s.%s is missing; Amplify: %s", def.Name, theirs.Name, theirs.Type)
	case ours.Type.String() != theirs.Type.String() && !c.wider(def, theirs, ours) && !enumList(theirs, ours):
		c.t.Errorf("%s.%s is %s; Amplify: %s", def.Name, theirs.Name, ours.Type, theirs.Type)
	default:
		c.arguments(def, theirs, ours)
	}
}

func (c *comparison) arguments(def *ast.Definition, theirs, ours *ast.FieldDefinition) {
	for _, a := range theirs.Arguments {
		b := ours.Arguments.ForName(a.Name)
		if b == nil {
			c.t.Errorf("%s.%s(%s:) is missing; Amplify: %s", def.Name, theirs.Name, a.Name, a.Type)
		} else if a.Type.String() != b.Type.String() {
			c.t.Errorf("%s.%s(%s:) is %s; Amplify: %s", def.Name, theirs.Name, a.Name, b.Type, a.Type)
		}
	}
	for _, b := range ours.Arguments {
		if theirs.Arguments.ForName(b.Name) == nil && b.Type.NonNull && b.DefaultValue == nil {
			c.t.Errorf("%s.%s(%s:) is required, and Amplify's clients don't know it", def.Name, theirs.Name, b.Name)
		}
	}
}

var filterOf = regexp.MustCompile(`^Model(?:Subscription)?(\w+)FilterInput$`)

// leftover tells of a filter on a field that the model does not have in
// Amplify's own schema either (the id of a model with another key; a child's
// key in the events of its parent). Such a filter can't select anything.
func (c *comparison) leftover(def *ast.Definition, f *ast.FieldDefinition) bool {
	match := filterOf.FindStringSubmatch(def.Name)
	if match == nil {
		return false
	}
	for _, object := range c.amplify.Definitions {
		if object.Kind == ast.Object && strings.EqualFold(object.Name, match[1]) {
			return object.Fields.ForName(f.Name) == nil
		}
	}
	return false
}

// wider tells of an input that Loam fills in where a client leaves it out and
// Amplify demands: a default, a timestamp, one of two names of a key. And an
// id is never null, even where the file says that it may be.
func (c *comparison) wider(def *ast.Definition, theirs, ours *ast.FieldDefinition) bool {
	if def.Kind == ast.Object {
		m := c.api.Types[def.Name]
		return m != nil && m.Key[0].Name == theirs.Name && ours.Type.String() == theirs.Type.String()+"!"
	}
	for _, m := range c.schema.Models {
		if !strings.EqualFold(def.Name, "Create"+m.Name+"Input") || theirs.Type.String() != ours.Type.String()+"!" {
			continue
		}
		f := c.api.FieldOf(m, theirs.Name)
		return f.Default != nil || f.Alias != "" || f == m.CreatedAt || f == m.UpdatedAt
	}
	return false
}

// enumList tells of the filter of a required list of enum values, for which
// Amplify takes the operators of one value.
func enumList(theirs, ours *ast.FieldDefinition) bool {
	return ours.Type.Name() == strings.TrimSuffix(theirs.Type.Name(), "Input")+"ListInput"
}

func TestTakesTheDocumentsOfAmplifysClients(t *testing.T) {
	for _, name := range inputs(t) {
		t.Run(name, func(t *testing.T) {
			_, api := serve(t, name)
			doc, err := parser.ParseQuery(&ast.Source{Name: name, Input: read(t, name+".documents.graphql")})
			if err != nil {
				t.Fatal(err)
			}
			if len(doc.Operations) == 0 {
				t.Fatal("there are no documents")
			}
			for _, err := range validator.ValidateWithRules(api.Schema, doc, rules.NewDefaultRules()) {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestEverythingResolves holds the API's maps against its schema: whatever a
// client may ask for has an operation, a model or an embedded type behind it.
func TestEverythingResolves(t *testing.T) {
	for _, name := range inputs(t) {
		_, api := serve(t, name)
		for root, ops := range map[*ast.Definition]map[string]*graphql.Operation{
			api.Schema.Query: api.Queries, api.Schema.Mutation: api.Mutations, api.Schema.Subscription: api.Subscriptions,
		} {
			for _, f := range root.Fields {
				if ops[f.Name] == nil && !strings.HasPrefix(f.Name, "_") {
					t.Errorf("%s: %s.%s has no operation", name, root.Name, f.Name)
				}
			}
		}
		for _, m := range api.Types {
			for _, f := range api.Schema.Types[m.Name].Fields {
				if api.FieldOf(m, f.Name) == nil {
					t.Errorf("%s: %s.%s has no field", name, m.Name, f.Name)
				}
			}
		}
		for name, def := range api.Schema.Types {
			if def.Kind == ast.Object && def.Fields.ForName("items") != nil && api.Connections[name] == nil {
				t.Errorf("%s: %s is no connection of a model", name, name)
			}
		}
	}
}
