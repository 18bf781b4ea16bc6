package query

import (
	"strings"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/schema"
)

// Stamp is what the server puts into a new or changed row.
type Stamp struct {
	Now string        // canonical DateTime
	ID  func() string // a new UUIDv7
}

// BindWrite checks a write against the schema and types its values. A new
// row's missing id, defaults and timestamps are filled in from the stamp.
func BindWrite(s *schema.Schema, w *Write, stamp Stamp, limits Limits) (*BoundWrite, error) {
	m := s.Model(w.Model)
	if m == nil || m.ReadOnly {
		return nil, fault.New(fault.QueryUnknownModel, "there is no model %q to write to", clip(w.Model))
	}
	out := &BoundWrite{Model: m, Op: w.Op, Version: w.Version}
	var err error
	if out.Condition, err = BindFilter(m, w.Condition, limits.Conds); err != nil {
		return nil, within("condition", err)
	}
	if out.Select, err = (&binder{Limits: limits}).selection(m, w.Select, 0, WriteCost); err != nil {
		return nil, err
	}
	var given []Assign
	if w.Op != Delete {
		if given, err = assigns(m, w.Input); err != nil {
			return nil, err
		}
	}
	switch w.Op {
	case Create:
		err = out.create(given, stamp)
	case Update:
		err = out.update(given, w, stamp)
	case Delete:
		out.Key, err = bindKey(m, keySource(w))
	case Upsert:
		err = out.upsert(given, stamp)
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

func keySource(w *Write) map[string]any {
	if w.Key != nil {
		return w.Key
	}
	return w.Input
}

// assigns types the input's fields, in the model's order.
func assigns(m *schema.Model, input map[string]any) ([]Assign, error) {
	for name := range input {
		f, err := FieldOf(m, name)
		if err != nil {
			return nil, err
		}
		if f.Relation != nil {
			return nil, relationInput(f)
		}
		if f.ReadOnly {
			return nil, fault.New(fault.QueryReadOnly, "%s is set by the server; leave it out", f.Name).At(f.Name)
		}
	}
	out := make([]Assign, 0, len(input)+4)
	for _, f := range m.Fields {
		raw, ok := input[f.Name]
		if !ok {
			continue
		}
		value, err := checked(f, raw)
		if err != nil {
			return nil, err
		}
		out = append(out, Assign{Field: f, Value: value})
	}
	return out, nil
}

func relationInput(f *schema.Field) error {
	if f.Relation.ToMany() || f.Relation.From[0] == f.Model.Key[0] {
		return fault.New(fault.QueryReadOnly, "%s is written from the other side; set %s of %s",
			f.Name, f.Relation.To[0].Name, f.Relation.Target.Name).At(f.Name)
	}
	return fault.New(fault.QueryReadOnly, "%s is a relation; set %s", f.Name, f.Relation.From[0].Name).At(f.Name)
}

func checked(f *schema.Field, raw any) (any, error) {
	value, err := coerce(f, raw)
	if err != nil {
		return nil, err
	}
	if value == nil {
		if f.Required {
			return nil, fault.New(fault.QueryRequired, "%s can't be null", f.Name).At(f.Name)
		}
		return nil, nil
	}
	for _, c := range f.Checks {
		if !c.OK(value) {
			message := c.Message
			if message == "" {
				message = f.Name + " " + c.Words()
			}
			return nil, fault.New(fault.QueryCheckFailed, "%s", message).At(f.Name)
		}
	}
	return value, nil
}

// BindProfile checks a write of the app's own fields of a built-in model, as
// BindWrite does. A new row gets the id and its defaults.
func BindProfile(m *schema.Model, op WriteOp, id string, input map[string]any) (*BoundWrite, error) {
	out := &BoundWrite{Model: m.Profile, Op: op, Key: []any{id}}
	for name := range input {
		if f := m.Field(name); f != nil && f.Implicit {
			return nil, fault.New(fault.QueryReadOnly, "%s is set by the server; leave it out", name).At(name)
		}
		if f := m.Profile.Field(name); f == nil {
			if _, err := FieldOf(m, name); err != nil {
				return nil, err
			}
		}
	}
	var err error
	if out.Set, err = assigns(m.Profile, input); err != nil {
		return nil, err
	}
	if op == Create {
		err = out.create(out.Set, Stamp{ID: func() string { return id }})
	}
	return out, err
}

// clientID is what a client may choose as an id: no path, no case to confuse.
var clientID = form.Pattern(`^[a-z0-9][a-z0-9_-]{0,127}$`)

// hasPlainID tells whether the model's key is one ID that the server can make.
func hasPlainID(m *schema.Model) bool {
	return len(m.Key) == 1 && m.Key[0].Kind == schema.ScalarKind && m.Key[0].Scalar == schema.ID
}

func (w *BoundWrite) create(given []Assign, stamp Stamp) error {
	m := w.Model
	w.Set = given
	for _, f := range m.Fields {
		if !f.Stored() {
			continue
		}
		if value, ok := w.Value(f); ok {
			if hasPlainID(m) && f == m.Key[0] && !clientID().MatchString(value.(string)) {
				return fault.New(fault.QueryBadValue,
					"an id has 1 to 128 of a-z, 0-9, - and _, and starts with a letter or digit; leave it out to get one made").At(f.Name)
			}
			continue
		}
		value, err := w.initial(f, stamp)
		if err != nil {
			return err
		}
		if value != nil {
			w.Set = append(w.Set, Assign{f, value, true})
		}
	}
	w.Key = make([]any, len(m.Key))
	for i, f := range m.Key {
		w.Key[i], _ = w.Value(f)
		if text, ok := w.Key[i].(string); ok && (text == "" || text == "." || text == "..") {
			return fault.New(fault.QueryBadValue, "a key can't be %q: no URL leads to it", text).At(f.Name)
		}
	}
	return nil
}

// initial is what a new row has in a field that the input leaves out.
func (w *BoundWrite) initial(f *schema.Field, stamp Stamp) (any, error) {
	m := w.Model
	switch {
	case f == m.CreatedAt || f == m.UpdatedAt:
		return stamped(f, stamp)
	case f == m.Version:
		return int64(1), nil
	case hasPlainID(m) && f == m.Key[0]:
		return stamp.ID(), nil
	case f.Default != nil:
		return f.Coerce(*f.Default, true)
	case f.Required:
		return nil, fault.New(fault.QueryRequired, "%s is required", f.Name).At(f.Name)
	}
	return nil, nil
}

// stamped is the time in the type that the app declared for it.
func stamped(f *schema.Field, stamp Stamp) (any, error) {
	return f.Coerce(stamp.Now, true)
}

func (w *BoundWrite) update(given []Assign, source *Write, stamp Stamp) error {
	m := w.Model
	var err error
	if w.Key, err = bindKey(m, keySource(source)); err != nil {
		return err
	}
	for _, a := range given {
		if i := keyIndex(m, a.Field); i >= 0 {
			if w.Key[i] != a.Value {
				return fault.New(fault.QueryReadOnly, "%s is part of the key and can't change; create a new row instead", a.Field.Name).At(a.Field.Name)
			}
			continue
		}
		w.Set = append(w.Set, a)
	}
	return w.touch(stamp)
}

// touch sets the time of the last change, unless the caller did.
func (w *BoundWrite) touch(stamp Stamp) error {
	f := w.Model.UpdatedAt
	if f == nil {
		return nil
	}
	if _, ok := w.Value(f); ok {
		return nil
	}
	now, err := stamped(f, stamp)
	w.Set = append(w.Set, Assign{f, now, true})
	return err
}

func keyIndex(m *schema.Model, f *schema.Field) int {
	for i, k := range m.Key {
		if k == f {
			return i
		}
	}
	return -1
}

// upsert prepares both outcomes: Insert with every value, Update with the
// given ones. Conflict is the unique key that the input has in full.
func (w *BoundWrite) upsert(given []Assign, stamp Stamp) error {
	m := w.Model
	w.Set = given
	if w.Conflict = w.uniqueKey(); w.Conflict == nil {
		return fault.New(fault.QueryRequired, "an upsert needs the primary key or every field of a unique key of %s: %s", m.Name, uniqueKeys(m))
	}
	insert, update := *w, *w
	insert.Op, update.Op = Create, Update
	insert.Condition = nil // it is on the row that is there
	insert.Set = append([]Assign(nil), given...)
	if err := insert.create(insert.Set, stamp); err != nil {
		return err
	}
	update.Set = nil
	for _, a := range given {
		if keyIndex(m, a.Field) < 0 {
			update.Set = append(update.Set, a)
		}
	}
	if err := update.touch(stamp); err != nil {
		return err
	}
	w.Insert, w.Update = &insert, &update
	return nil
}

func (w *BoundWrite) uniqueKey() []*schema.Field {
	for _, fields := range uniqueFields(w.Model) {
		complete := true
		for _, f := range fields {
			value, ok := w.Value(f)
			complete = complete && ok && value != nil
		}
		if complete {
			return fields
		}
	}
	return nil
}

func uniqueFields(m *schema.Model) [][]*schema.Field {
	keys := [][]*schema.Field{m.Key}
	for _, index := range m.Indexes {
		if index.Unique {
			keys = append(keys, index.Fields)
		}
	}
	return keys
}

func uniqueKeys(m *schema.Model) string {
	var names []string
	for _, fields := range uniqueFields(m) {
		parts := make([]string, len(fields))
		for i, f := range fields {
			parts[i] = f.Name
		}
		names = append(names, strings.Join(parts, "+"))
	}
	return strings.Join(names, ", ")
}
