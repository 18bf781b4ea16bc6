package invariant

import (
	"context"
	"strconv"

	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/store"
)

// checkWatch holds what is judged and written in memory against the database: the
// same rows are seen, and each is shown in the same bytes.
func (w *world) checkWatch(c *caller) {
	m := pick(w.g, w.schema.Models...)
	read := &query.Read{Model: m.Name, Op: query.List, Limit: query.DefaultLimits.Page, Filter: numbers(w.filter(m, c, 0)), Select: w.selection(m)}
	watch, err := w.b.Data().Watch(c.principal(), read)
	if err != nil || watch.Deep() {
		return
	}
	ctx := context.Background()
	told, err := w.b.Data().Snapshot(ctx, watch, read.Limit, false)
	if err != nil {
		w.fatalf("%v", err)
	}
	kept, err := w.b.Data().Snapshot(ctx, watch, read.Limit, true)
	if err != nil {
		w.fatalf("%v", err)
	}
	seen := map[string]bool{}
	for i, row := range kept.Rows {
		if got := string(watch.Append(nil, row.Image)); got != string(told.Rows[i].Text) {
			w.fatalf("%s of %s in memory\n  %s\nin SQL\n  %s", c.name, m.Name, got, told.Rows[i].Text)
		}
		seen[string(row.Image.Text())] = true
	}
	images := w.images(m, c)
	for _, image := range images {
		if is := watch.Sees(image); is != seen[string(image.Text())] {
			w.fatalf("%s of %s, filter %v: in memory %v, in SQL %v, for %s", c.name, m.Name, read.Filter, is, !is, image.Text())
		}
	}
	if len(seen) > len(images) {
		w.fatalf("%s has %d rows of which the log knows %d", m.Name, len(seen), len(images))
	}
	w.asked++
}

// images are the rows of the caller's organization as the log has them last.
func (w *world) images(m *schema.Model, c *caller) map[string]*store.Image {
	org := c.org
	if m.Scope == schema.Global {
		org = ""
	}
	out := map[string]*store.Image{}
	for after, more := int64(0), true; more; {
		page, err := w.b.Data().Changes(context.Background(), store.Following{After: after, Limit: 500, Model: w.b.Data().Schema().Model(m.Name), Org: org})
		if err != nil {
			w.fatalf("%v", err)
		}
		for _, ch := range page.All {
			if id := query.KeyID(ch.Key); ch.After != nil {
				out[id] = ch.After
			} else {
				delete(out, id)
			}
		}
		after, more = page.Last, page.More
	}
	return out
}

// selection draws fields, as they stand or as a text that holds JSON, parts of
// embedded ones, and constants; none for the default.
func (w *world) selection(m *schema.Model) []query.Field {
	if w.g.chance(0.2) {
		return nil
	}
	var out []query.Field
	for _, f := range m.Fields {
		if f.Stored() && !f.Hidden && w.g.chance(0.8) {
			out = append(out, w.chosen(f, len(out)))
		}
	}
	if w.g.chance(0.3) {
		out = append(out, query.Field{As: "type", Literal: m.Name})
	}
	return out
}

func (w *world) chosen(f *schema.Field, n int) query.Field {
	out := query.Field{Name: f.Name}
	if w.g.chance(0.3) {
		out.As = "as" + strconv.Itoa(n)
	}
	switch {
	case f.Embedded != nil && w.g.chance(0.7):
		for i, inner := range f.Embedded.Fields {
			if w.g.chance(0.7) {
				out.Select = append(out.Select, w.chosen(inner, i))
			}
		}
		if w.g.chance(0.3) {
			out.Select = append(out.Select, query.Field{As: "type", Literal: f.Embedded.Name})
		}
	case f.Kind == schema.ScalarKind && f.Scalar == schema.JSON && w.g.chance(0.5): // the doors ask for nothing else so
		out.Encoded = true
	}
	return out
}
