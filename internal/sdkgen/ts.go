package sdkgen

import (
	"bytes"
	"embed"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/loam-dev/loam/internal/schema"
)

// TSOptions says how the TypeScript client is to be.
type TSOptions struct {
	Packages bool // import @loam/client and @loam/react, in place of copies of them beside the file
	React    bool // with react.ts and ui.ts
}

// File is a file to be written, by its path with slashes below the folder.
type File struct {
	Name string
	Text []byte
}

const tsMade = "Made by `loam generate ts` from schema.graphql. What is written here is lost with the next run."

// TSHeader begins every file of the TypeScript client, so that one that somebody
// wrote is never taken for one of them. CSS has it in a comment of its own.
const TSHeader = "// " + tsMade + "\n/* eslint-disable */\n"

const cssHeader = "/* " + tsMade + " */\n"

// IsMade tells the text of a file that TypeScript has made, by its beginning.
func IsMade(text []byte) bool {
	return bytes.HasPrefix(text, []byte(TSHeader)) || bytes.HasPrefix(text, []byte(cssHeader))
}

// The packages as they are built from sdk/js and sdk/react.
//
//go:embed tsruntime tsreact
var packages embed.FS

// TypeScript writes the typed client of a schema: index.ts, and beside it the
// runtime that it stands on; admin.ts is the part of that which index.ts lacks. The same schema makes the same files.
func TypeScript(s *schema.Schema, o TSOptions) []File {
	t := newTypes(s, o)
	files := []File{{"index.ts", t.index()}}
	if o.React {
		files = append(files, File{"react.ts", t.react()}, File{"ui.ts", t.ui()})
	}
	if o.Packages {
		return files
	}
	files = append(files, File{"admin.ts", []byte(TSHeader + "\nexport * from './runtime/admin.js'\n")})
	files = append(files, copied("tsruntime", "runtime")...)
	if o.React {
		files = append(files, copied("tsreact", "runtime/react")...)
	}
	return files
}

// copied are the files of a package, for a folder of the client. The one that others
// import by its name is found beside them; the stylesheet is where the app looks for it.
func copied(from, to string) (files []File) {
	err := fs.WalkDir(packages, from, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := fs.ReadFile(packages, name)
		if err != nil {
			return err
		}
		below := strings.TrimPrefix(name, from+"/")
		if path.Ext(name) == ".css" {
			files = append(files, File{path.Base(name), append([]byte(cssHeader), text...)})
			return nil
		}
		up := strings.Repeat("../", strings.Count(to+"/"+below, "/")-1)
		text = bytes.ReplaceAll(text, []byte("'@loam/client'"), []byte("'"+up+"index.js'"))
		files = append(files, File{to + "/" + below, append([]byte(TSHeader), text...)})
		return nil
	})
	if err != nil {
		panic("sdkgen: the packages are embedded: " + err.Error())
	}
	return files
}

// types is index.ts in the making.
type types struct {
	strings.Builder
	schema  *schema.Schema
	options TSOptions
	taken   map[string]bool
	app     map[string]string // names of the app's own types that TypeScript can't have, and what stands for them
	models  map[*schema.Model]typeNames
	filters map[string]string // the names of the filters that fields share, by kind

	schemaName string // of the type Schema
}

// typeNames are the types of one model.
type typeNames struct{ row, create, update, filter, model string }

// reserved are names that no type of TypeScript can have, and those that the
// file has for itself.
var reserved = []string{
	"any", "bigint", "boolean", "never", "null", "number", "object", "string", "symbol", "undefined", "unknown", "void",
	"await", "break", "case", "catch", "class", "const", "continue", "debugger", "default", "delete", "do", "else", "enum", "export", "extends",
	"false", "finally", "for", "function", "if", "implements", "import", "in", "instanceof", "interface", "let", "new", "package", "private", "protected", "public",
	"return", "static", "super", "switch", "this", "throw", "true", "try", "typeof", "var", "while", "with", "yield",
	"loam", "keys", "drafts", "createClient",
}

// newTypes gives every type its name: the app's own have theirs, and what is made
// beside them gives way.
func newTypes(s *schema.Schema, o TSOptions) *types {
	t := &types{schema: s, options: o, taken: map[string]bool{}, app: map[string]string{}, models: map[*schema.Model]typeNames{}, filters: map[string]string{}}
	for _, word := range reserved {
		t.taken[word] = true
	}
	var own []string
	for _, e := range s.Enums {
		own = append(own, e.Name)
	}
	for _, e := range s.Embedded {
		own = append(own, e.Name)
	}
	for _, m := range s.Models {
		own = append(own, m.Name)
	}
	slices.Sort(own) // so that it does not depend on the order of the file which one gives way
	for _, name := range own {
		t.app[name] = t.name(name)
	}
	for _, m := range s.Models {
		row := t.app[m.Name]
		t.models[m] = typeNames{row, t.name(m.Name + "Create"), t.name(m.Name + "Update"), t.name(m.Name + "Filter"), t.name(m.Name + "Model")}
	}
	return t
}

func (t *types) name(want string) string {
	for t.taken[want] {
		want += "_"
	}
	t.taken[want] = true
	return want
}

// line writes parts as one line.
func (t *types) line(parts ...string) {
	for _, p := range parts {
		t.WriteString(p)
	}
	t.WriteByte('\n')
}

