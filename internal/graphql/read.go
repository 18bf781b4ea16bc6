package graphql

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/data"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/store"
)

// execution is one document at work for one caller.
type execution struct {
	*Executor
	ctx    context.Context
	by     *access.Principal
	doc    *ast.QueryDocument
	vars   map[string]any
	once   *store.Once
	behind time.Duration // that a query's answer may be
	origin store.Origin  // of what has been read
	out    bytes.Buffer
	errors []Error
}

// read runs one of a query's reads.
func (e *execution) read(r *query.Read) (data.Result, error) {
	r.Behind = e.behind
	result, err := e.data.Read(e.ctx, e.by, r)
	e.origin.Replica = e.origin.Replica || result.Replica
	e.origin.Behind = max(e.origin.Behind, result.Origin.Behind)
	return result, err
}

func (e *execution) answer() *Answer { return &Answer{Data: e.out.Bytes(), Errors: e.errors} }

// query answers the root fields one after the other.
func (e *execution) query(op *ast.OperationDefinition) *Answer {
	e.out.WriteByte('{')
	for i, f := range e.collect(op.SelectionSet, "Query") {
		e.key(i, f.Alias)
		before := e.out.Len()
		err := e.root(f)
		if err == nil && e.out.Len() > store.MaxAnswer {
			err = store.TooLarge()
		}
		if err != nil {
			e.out.Truncate(before)
			e.out.WriteString("null")
			e.fail(err, f.Alias)
		}
	}
	e.out.WriteByte('}')
	a := e.answer()
	a.Origin = &e.origin
	return a
}

// key writes the key of a member.
func (e *execution) key(i int, name string) {
	if i > 0 {
		e.out.WriteByte(',')
	}
	e.out.WriteByte('"')
	e.out.WriteString(name) // a GraphQL name: nothing to escape
	e.out.WriteString(`":`)
}

func (e *execution) fail(err error, path ...any) {
	entry := fromFault(err)
	entry.Path = path
	e.errors = append(e.errors, entry)
}

func (e *execution) root(f field) error {
	switch f.Name {
	case "__typename":
		e.out.WriteString(`"Query"`)
		return nil
	case "__schema", "__type":
		return e.introspect(f)
	}
	op := e.api.Queries[f.Name]
	if op == nil {
		return fault.New(fault.GraphQLInvalid, "%s answers nothing", f.Name)
	}
	switch op.Kind {
	case GetOne:
		return e.getOne(f, op)
	case AggregateRows:
		return e.aggregate(f, op)
	}
	return e.page(f, op)
}

func (e *execution) getOne(f field, op *Operation) error {
	args := e.arguments(f)
	read := &query.Read{Model: op.Model.Name, Op: query.Get, Key: map[string]any{}}
	for _, k := range op.Model.Key {
		read.Key[k.Name] = args[k.Name]
	}
	var err error
	if read.Select, err = e.selection(f.set, op.Model); err != nil {
		return err
	}
	result, err := e.read(read)
	if fault.Is(err, fault.DataNotFound) {
		e.out.WriteString("null")
		return nil
	}
	if err != nil {
		return err
	}
	e.out.Write(result.Rows)
	e.denied(result.Denied, op.Model, f.Alias)
	return nil
}

// denied adds an error for each selected field that is null because no rule
// lets the caller read it.
func (e *execution) denied(paths []string, m *schema.Model, root ...any) {
	for _, path := range paths {
		parts := strings.Split(path, ".")
		name := parts[len(parts)-1]
		at := append([]any(nil), root...)
		for _, p := range parts {
			at = append(at, p)
		}
		e.fail(fault.New(fault.AccessFieldDenied, "Not Authorized to access %s on type %s", name, m.Name), at...)
	}
}

