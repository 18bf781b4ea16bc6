package data

import (
	"bytes"
	"context"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/store"
)

// Explained is why a caller may do something with a row, or may not.
type Explained struct {
	access.Explanation
	Exists *bool `json:"exists"` // whether the row that was asked about is there; nil where none was
}

// Question says what is to be explained: an operation on the row with a key, on one of
// values that need not be stored, or with neither on any row.
type Question struct {
	Model     *schema.Model
	Operation schema.Operation
	Key       map[string]any // as a Read's
	Values    map[string]any // as decoded from JSON
}

// Explain answers for a caller. reader is who reads the row: one to whom it may be
// told whether it is there.
func (s *Service) Explain(ctx context.Context, by, reader *access.Principal, q Question) (Explained, error) {
	var out Explained
	about := access.About{Ask: func(g access.Grant, row access.Row) (bool, error) { return s.store.Meets(ctx, g, row) }}
	values := q.Values
	if q.Key != nil {
		found, err := s.Read(ctx, reader, &query.Read{Model: q.Model.Name, Op: query.Get, Key: q.Key})
		there := err == nil
		if err != nil && !fault.Is(err, fault.DataNotFound) {
			return out, err
		}
		about.Missing = !there
		if out.Exists = &there; there {
			v, err := query.DecodeJSON(bytes.TrimSpace(found.Rows))
			if err != nil {
				return out, err
			}
			values, _ = v.(map[string]any)
		}
	}
	var err error
	switch {
	case q.Operation == schema.Create && q.Key == nil && values != nil && !q.Model.ReadOnly:
		about.New, err = query.BindWrite(s.schema, &query.Write{Model: q.Model.Name, Op: query.Create, Input: values}, s.stamp(), s.limits.Limits)
	case values != nil:
		about.Row, err = typedRow(q.Model, values, q.Key != nil)
	}
	if err != nil {
		return out, err
	}
	out.Explanation, err = s.policy.Explain(by, q.Model, q.Operation, about)
	return out, err
}

// typedRow makes a row of values that were decoded from JSON. One that is stored has
// more fields than those that a row holds.
func typedRow(m *schema.Model, values map[string]any, stored bool) (access.MapRow, error) {
	typed := access.MapRow{}
	for name, v := range values {
		f := m.Field(name)
		if f == nil || !f.Stored() || f.Hidden {
			if stored {
				continue
			}
			return nil, fault.New(fault.QueryUnknownField, "%s has no field %q that a row holds", m.Name, name).At("row." + name)
		}
		if v == nil {
			continue
		}
		value, err := f.Coerce(v, false)
		if err != nil {
			return nil, err
		}
		typed[name] = value
	}
	return typed, nil
}

// InWords are the rules of a model, or of a field that has its own.
func (s *Service) InWords(m *schema.Model, f *schema.Field) []access.RuleInWords {
	return s.policy.InWords(m, f)
}

// History is what happened to a row of an organization, "" for a model that all share;
// see store.Store.History. No rule is asked.
func (s *Service) History(ctx context.Context, m *schema.Model, org string, key map[string]any, asked store.Asked) ([]store.Past, int64, error) {
	bound, err := query.Bind(s.schema, &query.Read{Model: m.Name, Op: query.Get, Key: key}, s.limits.Limits)
	if err != nil {
		return nil, 0, err
	}
	if m.Scope == schema.Global {
		org = ""
	}
	return s.store.History(ctx, m, org, bound.Key, asked)
}