// doc writes what the schema file says, as the comment of what comes next.
func (t *types) doc(indent, text, deprecated string) {
	if deprecated != "" {
		text = strings.TrimPrefix(text+"\n@deprecated "+deprecated, "\n")
	}
	if text = strings.ReplaceAll(strings.TrimSpace(text), "*/", `*\/`); text == "" {
		return
	}
	lines := strings.Split(text, "\n")
	if len(lines) == 1 {
		t.line(indent, "/** ", text, " */")
		return
	}
	t.line(indent, "/**")
	for _, l := range lines {
		t.line(indent, strings.TrimRight(" * "+strings.TrimSpace(l), " "))
	}
	t.line(indent, " */")
}

func (t *types) index() []byte {
	from := "./runtime/index.js"
	if t.options.Packages {
		from = "@loam/client"
	}
	t.line(strings.TrimSuffix(TSHeader, "\n"))
	t.line()
	t.line("import * as loam from '", from, "'")
	t.line()
	t.line("export * from '", from, "'")
	for _, e := range t.schema.Enums {
		t.enum(e)
	}
	for _, e := range t.schema.Embedded {
		t.embedded(e)
	}
	for _, m := range t.schema.Models {
		t.model(m)
	}
	t.sharedFilters()
	t.client()
	return []byte(t.String())
}

// enum is a list of values, and the type of one of them, under one name.
func (t *types) enum(e *schema.Enum) {
	name := t.app[e.Name]
	lines := []string{e.Doc}
	for i, doc := range e.Docs {
		if doc != "" {
			lines = append(lines, "- "+e.Values[i]+": "+doc)
		}
	}
	t.line()
	t.doc("", strings.Join(lines, "\n"), "")
	t.line("export const ", name, " = ['", strings.Join(e.Values, "', '"), "'] as const")
	t.line("export type ", name, " = (typeof ", name, ")[number]")
}

// embedded is an object that rows hold as a value. Its members that are null are
// left out of a row.
func (t *types) embedded(e *schema.Embedded) {
	t.line()
	t.doc("", e.Doc, "")
	t.line("export interface ", t.app[e.Name], " {")
	for _, f := range e.Fields {
		t.doc("  ", f.Doc, f.Deprecated)
		t.line("  ", f.Name, optional(!f.Required), ": ", t.value(f))
	}
	t.line("}")
}

// client is what the app's code begins with.
func (t *types) client() {
	t.schemaName = t.name("Schema")
	s, client, of := t.schemaName, t.name("Client"), t.name("RowOf")
	roles := "never"
	if len(t.schema.Roles) > 0 {
		roles = "'" + strings.Join(t.schema.Roles, "' | '") + "'"
	}
	role := t.name("OrganizationRole")
	t.line()
	t.line("/** What a member of an organization may be. */")
	t.line("export type ", role, " = ", roles)
	t.line()
	t.line("/** All that is known of the backend. */")
	t.line("export interface ", s, " {")
	t.line("  models: {")
	for _, m := range t.schema.Models {
		t.line("    ", m.Path, ": ", t.models[m].model)
	}
	t.line("  }")
	t.line("  role: ", role)
	t.own("user", "User", false, 0)
	t.own("signUp", "User", true, schema.Create)
	t.own("profile", "User", true, schema.Update)
	t.own("organization", "Organization", false, 0)
	t.own("organizationChange", "Organization", true, schema.Update)
	t.line("}")
	t.line()
	t.line("/** The type of a row as it is asked for: `", of, "<'tasks', { fields: ['title']; include: { project: true } }>`. */")
	t.line("export type ", of, "<C extends keyof ", s, "['models'], A = {}> = loam.RowOf<", s, ", C, A>")
	t.line()
	t.line("export type ", client, " = loam.Client<", s, ">")
	t.line()
	t.line("const keys = {")
	for _, m := range t.schema.Models {
		names := make([]string, len(m.Key))
		for i, f := range m.Key {
			names[i] = "'" + f.Name + "'"
		}
		t.line("  ", m.Path, ": [", strings.Join(names, ", "), "],")
	}
	t.line("} as const")
	t.drafts(s)
	t.line()
	t.line("/** Makes a client of this backend. */")
	t.line("export const createClient = (options?: loam.ClientOptions): ", client, " => loam.createClient<", s, ">(keys, options, drafts)")
}

// own are the fields that the app gives a built-in model: as they are answered, or as they are
// written by an operation.
func (t *types) own(member, model string, input bool, op schema.Operation) {
	m := t.schema.Model(model)
	if m == nil || m.Profile == nil {
		t.line("  ", member, ": {}")
		return
	}
	t.line("  ", member, ": {")
	for _, f := range m.Profile.Fields {
		if f.Implicit || input && !writable(m.Field(f.Name), schema.Create|schema.Update) {
			continue
		}
		t.doc("    ", f.Doc, f.Deprecated)
		if input {
			t.line("    ", f.Name, optional(op == schema.Update || !f.Required || f.Default != nil), ": ", t.input(f))
		} else {
			t.line("    ", f.Name, "?: ", t.value(m.Field(f.Name)))
		}
	}
	t.line("  }")
}

func optional(yes bool) string {
	if yes {
		return "?"
	}
	return ""
}
