package query

import "github.com/loam-dev/loam/internal/schema"

// Bound is a Read that fits its schema: every name resolved, every value
// typed, every limit kept. Only Bind makes one.
type Bound struct {
	Model  *schema.Model
	Op     Op
	Key    []any // Get: values in the order of Model.Key
	Where  *Cond // nil: all
	Sort   []Order
	Limit  int    // rows, at least 1
	Cursor string // as the caller sent it
	After  []any  // the values of Sort that the page starts after, from the opened Cursor; for a Search its score leads
	Count  bool
	Search *Terms
	Select []BoundField // nil: every plain field that the caller may read
	Parts  []BoundPart
	Totals *BoundTotals
}

// Ranked tells whether the rows come best match first, then by Sort.
func (b *Bound) Ranked() bool { return b.Search != nil && !b.Search.Sorted }

// Order is one field of a total order: the last ones are the primary key.
type Order struct {
	Field *schema.Field
	Desc  bool
}

// Terms is a full-text search: every word must occur, the last one as a prefix.
type Terms struct {
	Words  []string
	Fields []*schema.Field
	Sorted bool // by fields of the caller's choice rather than by rank
}

// BoundField is one selected field: Field, or a constant, or the Rest, which
// is every plain field that the caller may read.
type BoundField struct {
	As        string
	Field     *schema.Field
	Literal   string
	Sub       *Bound       // a relation
	Embedded  []BoundField // an embedded type's selection; none: all of it
	IsLiteral bool
	IsRest    bool
	Encoded   bool // as of Field
	NonNull   bool // as of Field
}

// BoundPart is one key of a nested page.
type BoundPart struct {
	Kind    PartKind
	As      string
	Literal string
	Select  []BoundField // as of Bound
}

// BoundTotals says what an aggregate computes.
type BoundTotals struct {
	GroupBy            []*schema.Field
	Sum, Avg, Min, Max []*schema.Field
}

// BoundWrite is a Write that fits its schema. Only BindWrite makes one.
type BoundWrite struct {
	Model     *schema.Model
	Op        WriteOp
	Key       []any // in the order of Model.Key; Create: the new row's
	Set       []Assign
	Condition *Cond
	Version   *int64
	Select    []BoundField // as of Bound

	// An Upsert is one of these, as the unique key Conflict decides. Update has
	// no Key: it is the key of the row that is found.
	Conflict       []*schema.Field
	Insert, Update *BoundWrite
}

// Assign gives a stored field its new value, in canonical form.
type Assign struct {
	Field   *schema.Field
	Value   any
	Implied bool // by the server: an id, a default, a time
}

// Value returns what the write sets the field to, and whether it does.
func (w *BoundWrite) Value(f *schema.Field) (any, bool) {
	for _, a := range w.Set {
		if a.Field == f {
			return a.Value, true
		}
	}
	return nil, false
}

// Assign sets a field of the write on the server's account.
func (w *BoundWrite) Assign(f *schema.Field, value any) {
	for i := range w.Set {
		if w.Set[i].Field == f {
			w.Set[i] = Assign{f, value, true}
			return
		}
	}
	w.Set = append(w.Set, Assign{f, value, true})
}
