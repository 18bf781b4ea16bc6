package schema

import (
	"fmt"
	"strings"
)

// Reference is the reference page of the schema language in Markdown, made
// from the tables that the checker uses.
func Reference() string {
	var b strings.Builder
	b.WriteString("# The schema language\n\n" +
		"`schema.graphql` says what the data is and who may touch it. This page lists its directives, its scalars and its limits.\n\n## Directives\n")
	for _, d := range servedDirectives() {
		fmt.Fprintf(&b, "\n### @%s\n\n%s %s", d.name, d.doc, placeText(d.on))
		if d.repeatable {
			b.WriteString(" It may stand several times.")
		}
		b.WriteString("\n")
		writeArguments(&b, d.args)
	}
	writeBuiltIns(&b)
	b.WriteString("\n## What is not served\n\nThese directives are known, and each is an error that says what to write instead.\n\n| directive | instead |\n| --- | --- |\n")
	for _, d := range unservedDirectives() {
		fmt.Fprintf(&b, "| `@%s` | %s |\n", d.name, d.instead)
	}
	b.WriteString("\n## Scalars\n\nA name that starts with AWS means the same as the one without; clients see the name that the schema has.\n\n| scalar | a value is |\n| --- | --- |\n")
	for _, s := range scalarSpecs() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", s.name, s.form)
	}
	b.WriteString("\n## Limits\n\n| what | limit |\n| --- | --- |\n")
	for _, l := range limitTable() {
		fmt.Fprintf(&b, "| %s | %d |\n", l.what, l.limit)
	}
	return b.String()
}

// writeBuiltIns lists the built-in models and what may extend them.
func writeBuiltIns(b *strings.Builder) {
	b.WriteString("\n## Built-in models\n\nThe system keeps users and organizations; the schema reads them as models where it refers to them or extends them. `extend type User { ... }`\n" +
		"and `extend type Organization { ... }` give them fields of the app's own: scalars, enums, embedded types and lists, with `@auth`, `@default`, `@validate`,\n" +
		"`@deprecated`, `@refersTo` and `@renamedFrom`. On User, `allow: owner` is the user. A required one without a default is asked for at sign-up, and may be null\n" +
		"for users who came in another way.\n\n| model | is | fields | names that are taken |\n| --- | --- | --- | --- |\n")
	for _, m := range builtIns() {
		var fields []string
		for _, f := range m.fields {
			fields = append(fields, f.name)
		}
		fmt.Fprintf(b, "| `%s` | %s | `%s` | `%s` |\n", m.name, m.doc, strings.Join(fields, "`, `"), strings.Join(m.taken, "`, `"))
	}
}

// writeArguments lists arguments, those of objects below their own.
func writeArguments(b *strings.Builder, specs []argSpec) {
	if len(specs) == 0 {
		return
	}
	b.WriteString("\n| argument | value | meaning |\n| --- | --- | --- |\n")
	var rows func(prefix string, specs []argSpec)
	rows = func(prefix string, specs []argSpec) {
		for _, s := range specs {
			value := s.valueText()
			if s.required {
				value += ", required"
			}
			fmt.Fprintf(b, "| `%s%s` | %s | %s |\n", prefix, s.name, value, s.doc)
			rows(prefix+s.name+".", s.fields)
		}
	}
	rows("", specs)
}

func (s *argSpec) valueText() string {
	value := map[argKind]string{argText: "text", argNumber: "a whole number", argTexts: "a list of text", argObject: "an object",
		argObjects: "a list of objects", argFilter: "a filter", argAny: "anything"}[s.kind]
	if len(s.words) > 0 {
		value = "`" + strings.Join(s.words, "`, `") + "`"
		if s.kind == argWords {
			value = "a list of " + value
		}
	}
	if s.nullable {
		value += ", or null"
	}
	return value
}

func placeText(on place) string {
	switch {
	case on&onModel != 0 && on&onField != 0:
		return "It stands on a type or on a field."
	case on&onModel != 0:
		return "It stands on a type."
	default:
		return "It stands on a field."
	}
}

// limit is one row of the table of limits.
type limit struct {
	what  string
	limit int
}

func limitTable() []limit {
	return []limit{
		{"bytes of schema.graphql", maxSource}, {"models", maxModels}, {"enums and embedded types", maxTypes}, {"fields of a type", maxFields},
		{"values of an enum", maxValues}, {"indexes of a model", maxIndexes}, {"fields of a key or an index", maxKeyFields},
		{"rules of a type or field", maxRules}, {"checks of a field", maxChecks}, {"fields of a @search", maxSearch},
		{"levels of a rule's filter", maxFilterDepth}, {"levels of embedded types", maxEmbedded}, {"limit of a @hasMany", maxPageLimit},
		{"characters of a name", longestName}, {"characters of an ID", MaxID}, {"bytes of a String", MaxString}, {"bytes of an Email", MaxEmail},
		{"bytes of a URL", MaxURL}, {"elements of a list", MaxList}, {"levels of a JSON value", MaxJSONDepth},
		{"bytes of a JSON value, a list or an embedded object", MaxJSON},
	}
}
