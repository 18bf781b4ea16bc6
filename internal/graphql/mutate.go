package graphql

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

// mutate runs the mutations of a document as one transaction: all or none.
func (e *execution) mutate(op *ast.OperationDefinition) *Answer {
	fields := e.collect(op.SelectionSet, "Mutation")
	var writes []*query.Write
	var targets []field // of each write
	var err error
	for _, f := range fields {
		if f.Name == "__typename" {
			continue
		}
		var w *query.Write
		if w, err = e.write(f, e.api.Mutations[f.Name]); err != nil {
			err = fault.Of(err).At(strings.TrimSuffix("operations."+strconv.Itoa(len(writes))+"."+fault.Of(err).Field, "."))
			break
		}
		writes, targets = append(writes, w), append(targets, f)
	}
	rows := make([]json.RawMessage, len(writes))
	if err == nil && len(writes) > 0 {
		written, failed := e.data.Write(e.ctx, e.by, writes, e.once)
		err = failed
		for i, w := range written {
			rows[i] = w.Row
			e.denied(w.Denied, e.data.Schema().Model(writes[i].Model), targets[i].Alias)
		}
	}
	e.mutated(fields, rows, err)
	return e.answer()
}

// mutated writes the answers in order, or null for all of them and the error
// of the one that failed.
func (e *execution) mutated(fields []field, rows []json.RawMessage, err error) {
	e.out.WriteByte('{')
	next, at := 0, failedAt(err)
	for i, f := range fields {
		e.key(i, f.Alias)
		if f.Name == "__typename" {
			e.out.WriteString(`"Mutation"`)
			continue
		}
		if err != nil {
			e.out.WriteString("null")
			if next == at {
				e.fail(withoutPlace(err), f.Alias)
			}
		} else {
			e.out.Write(rows[next])
		}
		next++
	}
	e.out.WriteByte('}')
}

// failedAt is the place of the write that an error of a batch names; a single
// write has no place, and is the first.
func failedAt(err error) int {
	e, ok := errors.AsType[*fault.Error](err)
	if !ok {
		return 0
	}
	rest, _ := strings.CutPrefix(e.Field, "operations.")
	digits, _, _ := strings.Cut(rest, ".")
	n, _ := strconv.Atoi(digits)
	return n
}

func withoutPlace(err error) error {
	e := fault.Of(err)
	rest, batched := strings.CutPrefix(e.Field, "operations.")
	if !batched {
		return e
	}
	_, field, _ := strings.Cut(rest, ".")
	return e.At(field)
}

// write turns a mutation's arguments into a write.
func (e *execution) write(f field, op *Operation) (*query.Write, error) {
	args := e.arguments(f)
	input, _ := args["input"].(map[string]any)
	condition, _ := args["condition"].(map[string]any)
	w := &query.Write{Model: op.Model.Name}
	switch op.Kind {
	case UpdateOne:
		w.Op = query.Update
	case DeleteOne:
		w.Op = query.Delete
	case UpsertOne:
		w.Op = query.Upsert
	default:
		w.Op = query.Create
	}
	var err error
	if w.Input, err = e.api.Rename(op.Model, input); err != nil {
		return nil, err
	}
	renamed, err := e.api.Rename(op.Model, condition)
	if err != nil {
		return nil, err
	}
	if renamed != nil {
		w.Condition = renamed
	}
	if w.Op == query.Update || w.Op == query.Delete {
		if err := takeVersion(w, op.Model); err != nil {
			return nil, err
		}
	}
	w.Select, err = e.selection(f.set, op.Model)
	return w, err
}

// takeVersion moves the version that the row must have out of the input.
func takeVersion(w *query.Write, m *schema.Model) error {
	if m.Version == nil || m.Version.Hidden {
		return nil
	}
	raw, given := w.Input[m.Version.Name]
	input := make(map[string]any, len(w.Input))
	for k, v := range w.Input {
		if k != m.Version.Name {
			input[k] = v
		}
	}
	w.Input = input
	if !given || raw == nil {
		return nil
	}
	number, _ := raw.(json.Number)
	n, err := strconv.ParseInt(number.String(), 10, 64)
	if err != nil {
		return fault.New(fault.QueryBadValue, "version must be a whole number").At(m.Version.Name)
	}
	w.Version = &n
	return nil
}
