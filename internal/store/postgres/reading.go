package postgres

import (
	"bytes"

	"github.com/jackc/pgx/v5/pgconn"
)

// reading is a result whose rows are being handed out. They come from the server
// as they are read, unless another statement wants the connection: then the rest is
// kept in memory.
type reading struct {
	rows  *pgconn.ResultReader
	outer *reading // whose row is being looked at
	row   row

	kept   bool // rest has the rows to come
	rest   [][][]byte
	closed bool
	tag    pgconn.CommandTag
	err    error
}

func (r *reading) next() bool {
	if !r.kept {
		if !r.rows.NextRow() {
			return false
		}
		r.row.set(r.rows.Values())
		return true
	}
	if len(r.rest) == 0 {
		return false
	}
	r.row.set(r.rest[0])
	r.rest = r.rest[1:]
	return true
}

// keep takes in the row at hand and those to come, and frees the connection.
func (r *reading) keep(t *transaction) error {
	if r.kept {
		return nil
	}
	r.kept = true
	r.row.values = cloneRow(r.row.values)
	for r.rows.NextRow() {
		r.rest = append(r.rest, cloneRow(r.rows.Values()))
	}
	return r.close(t)
}

// close reads to the result's end. Closing again answers the same.
func (r *reading) close(t *transaction) error {
	if r.closed {
		return r.err
	}
	r.closed = true
	if r.tag, r.err = r.rows.Close(); r.err == nil {
		r.err = t.synced()
	}
	if r.err != nil {
		r.err = t.fail(r.err)
	}
	return r.err
}

func cloneRow(values [][]byte) [][]byte {
	clone := make([][]byte, len(values))
	for i, v := range values {
		clone[i] = bytes.Clone(v)
	}
	return clone
}
