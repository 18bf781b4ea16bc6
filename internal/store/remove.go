package store

import (
	"context"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

// What becomes of a user's rows when the account is gone: as @model(onOwnerDelete:)
// says of those that they own, and @belongsTo(onDelete:) of those that refer to
// them, in every organization.

// claim is a field by which rows are a user's.
type claim struct {
	model *schema.Model
	field *schema.Field
	then  schema.OnDelete // Cascade: the row goes; SetNull: the field is emptied; Restrict: the user stays
}

func (s *Store) claims() []claim {
	var list []claim
	for _, m := range s.schema.Models {
		if m.ReadOnly {
			continue
		}
		for _, f := range m.Owners() {
			switch m.OnOwnerDelete {
			case schema.DeleteRows:
				list = append(list, claim{m, f, schema.Cascade})
			case schema.ClearOwner:
				list = append(list, claim{m, f, schema.SetNull})
			}
		}
		for _, f := range m.Fields {
			r := f.Relation
			if r == nil || r.Target.Name != "User" || !r.Target.ReadOnly || len(r.From) != 1 {
				continue
			}
			then := r.OnDelete
			if r.Type != schema.BelongsTo {
				then = defaultOnDelete(r.From)
			}
			list = append(list, claim{m, r.From[0], then})
		}
	}
	return list
}

// everywhere calls fn for each organization that has rows of a model; once, with
// "", for one that all share.
func (s *Store) everywhere(ctx context.Context, m *schema.Model, fn func(org string) error) error {
	if m.Scope == schema.Global {
		return fn("")
	}
	for org := ""; ; {
		err := s.engine.Read(ctx, func(c Conn) (err error) {
			org, err = nextTenant(c, m, org)
			return err
		})
		if err != nil || org == "" {
			return err
		}
		if err := fn(org); err != nil {
			return err
		}
	}
}

// MayRemoveUser refuses a user whom rows refer to that the schema keeps from
// losing their user: @belongsTo(onDelete: RESTRICT).
func (s *Store) MayRemoveUser(ctx context.Context, userID string) error {
	for _, cl := range s.claims() {
		if cl.then != schema.Restrict {
			continue
		}
		err := s.everywhere(ctx, cl.model, func(org string) error {
			rows, err := s.claimed(ctx, cl, org, userID, nil)
			if err == nil && len(rows) > 0 {
				err = fault.New(fault.DataReferenced, "rows of %s still refer to this user; delete or re-point them first", cl.model.Name)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// RemoveUserRows does what the schema says with the rows of a user who is gone,
// in all organizations, with an entry in the change log for each. It works in
// small transactions; what a server that died has left, the next call does. A row
// that others hold by RESTRICT stays, without its owner if it can be.
func (s *Store) RemoveUserRows(ctx context.Context, userID string) error {
	for _, cl := range s.claims() {
		if cl.then == schema.Restrict {
			continue
		}
		if err := s.everywhere(ctx, cl.model, func(org string) error { return s.release(ctx, cl, org, userID) }); err != nil {
			return err
		}
	}
	return nil
}

// stepRows is how many of a user's rows one transaction handles.
const stepRows = 100

// release goes through the rows that a user has by one field in one organization.
func (s *Store) release(ctx context.Context, cl claim, org, userID string) error {
	var after []any
	for {
		keys, err := s.claimed(ctx, cl, org, userID, after)
		if err != nil || len(keys) == 0 {
			return err
		}
		after = keys[len(keys)-1]
		if err = s.letGo(ctx, cl, org, userID, keys); fault.Is(err, fault.DataReferenced) {
			for _, key := range keys { // one of them is held, or has too many below it
				if err := s.letGoOne(ctx, cl, org, userID, key); err != nil {
					return err
				}
			}
			continue
		}
		if err != nil {
			return err
		}
	}
}

// claimed reads the keys of some of the rows behind one.
func (s *Store) claimed(ctx context.Context, cl claim, org, userID string, after []any) ([][]any, error) {
	b := s.builder(system(org))
	t := b.use(cl.model)
	b.raw("SELECT ")
	for i, f := range cl.model.Key {
		if i > 0 {
			b.raw(",")
		}
		b.bare(t, f)
	}
	b.from(t)
	b.and(t, cl.cond(userID))
	bound := &query.Bound{Model: cl.model, After: after}
	for _, f := range cl.model.Key {
		bound.Sort = append(bound.Sort, query.Order{Field: f})
	}
	b.after(t, bound)
	b.orderBy(t, bound)
	b.limit(stepRows, 0)
	var keys [][]any
	err := s.engine.Read(ctx, func(c Conn) error {
		keys = nil
		return b.query(c, func(r Row) error {
			key := make([]any, len(cl.model.Key))
			for i, f := range cl.model.Key {
				key[i] = sortValue(r, i, f)
			}
			keys = append(keys, key)
			return nil
		})
	})
	return keys, err
}

func (cl claim) cond(userID string) *query.Cond {
	test := query.Eq
	if cl.field.List {
		test = query.Contains
	}
	return &query.Cond{Test: test, Field: cl.field, Args: []query.Operand{{Value: userID}}}
}

// letGo deletes or clears the rows in one transaction.
func (s *Store) letGo(ctx context.Context, cl claim, org, userID string, keys [][]any) error {
	return s.deleting(ctx, org, func(d *deleting) error {
		for _, key := range keys {
			image, err := d.still(cl, key, userID)
			if err != nil {
				return err
			}
			switch {
			case image == nil: // somebody was faster
			case cl.then == schema.Cascade:
				err = d.row(cl.model, key, 0)
			default:
				err = d.disown(cl, key, image, userID)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// letGoOne deletes a row however many are below it; one that is held loses its
// owner instead.
func (s *Store) letGoOne(ctx context.Context, cl claim, org, userID string, key []any) error {
	held := func(err error) bool { return fault.Is(err, fault.DataReferenced) }
	err := s.letGo(ctx, cl, org, userID, [][]any{key})
	if held(err) {
		if err = s.thin(ctx, org, cl.model, key, 0); err == nil {
			err = s.letGo(ctx, cl, org, userID, [][]any{key})
		}
	}
	if !held(err) {
		return err
	}
	if neverNull(cl.field) && !cl.field.List {
		return nil // it stays as it is
	}
	cl.then = schema.SetNull
	return s.letGo(ctx, cl, org, userID, [][]any{key})
}

// thin sees to the rows below one, in as many transactions as it takes.
func (s *Store) thin(ctx context.Context, org string, m *schema.Model, key []any, depth int) error {
	if depth > maxCascade {
		return fault.New(fault.DataReferenced, "the delete cascades deeper than %d levels", maxCascade)
	}
	for _, ref := range s.referrers[m] {
		if ref.onDelete == schema.Restrict || ref.child.Scope == schema.Tenant && org == "" {
			continue
		}
		for more := true; more; {
			var children []child
			err := s.deleting(ctx, org, func(d *deleting) (err error) {
				if children, err = d.children(m, key, ref); err != nil {
					return err
				}
				children = children[:min(len(children), stepRows)]
				for _, c := range children {
					if ref.onDelete == schema.Cascade {
						err = d.row(ref.child, c.key, depth+1)
					} else {
						err = d.unset(ref, c)
					}
					if err != nil {
						return err
					}
				}
				return nil
			})
			if fault.Is(err, fault.DataReferenced) {
				err = s.thinEach(ctx, org, ref.child, children, depth+1)
			}
			if err != nil {
				return err
			}
			more = len(children) > 0
		}
	}
	return nil
}

// thinEach deletes rows that have too many below them, each by itself.
func (s *Store) thinEach(ctx context.Context, org string, m *schema.Model, rows []child, depth int) error {
	for _, c := range rows {
		if err := s.thin(ctx, org, m, c.key, depth); err != nil {
			return err
		}
		if err := s.deleting(ctx, org, func(d *deleting) error { return d.row(m, c.key, depth) }); err != nil {
			return err
		}
	}
	return nil
}

// deleting runs fn in a transaction of the server's own.
func (s *Store) deleting(ctx context.Context, org string, fn func(*deleting) error) error {
	return s.engine.WriteRows(ctx, func(c Conn) error {
		d := &deleting{writing: &writing{store: s, conn: c, by: system(org), tally: tally{}}}
		if err := fn(d); err != nil {
			return err
		}
		return s.settle(c, d.tally)
	})
}

// still reads a row that is a user's; nil where it is not any more.
func (d *deleting) still(cl claim, key []any, userID string) ([]byte, error) {
	b := d.store.builder(d.by)
	t := b.use(cl.model)
	b.raw("SELECT ")
	b.image(t)
	b.from(t)
	b.key(t, key)
	b.and(t, cl.cond(userID))
	b.lock(t, cl.then == schema.Cascade)
	return d.imageOf(b)
}

// disown takes a user out of a row.
func (d *deleting) disown(cl claim, key []any, before []byte, userID string) error {
	if !cl.field.List {
		return d.unset(reference{child: cl.model, from: []*schema.Field{cl.field}}, child{key, before})
	}
	b := d.store.builder(d.by)
	t := table{cl.model, b.quotedTable(cl.model)}
	b.raw("UPDATE ", t.alias, ` SET "_version"="_version"+1,`)
	b.name(cl.field.Column)
	b.raw("=", b.words.without[0])
	b.column(t, cl.field)
	b.raw(b.words.without[1])
	b.argument(textKind, userID)
	b.raw(b.words.without[2])
	b.where(t)
	b.key(t, key)
	b.raw(" RETURNING ")
	b.image(t)
	after, err := d.imageOf(b)
	if err != nil {
		return err
	}
	return d.log(cl.model, key, query.Update, before, after)
}
