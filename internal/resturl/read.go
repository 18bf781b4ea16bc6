// Package resturl is what a URL of the REST door asks for: the query of a read, and the
// key of a row in a path. It knows no HTTP and no caller; what is wrong is an error that
// names the parameter.
package resturl

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

// maxParameters bounds the parameters of one URL.
const maxParameters = 100

// parameters turns a URL's query into a read. Parameters are the named ones
// below, and filters: a path of fields with an operator behind it,
// "project.name.beginsWith". Those of a list that is included have its path in
// front: "include.tasks.limit".
type parameters struct {
	model     *schema.Model
	read      *query.Read
	aggregate bool
	filter    map[string]any // of the filter parameters
	includes  map[string]*parameters
	fields    []string
}

// Read reads a query string for a model. The read selects, filters and
// sorts as asked; the caller sets what the path says.
func Read(m *schema.Model, rawQuery string, aggregate bool) (*query.Read, error) {
	values, err := url.ParseQuery(rawQuery)
	if err != nil {
		return nil, fault.New(fault.HTTPParameter, "the URL's query is not well formed").Because(err)
	}
	if len(values) > maxParameters {
		return nil, fault.New(fault.HTTPParameter, "the URL has %d parameters, more than %d", len(values), maxParameters)
	}
	p := newParameters(m)
	p.aggregate = aggregate
	if aggregate {
		p.read.Op = query.Aggregate
	}
	for name, all := range values {
		if len(all) > 1 {
			return nil, fault.New(fault.HTTPParameter, "%s is there twice; for several values use %s.in=a,b", name, name).At(name)
		}
		if !validText(name) || !validText(all[0]) {
			return nil, fault.New(fault.HTTPParameter, "a parameter is not valid UTF-8 text")
		}
		if err := p.set(name, all[0]); err != nil {
			return nil, err
		}
	}
	return p.finish()
}