// list makes the read of a page from a field's arguments.
func (e *execution) list(m *schema.Model, f field, keys []KeyArgs) (*query.Read, error) {
	args := e.arguments(f)
	read := &query.Read{Model: m.Name, Op: query.List}
	filter, _ := args["filter"].(map[string]any)
	renamed, err := e.api.Rename(m, filter)
	if err != nil {
		return nil, err
	}
	var all []any
	if len(renamed) > 0 {
		all = append(all, renamed)
	}
	for _, k := range keys {
		if c := k.Filter(args); c != nil {
			all = append(all, c)
		}
	}
	if len(all) > 0 {
		read.Filter = map[string]any{"and": all}
	}
	if read.Limit, err = limitOf(args["limit"]); err != nil {
		return nil, err
	}
	read.Cursor, _ = args["nextToken"].(string)
	if text, ok := args["query"].(string); ok {
		read.Op, read.Search = query.Search, text
	}
	read.Sort = e.sorts(m, args, keys)
	return read, nil
}

func limitOf(v any) (int, error) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, nil
	}
	limit, err := strconv.Atoi(n.String())
	if err != nil || limit < 1 {
		return 0, fault.New(fault.QueryLimit, "limit is %s; it is a number of rows, from 1", n).At("limit")
	}
	return limit, nil
}

// sorts reads sort, or else sortDirection, which orders by the sort fields of
// the key in use, or by the primary key.
func (e *execution) sorts(m *schema.Model, args map[string]any, keys []KeyArgs) []query.Sort {
	var out []query.Sort
	items, _ := args["sort"].([]any)
	for _, item := range items {
		if s, ok := item.(map[string]any); ok {
			name, _ := s["field"].(string)
			if f := e.api.FieldOf(m, name); f != nil {
				name = f.Name
			}
			out = append(out, query.Sort{Field: name, Desc: s["direction"] == "DESC"})
		}
	}
	if out != nil {
		return out
	}
	desc := args["sortDirection"] == "DESC"
	fields := m.Key
	for _, k := range keys {
		if len(k.Sort) > 0 && !k.primary(m) {
			fields = k.Sort
			break
		}
	}
	if !desc && slices.Equal(fields, m.Key) {
		return nil // the order of every list
	}
	for _, f := range fields {
		out = append(out, query.Sort{Field: f.Name, Desc: desc})
	}
	return out
}

// page answers a list: the connection of a root field.
func (e *execution) page(f field, op *Operation) error {
	m := op.Model
	var keys []KeyArgs
	if op.Key.Hash != nil || op.Key.SortArg != "" {
		keys = []KeyArgs{op.Key}
	}
	read, err := e.list(m, f, keys)
	if err != nil {
		return err
	}
	typeName := f.Definition.Type.Name()
	members := e.collect(f.set, typeName)
	for _, member := range members {
		read.Count = read.Count || member.Name == "total"
	}
	results := map[string]*data.Result{} // of each items by its key; "" for any
	for _, member := range members {
		if member.Name != "items" {
			continue
		}
		if read.Select, err = e.selection(member.set, m); err != nil {
			return err
		}
		if err := e.run(read, results, member.Alias); err != nil {
			return err
		}
		e.denied(results[member.Alias].Denied, m, f.Alias, member.Alias)
	}
	if len(results) == 0 {
		read.Select = []query.Field{{Name: m.Key[0].Name}}
		if err := e.run(read, results, ""); err != nil {
			return err
		}
	}
	e.connection(members, typeName, results)
	return nil
}

func (e *execution) run(read *query.Read, results map[string]*data.Result, key string) error {
	result, err := e.read(read)
	if err != nil {
		return err
	}
	results[key], results[""] = &result, &result
	return nil
}

// connection writes a page in the shape that was asked for.
func (e *execution) connection(members []field, typeName string, results map[string]*data.Result) {
	e.out.WriteByte('{')
	for i, member := range members {
		e.key(i, member.Alias)
		result := results[""]
		switch member.Name {
		case "items":
			e.out.WriteByte('[')
			e.out.Write(results[member.Alias].Rows)
			e.out.WriteByte(']')
		case "nextToken":
			if result.Next == "" {
				e.out.WriteString("null")
			} else {
				e.out.WriteString(strconv.Quote(result.Next))
			}
		case "total":
			e.out.WriteString(strconv.FormatInt(result.Total, 10))
		default:
			e.out.WriteString(strconv.Quote(typeName))
		}
	}
	e.out.WriteByte('}')
}
