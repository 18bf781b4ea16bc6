package postgres

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/loam-dev/loam/internal/form"
)

// columns are the types of a result's columns, and the forms in which they come: text,
// or for moments and bytes the server's own, which it has less work with. Without formats all are
// text.
type columns struct {
	oids    []uint32
	formats []int16
}

func formsOf(fields []pgconn.FieldDescription) (c columns) {
	c.oids = make([]uint32, len(fields))
	for i, f := range fields {
		if c.oids[i] = f.DataTypeOID; f.DataTypeOID == pgtype.TimestamptzOID || f.DataTypeOID == pgtype.ByteaOID {
			if c.formats == nil {
				c.formats = make([]int16, len(fields))
			}
			c.formats[i] = asBytes
		}
	}
	return c
}

// or is what comes, also where nothing was known of it before; that is in text.
func (c columns) or(rows *pgconn.ResultReader) columns {
	if c.oids == nil {
		c.oids = formsOf(rows.FieldDescriptions()).oids
	}
	return c
}

// row is a row of a result. Its answers are those that SQLite gives for the same row: a
// boolean is 0 or 1, a time is as it is written everywhere in Loam.
type row struct {
	columns
	values [][]byte
	texts  []byte // of moments that came in the server's form
}

func (r *row) set(values [][]byte) { r.values, r.texts = values, r.texts[:0] }

func (r *row) Null(i int) bool { return r.values[i] == nil }

func (r *row) Text(i int) string { return string(r.Bytes(i)) }

func (r *row) Bytes(i int) []byte {
	v := r.values[i]
	switch r.oids[i] {
	case pgtype.BoolOID:
		if len(v) == 1 {
			return []byte{"01"[boolDigit(v[0] == 't')]}
		}
	case pgtype.ByteaOID:
		if !r.sent(i) && len(v) >= 2 { // \x68656c6c6f
			out := make([]byte, hex.DecodedLen(len(v)-2))
			n, _ := hex.Decode(out, v[2:])
			return out[:n]
		}
	case pgtype.TimestamptzOID, pgtype.TimestampOID:
		if r.sent(i) && len(v) == 8 {
			return r.moment(i)
		}
		v = dateTime(v)
		r.values[i] = v
	}
	return v
}

// sent tells of a value that came in the server's own form.
func (r *row) sent(i int) bool { return r.formats != nil && r.formats[i] == asBytes }

func (r *row) moment(i int) []byte {
	from := len(r.texts)
	r.texts = form.AppendMoment(r.texts, int64(binary.BigEndian.Uint64(r.values[i])))
	text := r.texts[from:len(r.texts):len(r.texts)]
	if len(text) != 8 { // as infinity has, which would be read as a number the next time
		r.values[i] = text
	}
	return text
}

func (r *row) Int(i int) int64 {
	v := r.values[i]
	if r.oids[i] == pgtype.BoolOID {
		return int64(boolDigit(len(v) > 0 && v[0] == 't'))
	}
	if n, err := strconv.ParseInt(string(v), 10, 64); err == nil {
		return n
	}
	f := r.Float(i)
	switch {
	case f >= math.MaxInt64:
		return math.MaxInt64
	case f <= math.MinInt64:
		return math.MinInt64
	case f != f:
		return 0
	}
	return int64(f)
}

func (r *row) Float(i int) float64 {
	f, _ := strconv.ParseFloat(string(r.values[i]), 64)
	return f
}

func (r *row) Bool(i int) bool { return r.Int(i) != 0 }

// dateTime writes a time, 2026-01-02 03:04:05.678901+00, as package form does: the
// sessions are in UTC. Where there is room it is written over what the server sent.
func dateTime(v []byte) []byte {
	const seconds, whole = len("2006-01-02 15:04:05"), len("2006-01-02T15:04:05.000Z")
	if len(v) < seconds || v[10] != ' ' {
		return v
	}
	fraction := len(v) > seconds && v[seconds] == '.'
	if len(v) < whole {
		v = append(v[:len(v):len(v)], make([]byte, whole-len(v))...)
	}
	v = v[:whole]
	v[10], v[seconds] = 'T', '.'
	for i := seconds + 1; i < whole-1; i++ {
		if fraction = fraction && digit(v[i]); !fraction {
			v[i] = '0'
		}
	}
	v[whole-1] = 'Z'
	return v
}
