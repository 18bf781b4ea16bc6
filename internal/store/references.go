package store

import (
	"slices"

	"github.com/loam-dev/loam/internal/schema"
)

// reference is a foreign key seen from the row that it points to.
type reference struct {
	child    *schema.Model
	from     []*schema.Field // on child
	to       []*schema.Field // on the row that it points to
	onDelete schema.OnDelete
}

// referrersOf lists, for each model, the references that point to it. A
// relation that is declared on both sides counts once.
func referrersOf(s *schema.Schema) map[*schema.Model][]reference {
	out := map[*schema.Model][]reference{}
	add := func(parent *schema.Model, r reference) {
		if parent.Scope == schema.Tenant && r.child.Scope == schema.Global {
			return // a key of one organization may be another's too
		}
		for _, known := range out[parent] {
			if slices.Equal(known.from, r.from) && slices.Equal(known.to, r.to) {
				return
			}
		}
		out[parent] = append(out[parent], r)
	}
	// The holder's side first: it says what a delete does.
	for _, m := range s.Models {
		for _, f := range m.Fields {
			if r := f.Relation; r != nil && r.Type == schema.BelongsTo {
				add(r.Target, reference{m, r.From, r.To, r.OnDelete})
			}
		}
	}
	for _, m := range s.Models {
		for _, f := range m.Fields {
			r := f.Relation
			if r == nil || r.Type == schema.BelongsTo {
				continue
			}
			if slices.Equal(r.From, m.Key) {
				add(m, reference{r.Target, r.To, r.From, defaultOnDelete(r.To)})
			} else {
				add(r.Target, reference{m, r.From, r.To, defaultOnDelete(r.From)})
			}
		}
	}
	return out
}

// defaultOnDelete is what a delete does to a reference that says nothing: it
// is unset where it may be null, else it holds the row.
func defaultOnDelete(from []*schema.Field) schema.OnDelete {
	for _, f := range from {
		if neverNull(f) {
			return schema.Restrict
		}
	}
	return schema.SetNull
}
