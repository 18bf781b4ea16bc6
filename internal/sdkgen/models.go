package sdkgen

import (
	"slices"
	"strings"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

// addModel adds the schemas and paths of a model: those that its rules leave
// to anybody.
func (d *document) addModel(m *schema.Model) {
	names, ops := d.models[m], allowed(m)
	d.tags = append(d.tags, object{{"name", m.Name}}.and(member{"description", m.Doc}))
	d.add(names.row, d.row(m))
	d.addFilter(m)
	if ops&schema.Create != 0 {
		d.add(names.create, d.newRow(m))
	}
	if ops&schema.Update != 0 {
		d.add(names.update, d.changedRow(m))
	}
	if ops&schema.List != 0 {
		d.add(names.page, page(names.row))
		d.addTotals(m)
	}
	base := "/api/" + m.Path
	d.path(base, d.collection(m, ops))
	if ops&schema.List != 0 {
		d.path(base+":aggregate", object{{"get", d.aggregate(m).json()}})
	}
	d.path(base+"/"+keyPattern(m), d.single(m, ops))
}

// row is a row as it is answered. A field with rules of its own may be left
// out or null for some callers.
func (d *document) row(m *schema.Model) object {
	properties, required := object{}, []string{}
	for _, f := range visible(m) {
		if f.Relation != nil {
			properties = append(properties, member{f.Name, described(f, d.related(f), f.Doc)})
			continue
		}
		value := described(f, d.value(f), fieldText(m, f)).and(member{"readOnly", f.ReadOnly})
		properties = append(properties, member{f.Name, value})
		if f.Rules == nil {
			required = append(required, f.Name)
		}
	}
	return objectSchema(m.Doc, properties, required)
}

// related is what a row has of a relation where it is included.
func (d *document) related(f *schema.Field) object {
	target := ref(d.models[f.Relation.Target].row)
	if f.Relation.ToMany() {
		return object{{"type", "array"}, {"items", target}}
	}
	return orNull(target)
}

// fieldText describes a field: in the file's words, or in ours where it is one
// that the server keeps.
func fieldText(m *schema.Model, f *schema.Field) string {
	switch {
	case f.Doc != "":
		return f.Doc
	case f == m.Version:
		return "Counts the changes of the row; its ETag."
	}
	for _, r := range m.Fields {
		if r.Relation != nil && r.Relation.Type == schema.BelongsTo && len(r.Relation.From) == 1 && r.Relation.From[0] == f {
			return "The key of its " + r.Relation.Target.Name + "."
		}
	}
	return ""
}

// newRow is the input of a create and an upsert.
func (d *document) newRow(m *schema.Model) object {
	properties, required := object{}, []string{}
	for _, f := range inputs(m) {
		value := d.input(m, f, f.Default)
		made := madeID(m) == f
		if made {
			value = object{{"type", "string"}, {"pattern", "^[a-z0-9][a-z0-9_-]{0,127}$"}, {"description", "Left out: a UUIDv7 is made."}}
		}
		properties = append(properties, member{f.Name, value})
		if f.Required && f.Default == nil && !made && f != m.CreatedAt && f != m.UpdatedAt {
			required = append(required, f.Name)
		}
	}
	return closed(objectSchema("", properties, required))
}

// changedRow is the input of an update: what is left out stays.
func (d *document) changedRow(m *schema.Model) object {
	properties := object{}
	for _, f := range inputs(m) {
		if !slices.Contains(m.Key, f) {
			properties = append(properties, member{f.Name, d.input(m, f, nil)})
		}
	}
	return closed(objectSchema("What is left out stays as it is.", properties, nil))
}

// inputs lists the fields that a caller may write.
func inputs(m *schema.Model) []*schema.Field {
	return slices.DeleteFunc(visible(m), func(f *schema.Field) bool { return f.Relation != nil || f.ReadOnly })
}

// madeID is the key that the server makes where the input has none, or nil.
func madeID(m *schema.Model) *schema.Field {
	if key := m.Key[0]; len(m.Key) == 1 && key.Kind == schema.ScalarKind && key.Scalar == schema.ID {
		return key
	}
	return nil
}

// input is the schema of a field that is written. Its default, where leaving it
// out means that, is said in words: as a keyword it makes generators take the
// field for one that is always there.
func (d *document) input(m *schema.Model, f *schema.Field, byDefault *string) object {
	value, words := limited(f, d.value(f))
	if text := fieldText(m, f); text != "" {
		words = append([]string{text}, words...)
	}
	if byDefault != nil {
		words = append(words, "Default: `"+*byDefault+"`.")
	}
	if f.List {
		value = append(value[:len(value):len(value)], member{"maxItems", schema.MaxList})
	}
	return described(f, value, strings.Join(words, " "))
}

// page is a page of rows.
func page(row string) object {
	return objectSchema("", object{
		{"items", object{{"type", "array"}, {"items", ref(row)}}},
		{"nextCursor", object{{"type", []string{"string", "null"}}, {"description", "Of the next page; null on the last."}}},
		{"total", object{{"type", "integer"}, {"description", "All rows that match, where `count=true` asked."}}},
	}, []string{"items", "nextCursor"})
}

// addTotals adds what an aggregate answers.
func (d *document) addTotals(m *schema.Model) {
	names := d.models[m]
	values := object{}
	for _, f := range visible(m) {
		if f.Relation == nil && f.Plain() {
			values = append(values, member{f.Name, orNull(d.element(f))})
		}
	}
	numbers := object{{"type", "object"}, {"additionalProperties", object{{"type", []string{"number", "null"}}}}}
	d.add(names.values, objectSchema("Fields that were named in the request.", values, nil))
	d.add(names.totals, objectSchema("", object{
		{"group", ref(names.values)}, {"count", object{{"type", "integer"}}}, {"sum", numbers}, {"avg", numbers},
		{"min", ref(names.values)}, {"max", ref(names.values)},
	}, []string{"group", "count", "sum", "avg", "min", "max"}))
}

// one is the model's name with its article.
func one(m *schema.Model) string {
	if strings.ContainsRune("AEIOaeio", rune(m.Name[0])) {
		return "an " + m.Name
	}
	return "a " + m.Name
}

// keyPattern is the last part of a row's path: the key's values in order,
// joined by commas.
func keyPattern(m *schema.Model) string {
	parts := make([]string, len(m.Key))
	for i, f := range m.Key {
		parts[i] = "{" + f.Name + "}"
	}
	return strings.Join(parts, ",")
}

func (d *document) keyParameters(m *schema.Model) []object {
	parameters := make([]object, len(m.Key))
	for i, f := range m.Key {
		parameters[i] = object{{"name", f.Name}, {"in", "path"}, {"required", true}, {"schema", d.element(f)}}
	}
	return parameters
}

// What can go wrong, by the kind of request.
var (
	readProblems = problemRefs(fault.Invalid, fault.Unauthenticated, fault.Forbidden, fault.NotFound, fault.Timeout,
		fault.TooLarge, fault.Internal, fault.Unavailable)
	writeProblems = problemRefs(fault.Invalid, fault.Unauthenticated, fault.Forbidden, fault.NotFound, fault.Timeout, fault.Conflict,
		fault.Precondition, fault.TooLarge, fault.Unsupported, fault.Unprocessable, fault.Internal, fault.Unavailable, fault.StorageFull)
)

// collection are the operations on /api/{plural}.
func (d *document) collection(m *schema.Model, ops schema.Operation) object {
	names, out := d.models[m], object{}
	if ops&schema.List != 0 {
		out = append(out, member{"get", d.list(m, ops).json()})
	}
	if ops&schema.Create != 0 {
		out = append(out, member{"post", operation{
			id: "create" + m.Name, tag: m.Name, summary: "Create " + one(m),
			security: securityOf(m, schema.Create), parameters: []object{sharedParameter("idempotencyKey")}, body: ref(names.create),
			status: "201", answer: answers("The new row, as the caller may read it; its key alone where they may not.", ref(names.row), "ETag", "Location"),
			problems: writeProblems,
		}.json()})
	}
	if ops&schema.Create != 0 && ops&schema.Update != 0 {
		out = append(out, member{"put", operation{
			id: "upsert" + m.Name, tag: m.Name, summary: "Create or change " + one(m),
			description: "The row is found by " + uniqueKeys(m) + ", whichever the body has in full.",
			security:    securityOf(m, schema.Update), parameters: []object{sharedParameter("ifMatch"), sharedParameter("idempotencyKey")},
			body: ref(names.create), status: "200", answer: answers("The row was there, and is changed.", ref(names.row), "ETag"),
			also: object{{"201", answers("The row is new.", ref(names.row), "ETag", "Location")}}, problems: writeProblems,
		}.json()})
	}
	return out
}

func uniqueKeys(m *schema.Model) string {
	keys := [][]*schema.Field{m.Key}
	for _, index := range m.Indexes {
		if index.Unique {
			keys = append(keys, index.Fields)
		}
	}
	texts := make([]string, len(keys))
	for i, fields := range keys {
		names := make([]string, len(fields))
		for j, f := range fields {
			names[j] = "`" + f.Name + "`"
		}
		texts[i] = strings.Join(names, " and ")
	}
	return strings.Join(texts, ", or by ")
}

// listParameters and totalParameters are the parameters that are no filter.
var (
	listParameters  = []string{"sort", "limit", "cursor", "count", "fields", "include", "filter", "search"}
	totalParameters = []string{"groupBy", "sum", "avg", "min", "max"}
)

func (d *document) list(m *schema.Model, ops schema.Operation) operation {
	var parameters []object
	for _, name := range []string{"sort", "limit", "cursor", "count", "fields"} {
		parameters = append(parameters, sharedParameter(name))
	}
	parameters = append(parameters, include(m)...)
	if m.Search != nil && ops&schema.SearchOp != 0 {
		names := make([]string, len(m.Search.Fields))
		for i, f := range m.Search.Fields {
			names[i] = "`" + f.Name + "`"
		}
		parameters = append(parameters, object{
			{"name", "search"}, {"in", "query"},
			{"description", "Words that must all occur in " + strings.Join(names, " or ") + ", the last one as a beginning; the best match comes first unless sort says otherwise."},
			{"schema", object{{"type", "string"}, {"maxLength", query.MaxSearch}}},
		})
	}
	parameters = append(parameters, sharedParameter("read"), d.jsonFilter(m))
	return operation{
		id: "list" + m.Plural, tag: m.Name, summary: "List " + m.Plural, security: securityOf(m, schema.List),
		parameters: append(parameters, d.filterParameters(m, listParameters, inURL)...),
		status:     "200", answer: answers("A page of rows.", ref(d.models[m].page), "Loam-Read"), problems: readProblems,
	}
}

func (d *document) aggregate(m *schema.Model) operation {
	var parameters []object
	for i, text := range []string{"Fields to group by", "Numbers to add up", "Numbers to average", "Fields whose least value to answer", "Fields whose greatest value to answer"} {
		parameters = append(parameters, object{
			{"name", totalParameters[i]}, {"in", "query"}, {"description", text + ", joined by commas."}, {"schema", object{{"type", "string"}}},
		})
	}
	parameters = append(parameters, sharedParameter("read"), d.jsonFilter(m))
	answer := objectSchema("", object{
		{"items", object{{"type", "array"}, {"items", ref(d.models[m].totals)}}}, {"nextCursor", object{{"type", "null"}}},
	}, []string{"items", "nextCursor"})
	return operation{
		id: "aggregate" + m.Plural, tag: m.Name, summary: "Count and group " + m.Plural, security: securityOf(m, schema.List),
		parameters: append(parameters, d.filterParameters(m, slices.Concat(listParameters, totalParameters), equal)...),
		status:     "200", answer: answers("One item a group; one in all without groupBy.", answer, "Loam-Read"), problems: readProblems,
	}
}

// single are the operations on /api/{plural}/{id}.
func (d *document) single(m *schema.Model, ops schema.Operation) object {
	names, key, out := d.models[m], d.keyParameters(m), object{}
	if ops&schema.Get != 0 {
		parameters := append(slices.Clip(key), sharedParameter("fields"), sharedParameter("read"))
		parameters = append(parameters, include(m)...)
		headers := []string{"Loam-Read"}
		var also object
		if !m.ReadOnly {
			headers, parameters = append(headers, "ETag"), append(parameters, sharedParameter("ifNoneMatch"))
			also = object{{"304", object{{"description", "The row still has the ETag of If-None-Match."}}}}
		}
		out = append(out, member{"get", operation{
			id: "get" + m.Name, tag: m.Name, summary: "Get " + one(m), security: securityOf(m, schema.Get), parameters: parameters,
			status: "200", answer: answers("The row.", ref(names.row), headers...), also: also, problems: readProblems,
		}.json()})
	}
	guarded := append(slices.Clip(key), sharedParameter("ifMatch"), sharedParameter("idempotencyKey"))
	if ops&schema.Update != 0 {
		out = append(out, member{"patch", operation{
			id: "update" + m.Name, tag: m.Name, summary: "Change " + one(m), security: securityOf(m, schema.Update), parameters: guarded,
			body: ref(names.update), status: "200", answer: answers("The row after the change.", ref(names.row), "ETag"), problems: writeProblems,
		}.json()})
	}
	if ops&schema.Delete != 0 {
		out = append(out, member{"delete", operation{
			id: "delete" + m.Name, tag: m.Name, summary: "Delete " + one(m), security: securityOf(m, schema.Delete), parameters: guarded,
			status: "204", answer: object{{"description", "The row is gone."}}, problems: writeProblems,
		}.json()})
	}
	return out
}
