// Package sdkgen makes, out of a schema, the typed TypeScript client, and what
// other clients are generated from: the OpenAPI document of the REST door. It is
// pure: it serves and writes nothing. Of the rules it knows which operations they
// leave to anybody, and which rows to everybody.
package sdkgen

import (
	"slices"

	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

// Options says what a document can't take from the schema.
type Options struct {
	Title     string // of the app; "" is "Loam"
	Version   string // of the app; "" is the schema's hash
	ServerURL string // where the doors are; "" is where the document came from
	MaxPage   int    // rows of one page, at most; 0 is the default limit
	MaxBatch  int    // writes of one batch, at most; 0 leaves it unsaid
}

// OpenAPI writes the OpenAPI 3.1 document of the REST door: one line of JSON,
// the same for the same schema.
func OpenAPI(s *schema.Schema, o Options) []byte {
	d := newDocument(s, o.orDefaults(s))
	d.addProblem()
	for _, e := range s.Enums {
		d.addEnum(e)
	}
	for _, e := range s.Embedded {
		d.addEmbedded(e)
	}
	for _, m := range s.Models {
		d.addModel(m)
	}
	d.addFilters()
	d.addBatch()
	d.addAuth()
	return appendJSON(make([]byte, 0, len(d.paths)+len(d.schemas)+1<<16), d.json())
}

func (o Options) orDefaults(s *schema.Schema) Options {
	if o.Title == "" {
		o.Title = "Loam"
	}
	if o.Version == "" {
		o.Version = s.Hash
	}
	if o.ServerURL == "" {
		o.ServerURL = "/"
	}
	if o.MaxPage == 0 {
		o.MaxPage = query.DefaultLimits.Page
	}
	return o
}

// document is an OpenAPI document in the making.
type document struct {
	options Options
	schema  *schema.Schema
	taken   map[string]bool // names of component schemas
	models  map[*schema.Model]modelNames
	filters map[string]string // the component of each filter that a field needs, by filterKey

	tags    []object
	paths   written
	schemas written
	problem string // the component of every error
}

// modelNames are the component schemas of one model.
type modelNames struct {
	row, create, update, page, values, totals, filter string
}

// newDocument gives every schema its name. The app's types have theirs; what is
// made beside them gives way.
func newDocument(s *schema.Schema, o Options) *document {
	d := &document{
		options: o,
		schema:  s,
		taken:   make(map[string]bool, 8*len(s.Models)+64),
		models:  make(map[*schema.Model]modelNames, len(s.Models)),
		filters: map[string]string{},
		paths:   make(written, 0, (len(s.Models)+1)<<14),
		schemas: make(written, 0, (len(s.Models)+1)<<13),
	}
	for _, m := range s.Models {
		d.taken[m.Name] = true
	}
	for _, e := range s.Enums {
		d.taken[e.Name] = true
	}
	for _, e := range s.Embedded {
		d.taken[e.Name] = true
	}
	for _, m := range s.Models {
		d.models[m] = modelNames{
			row: m.Name, create: d.name(m.Name + "Create"), update: d.name(m.Name + "Update"), page: d.name(m.Name + "Page"),
			values: d.name(m.Name + "Values"), totals: d.name(m.Name + "Totals"), filter: d.name(m.Name + "Filter"),
		}
	}
	return d
}

// name takes the wanted name of a component schema, or one near it.
func (d *document) name(want string) string {
	for d.taken[want] {
		want += "_"
	}
	d.taken[want] = true
	return want
}

// add adds a component schema.
func (d *document) add(name string, schema object) {
	d.schemas = d.schemas.add(name, schema)
}

func ref(schema string) object { return object{{"$ref", "#/components/schemas/" + schema}} }

func (d *document) json() object {
	o := d.options
	return object{
		{"openapi", "3.1.0"},
		{"info", object{{"title", o.Title}, {"version", o.Version}, {"description", introduction}}},
		{"servers", []object{{{"url", o.ServerURL}}}},
		{"tags", d.tags},
		{"paths", d.paths},
		{"components", object{
			{"schemas", d.schemas},
			{"responses", d.responses()},
			{"parameters", sharedParameters(o.MaxPage)},
			{"headers", sharedHeaders()},
			{"securitySchemes", object{
				{bearer, object{{"type", "http"}, {"scheme", "bearer"}, {"bearerFormat", "JWT"}, {"description", "The `accessToken` of a sign-in."}}},
				{apiKey, object{{"type", "apiKey"}, {"in", "header"}, {"name", "X-Api-Key"}, {"description", "A key of one organization."}}},
			}},
		}},
	}
}

// The security schemes.
const (
	bearer = "bearer"
	apiKey = "apiKey"
)

const introduction = `Rows are read with GET, made with POST, changed with PATCH and removed with DELETE.

**Filters.** ` + "`field=value`, or `field.op=value` with an operator of the field's type: `eq ne lt lte gt gte between in notIn contains notContains beginsWith size isNull`." + `
Several values are joined by commas. A dotted path leads through relations: ` + "`project.name.beginsWith=A`" + `. For and, or and not there is ` + "`filter`" + `, a JSON object.

**Pages.** A list answers ` + "`items` and `nextCursor`" + `; send it back as ` + "`cursor`" + ` for the next page, with everything else as before.

**Concurrency.** A row's ETag is its version. Send it as If-Match, and a row that has changed since answers 412.
An Idempotency-Key makes a write safe to repeat for 24 hours.

**Errors** are problem documents (RFC 9457) with a ` + "`code`" + ` that never changes its meaning.`

// operation is one operation of a path.
type operation struct {
	id, tag              string
	summary, description string
	security             []object
	parameters           []object
	body                 object // a schema; nil for none
	status               string
	answer               object  // a response
	also                 object  // further good responses, by status
	problems             written // as of problemRefs
}

func (o operation) json() object {
	responses := make(written, 0, len(o.problems)+512).add(o.status, o.answer)
	for _, m := range o.also {
		responses = responses.add(m.key, m.value)
	}
	responses = append(append(responses, ','), o.problems...)
	security := make([]any, len(o.security)) // an empty list says: none needed
	for i, s := range o.security {
		security[i] = s
	}
	out := object{{"operationId", o.id}, {"tags", []string{o.tag}}, {"summary", o.summary}}.
		and(member{"description", o.description}, member{"parameters", o.parameters})
	if o.body != nil {
		out = append(out, member{"requestBody", object{{"required", true}, {"content", jsonContent(o.body)}}})
	}
	return append(out, member{"responses", responses}, member{"security", security})
}

func jsonContent(schema object) object {
	return object{{"application/json", object{{"schema", schema}}}}
}

// answers is a response with a JSON body.
func answers(description string, schema object, headers ...string) object {
	out := object{{"description", description}}
	if headers != nil {
		list := object{}
		for _, h := range headers {
			list = append(list, member{h, object{{"$ref", "#/components/headers/" + h}}})
		}
		out = append(out, member{"headers", list})
	}
	return append(out, member{"content", jsonContent(schema)})
}

// path adds a path with its operations by method; one without operations is
// left out.
func (d *document) path(pattern string, operations object) {
	if len(operations) > 0 {
		d.paths = d.paths.add(pattern, operations)
	}
}

func sharedParameter(name string) object {
	return object{{"$ref", "#/components/parameters/" + name}}
}

func sharedParameters(maxPage int) object {
	in := func(place, name, description string, schema object) object {
		return object{{"name", name}, {"in", place}, {"description", description}, {"schema", schema}}
	}
	text := object{{"type", "string"}}
	return object{
		{"sort", in("query", "sort", "Fields to sort by, joined by commas; `-` in front for descending: `-createdAt,title`.", text)},
		{"limit", in("query", "limit", "Rows of a page.", object{{"type", "integer"}, {"minimum", 1}, {"maximum", maxPage}, {"default", min(query.DefaultPage, maxPage)}})},
		{"cursor", in("query", "cursor", "`nextCursor` of the page before.", text)},
		{"count", in("query", "count", "Also answer `total`, the number of all rows that match.", object{{"type", "boolean"}, {"default", false}})},
		{"fields", in("query", "fields", "Answer these fields only, joined by commas; a dotted one is a relation's, which it includes: `id,title,project.name`.", text)},
		{"ifMatch", in("header", "If-Match", "The ETag that the row must have.", text)},
		{"ifNoneMatch", in("header", "If-None-Match", "An ETag; the row is answered only if it has another.", text)},
		{"read", in("header", "Loam-Read", "`replica` lets a read replica answer, where there are any; `replica; max-lag=2s` one that is no further behind.", text)},
		{"idempotencyKey", in("header", "Idempotency-Key", "Any text that is new for each request, and the same when the request is repeated.",
			object{{"type", "string"}, {"maxLength", 255}})},
	}
}

func sharedHeaders() object {
	text := object{{"type", "string"}}
	return object{
		{"ETag", object{{"description", "The row's version, in quotes."}, {"schema", text}}},
		{"Loam-Read", object{{"description", "Where the answer is from, to a request with Loam-Read: `primary`, or `replica; lag=120ms`, which is the most that it may be behind."}, {"schema", text}}},
		{"Location", object{{"description", "The path of the new row."}, {"schema", text}}},
		{"Retry-After", object{{"description", "Seconds to wait."}, {"schema", object{{"type", "integer"}}}}},
		{"X-Request-Id", object{{"description", "Names the request in the log."}, {"schema", text}}},
	}
}

// securityOf tells who may come at all: the rules that allow the operation name
// the ways in.
func securityOf(m *schema.Model, op schema.Operation) []object {
	var user, key, guest bool
	for _, r := range m.Rules {
		switch {
		case r.Ops&op == 0:
		case r.Allow != schema.AllowPublic:
			user = true
		case r.Provider == "apiKey":
			key = true
		default:
			user, key, guest = true, true, true
		}
	}
	var out []object
	for _, way := range []struct {
		open bool
		need object
	}{{user, object{{bearer, []any{}}}}, {key, object{{apiKey, []any{}}}}, {guest, object{}}} {
		if way.open {
			out = append(out, way.need)
		}
	}
	return out
}

// allowed is the union of what the model's rules allow to anybody.
func allowed(m *schema.Model) schema.Operation {
	var ops schema.Operation
	for _, r := range m.Rules {
		ops |= r.Ops
	}
	if m.ReadOnly {
		ops &= schema.Read
	}
	return ops
}

// visible lists the fields that a row has on the doors, relations included.
func visible(m *schema.Model) []*schema.Field {
	return slices.DeleteFunc(slices.Clone(m.Fields), func(f *schema.Field) bool { return f.Hidden })
}
