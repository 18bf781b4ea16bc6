package migrate

import (
	"strconv"

	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/store"
)

// recodePage is how many rows are looked at between two writes.
const recodePage = 500

// misfit leads a value that has no form, in place of the value, until the
// step's SQL puts there what belongs there. No scalar takes control characters,
// and the rowid behind it keeps unique values apart.
const misfit = "\x01"

// recodes tells of the changes of type that SQL can't judge: text that is to be
// an Email, a DateTime or the like from now on.
func recodes(from, to *Column) bool {
	return !from.List && !to.List && from.Type == TextColumn && to.Type == TextColumn && len(to.Values) == 0 &&
		conversionOf(from, to) == narrowed && !(from.Of == "DateTime" && to.Of == "Date")
}

// recoding brings the values of a text column into the canonical form of a
// scalar, and marks those that have none.
type recoding struct {
	scalar schema.Scalar
	before string // a page of rowids and values after a rowid: as the table is
	page   string // the same once it has its new names
	put    string // writes a value
}

// fit is a value in canonical form, or false.
func (r *recoding) fit(value string) (string, bool) {
	f := schema.Field{Kind: schema.ScalarKind, Scalar: r.scalar, Name: "value"}
	stored, err := f.Coerce(value, true)
	if err != nil {
		return "", false
	}
	text, ok := stored.(string)
	return text, ok
}

// misfits counts the values that have no form.
func (r *recoding) misfits(c store.Conn) (int64, error) {
	var n int64
	err := r.each(c, r.before, func(_ int64, value string) error {
		if _, ok := r.fit(value); !ok {
			n++
		}
		return nil
	})
	return n, err
}

func (r *recoding) run(c store.Conn) error {
	return r.each(c, r.page, func(rowid int64, value string) error {
		now, ok := r.fit(value)
		switch {
		case ok && now == value:
			return nil
		case !ok:
			now = misfit + strconv.FormatInt(rowid, 10)
		}
		_, err := c.Exec(r.put, rowid, now)
		return err
	})
}

// each goes through a table's values. It reads a page before it hands it out,
// so that fn may write.
func (r *recoding) each(c store.Conn, page string, fn func(rowid int64, value string) error) error {
	type cell struct {
		rowid int64
		value string
	}
	cells := make([]cell, 0, recodePage)
	for last := int64(-1 << 63); ; {
		cells = cells[:0]
		err := c.Query(page, []any{last, recodePage}, func(r store.Row) error {
			cells = append(cells, cell{r.Int(0), r.Text(1)})
			return nil
		})
		if err != nil || len(cells) == 0 {
			return err
		}
		for _, v := range cells {
			if err := fn(v.rowid, v.value); err != nil {
				return err
			}
		}
		last = cells[len(cells)-1].rowid
	}
}
