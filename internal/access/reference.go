package access

import (
	"slices"

	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

// references lists, for each model, the relations whose keys its rows hold. One
// that only the other side declares, a @hasMany without its @belongsTo, is
// under the same rule, so it gets the field that the schema does without.
func references(s *schema.Schema) map[*schema.Model][]*schema.Field {
	out := map[*schema.Model][]*schema.Field{}
	for _, m := range s.Models {
		for _, f := range m.Fields {
			if f.Relation != nil && !heldByTarget(m, f.Relation) {
				out[m] = append(out[m], f)
			}
		}
	}
	for _, m := range s.Models {
		for _, f := range m.Fields {
			r := f.Relation
			if r == nil || !heldByTarget(m, r) || !identifies(m, r.From) || slices.Equal(r.To, r.Target.Key) {
				continue
			}
			if slices.ContainsFunc(out[r.Target], func(own *schema.Field) bool {
				return own.Relation.Target == m && slices.Equal(own.Relation.From, r.To)
			}) {
				continue
			}
			back := &schema.Relation{Type: schema.BelongsTo, Target: m, From: r.To, To: r.From, Inverse: f}
			out[r.Target] = append(out[r.Target],
				&schema.Field{Name: r.To[0].Name, Kind: schema.RelationKind, TypeName: m.Name, Model: r.Target, Relation: back})
		}
	}
	return out
}

// heldByTarget tells whether the other side of a relation has the key.
func heldByTarget(m *schema.Model, r *schema.Relation) bool {
	return r.ToMany() || r.Type != schema.BelongsTo && slices.Equal(r.From, m.Key)
}

// identifies tells whether the fields are the model's key or a unique index, so
// that a reference to them has one target.
func identifies(m *schema.Model, fields []*schema.Field) bool {
	return slices.Equal(m.Key, fields) ||
		slices.ContainsFunc(m.Indexes, func(x *schema.Index) bool { return x.Unique && slices.Equal(x.Fields, fields) })
}

// refs lists the references that the write sets. A target that the caller may
// not get is refused as a missing one is.
func (w *weaver) refs(b *query.BoundWrite) ([]Ref, error) {
	var refs []Ref
	for _, f := range w.Policy.refs[b.Model] {
		if !sets(b, f.Relation) {
			continue
		}
		v, err := w.model(f.Relation.Target, w.by, schema.Get)
		if err != nil {
			return nil, NoReference(f)
		}
		refs = append(refs, Ref{f, v.cond})
	}
	return refs, nil
}

// sets tells whether the write gives a reference a target.
func sets(b *query.BoundWrite, r *schema.Relation) bool {
	return slices.ContainsFunc(r.From, func(f *schema.Field) bool {
		value, set := b.Value(f)
		return set && value != nil
	})
}