func validText(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

func newParameters(m *schema.Model) *parameters {
	return &parameters{model: m, read: &query.Read{Model: m.Name, Op: query.List, Strict: true}, includes: map[string]*parameters{}}
}

// ofLists are the parameters that an aggregate does not take.
var ofLists = []string{"sort", "limit", "cursor", "count", "search", "fields", "include"}

func (p *parameters) set(name, value string) error {
	if p.aggregate && slices.Contains(ofLists, name) {
		return fault.New(fault.HTTPParameter, "%s is for lists; an aggregate takes groupBy, sum, avg, min, max and filters", name).At(name)
	}
	switch name {
	case "sort":
		p.read.Sort = sorts(value)
		return nil
	case "limit":
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 {
			return fault.New(fault.QueryLimit, "limit is %q; it is a number of rows, from 1", value).At("limit")
		}
		p.read.Limit = n
		return nil
	case "cursor":
		p.read.Cursor = value
		return nil
	case "count":
		var err error
		p.read.Count, err = strconv.ParseBool(value)
		if err != nil {
			return fault.New(fault.HTTPParameter, "count is true or false").At("count")
		}
		return nil
	case "search":
		p.read.Op, p.read.Search = query.Search, value
		return nil
	case "filter":
		return p.json(value)
	case "fields":
		p.fields = append(p.fields, strings.Split(value, ",")...)
		return nil
	case "include":
		return p.include(strings.Split(value, ","))
	}
	if p.aggregate {
		if list := p.total(name); list != nil {
			*list = strings.Split(value, ",")
			return nil
		}
	}
	if rest, ok := strings.CutPrefix(name, "include."); ok {
		return p.nested(rest, value)
	}
	return p.test(strings.Split(name, "."), value)
}

func (p *parameters) total(name string) *[]string {
	totals := &p.read.Totals
	return map[string]*[]string{"groupBy": &totals.GroupBy, "sum": &totals.Sum, "avg": &totals.Avg, "min": &totals.Min, "max": &totals.Max}[name]
}

func sorts(value string) []query.Sort {
	var out []query.Sort
	for name := range strings.SplitSeq(value, ",") {
		field, desc := strings.CutPrefix(name, "-")
		out = append(out, query.Sort{Field: field, Desc: desc})
	}
	return out
}

// json adds a filter given as JSON to those given as parameters.
func (p *parameters) json(value string) error {
	filter, err := query.DecodeJSON([]byte(value))
	if err != nil {
		e := fault.Of(err)
		return fault.New(e.Code, "filter: %s", e.Message).At("filter")
	}
	p.read.Filter = filter
	return nil
}

// test adds one filter parameter: a path through relations to a field, and an
// operator, or eq without one.
func (p *parameters) test(path []string, value string) error {
	m, at := p.model, p.tests()
	for i, name := range path {
		f, err := query.FieldOf(m, name)
		if err != nil {
			return err
		}
		if f.Relation == nil {
			return operator(at, f, path[i+1:], value)
		}
		m, at = f.Relation.Target, child(at, name)
	}
	return fault.New(fault.HTTPParameter, "%s is a relation; name a field of it, such as %s.%s", path[len(path)-1], strings.Join(path, "."), m.Key[0].Name).At(strings.Join(path, "."))
}

func (p *parameters) tests() map[string]any {
	if p.filter == nil {
		p.filter = map[string]any{}
	}
	return p.filter
}

func child(at map[string]any, name string) map[string]any {
	next, ok := at[name].(map[string]any)
	if !ok {
		next = map[string]any{}
		at[name] = next
	}
	return next
}

func operator(at map[string]any, f *schema.Field, ops []string, value string) error {
	ops = append(ops, "eq")
	if len(ops) > 3 || len(ops) == 3 && ops[0] != "size" {
		return fault.New(fault.QueryUnknownOp, "%s has nothing below its operator", f.Name).At(f.Name)
	}
	tests := child(at, f.Name)
	if ops[0] == "size" {
		tests, ops = child(tests, "size"), ops[1:]
	}
	tests[ops[0]] = query.Text(value)
	return nil
}

// include opens the relations on each path.
func (p *parameters) include(paths []string) error {
	for _, path := range paths {
		at := p
		for name := range strings.SplitSeq(path, ".") {
			var err error
			if at, err = at.relation(name); err != nil {
				return err
			}
		}
	}
	return nil
}

// relation is the read of an included relation.
func (p *parameters) relation(name string) (*parameters, error) {
	if sub, ok := p.includes[name]; ok {
		return sub, nil
	}
	f, err := query.FieldOf(p.model, name)
	if err != nil {
		return nil, err
	}
	if f.Relation == nil {
		return nil, fault.New(fault.HTTPParameter, "%s is no relation; name it in fields", name).At("include")
	}
	if len(p.includes) >= maxParameters {
		return nil, fault.New(fault.QueryTooComplex, "include has more than %d relations", maxParameters).At("include")
	}
	sub := newParameters(f.Relation.Target)
	p.includes[name] = sub
	return sub, nil
}

// nested sets a parameter of an included relation.
func (p *parameters) nested(path, value string) error {
	name, rest, ok := strings.Cut(path, ".")
	if !ok {
		return fault.New(fault.HTTPParameter, "include.%s needs a parameter behind it, such as include.%s.limit", path, path).At("include." + path)
	}
	sub, err := p.relation(name)
	if err != nil {
		return err
	}
	if rest == "cursor" || rest == "count" || rest == "search" {
		return fault.New(fault.HTTPParameter, "%s is for the list itself, not for what it includes", rest).At("include." + path)
	}
	if f := sub.model.Field(strings.SplitN(rest, ".", 2)[0]); f != nil && f.Relation != nil {
		if _, opened := sub.includes[f.Name]; opened || isParameter(rest[len(f.Name):]) {
			return sub.nested(rest, value)
		}
	}
	return sub.set(rest, value)
}

// isParameter tells ".limit" and the like from a filter through a relation.
func isParameter(rest string) bool {
	switch rest[strings.LastIndexByte(rest, '.')+1:] {
	case "sort", "limit", "filter", "fields":
		return true
	}
	return false
}

// finish puts the read together: its filter, and its selection with what is
// included.
func (p *parameters) finish() (*query.Read, error) {
	if p.filter != nil {
		p.read.Filter = both(p.filter, p.read.Filter)
	}
	if err := p.chosen(); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(p.includes)) { // one order, so that equal URLs share a statement
		read, err := p.includes[name].finish()
		if err != nil {
			return nil, err
		}
		if p.read.Select == nil {
			p.read.Select = []query.Field{{Name: query.Rest}}
		}
		p.read.Select = append(p.read.Select, query.Field{Name: name, Read: read})
	}
	return p.read, nil
}

func both(tests map[string]any, filter any) any {
	if filter == nil {
		return tests
	}
	return map[string]any{"and": []any{tests, filter}}
}

// chosen selects the fields that were named; a dotted one belongs to a
// relation, which it includes.
func (p *parameters) chosen() error {
	for _, name := range p.fields {
		if relation, rest, ok := strings.Cut(name, "."); ok {
			sub, err := p.relation(relation)
			if err != nil {
				return err
			}
			sub.fields = append(sub.fields, rest)
			if p.read.Select == nil {
				p.read.Select = []query.Field{}
			}
			continue
		}
		f, err := query.FieldOf(p.model, name)
		if err != nil {
			return err
		}
		if f.Relation != nil {
			return fault.New(fault.HTTPParameter, "%s is a relation; name it in include", name).At("fields")
		}
		if !slices.ContainsFunc(p.read.Select, func(have query.Field) bool { return have.Name == name }) {
			p.read.Select = append(p.read.Select, query.Field{Name: name})
		}
	}
	return nil
}
