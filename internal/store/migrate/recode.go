package migrate

import (
	"strconv"
	"strings"

	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/store"
)

// misfit leads a value that has no form, in place of the value, until the
// step's SQL puts there what belongs there. No scalar takes control characters,
// and the number behind it keeps unique values apart.
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
	scalar        schema.Scalar
	before, after cells  // the column as it is, and once it has its new names
	put           string // writes a value at a place
}

// cells goes through the values of a column that are not null, page by page: it
// has read a page before it hands it out, so that fn may write.
type cells interface {
	each(c store.Conn, fn func(cell) error) error
}

// cell is a value and where it stands, in the words of the database.
type cell struct{ place, value string }

func newRecoding(s Step, of func(table, column string) cells, put string) *recoding {
	return &recoding{
		scalar: schema.Scalar(s.column.Of),
		before: of(s.change.was.Name, s.change.from(s.column.Name).Name),
		after:  of(s.change.new.Name, s.column.Name),
		put:    put,
	}
}

// note stands for the recoding among the statements of its step.
func (s Step) note() string {
	return "-- each " + s.column.Field + " is brought into the form of " + s.column.Of + "; what is none is marked"
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
	err := r.before.each(c, func(at cell) error {
		if _, ok := r.fit(at.value); !ok {
			n++
		}
		return nil
	})
	return n, err
}

func (r *recoding) run(c store.Conn) error {
	marked := 0
	return r.after.each(c, func(at cell) error {
		now, ok := r.fit(at.value)
		switch {
		case ok && now == at.value, strings.HasPrefix(at.value, misfit):
			return nil
		case !ok:
			marked++
			now = misfit + strconv.Itoa(marked)
		}
		_, err := c.Exec(r.put, at.place, now)
		return err
	})
}

// readCells answers the page that a query finds.
func readCells(c store.Conn, page string, args ...any) ([]cell, error) {
	var list []cell
	err := c.Query(page, args, func(r store.Row) error {
		list = append(list, cell{r.Text(0), r.Text(1)})
		return nil
	})
	return list, err
}
