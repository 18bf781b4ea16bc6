package backup

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// Describe tells what a snapshot is of, from inside its transaction.
type Describe func(store.Conn) (Description, error)

// Description is what a snapshot is of.
type Description struct {
	Schema   string `json:"schema"`   // the hash of the schema in force; "" where there is none
	Position int64  `json:"position"` // of the change log's last entry
}

// Manifest says what a snapshot holds. It is written last: a snapshot without one was
// never finished.
type Manifest struct {
	Format int       `json:"format"`
	ID     string    `json:"id"`
	At     time.Time `json:"at"`
	Description
	PageSize int     `json:"pageSize,omitempty"`
	Pages    uint32  `json:"pages,omitempty"`
	Digest   string  `json:"digest"` // SHA-256 of the snapshot's content
	Tables   []Table `json:"tables"`
}

// Table is what there is in a table.
type Table struct {
	Name   string `json:"name"`
	Rows   int64  `json:"rows"`
	Digest string `json:"digest"` // of its rows, in any order
}

// digest adds up rows, so that their order does not count.
type digest struct {
	sum  hash.Hash
	a, b uint64
	rows int64
	size [8]byte
}

func newDigest() *digest { return &digest{sum: sha256.New()} }

// value adds a value of the row that is being added; nil is NULL.
func (d *digest) value(v []byte, null bool) {
	length := int64(len(v))
	if null {
		length = -1
	}
	binary.BigEndian.PutUint64(d.size[:], uint64(length))
	d.sum.Write(d.size[:])
	d.sum.Write(v)
}

// end ends a row.
func (d *digest) end() {
	var sum [sha256.Size]byte
	d.sum.Sum(sum[:0])
	d.sum.Reset()
	d.a += binary.BigEndian.Uint64(sum[:])
	d.b += binary.BigEndian.Uint64(sum[8:])
	d.rows++
}

func (d *digest) table(name string) Table {
	return Table{name, d.rows, fmt.Sprintf("%016x%016x", d.a, d.b)}
}

// tablesOf reads all tables of an embedded database: those that have rows of their
// own in the file.
func tablesOf(ctx context.Context, c store.Conn) ([]Table, error) {
	var names []string
	err := c.Query(`SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 ORDER BY name`, nil, func(r store.Row) error {
		names = append(names, r.Text(0))
		return nil
	})
	if err != nil {
		return nil, err
	}
	all := make([]Table, 0, len(names))
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		t, err := tableOf(c, name)
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}

func tableOf(c store.Conn, name string) (Table, error) {
	var columns []string
	err := c.Query(`SELECT name FROM pragma_table_info(?1)`, []any{name}, func(r store.Row) error {
		columns = append(columns, quoted(r.Text(0)))
		return nil
	})
	if err != nil {
		return Table{}, err
	}
	d := newDigest()
	err = c.Query("SELECT "+strings.Join(columns, ", ")+" FROM "+quoted(name), nil, func(r store.Row) error {
		for i := range columns {
			d.value(r.Bytes(i), r.Null(i))
		}
		d.end()
		return nil
	})
	return d.table(name), err
}

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// differences names the tables that are not what they were.
func differences(was, is []Table) []string {
	var all []string
	for _, t := range was {
		i := slices.IndexFunc(is, func(o Table) bool { return o.Name == t.Name })
		switch {
		case i < 0:
			all = append(all, t.Name+" is missing")
		case is[i].Rows != t.Rows:
			all = append(all, fmt.Sprintf("%s has %d rows, not %d", t.Name, is[i].Rows, t.Rows))
		case is[i] != t:
			all = append(all, t.Name+" has other rows")
		}
	}
	for _, t := range is {
		if !slices.ContainsFunc(was, func(o Table) bool { return o.Name == t.Name }) {
			all = append(all, t.Name+" was not there")
		}
	}
	return all
}

// readManifest reads the manifest of a snapshot.
func readManifest(ctx context.Context, t Target, s sealing, id SnapshotID) (*Manifest, error) {
	name := id.manifest()
	var m Manifest
	err := readSealed(ctx, t, s, name, func(r io.Reader) error {
		text, err := io.ReadAll(io.LimitReader(r, manifestBytes))
		if err != nil {
			return err
		}
		if err := json.Unmarshal(text, &m); err != nil {
			return err
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case m.Format != format:
		return nil, newer(name, m.Format)
	case m.ID != id.String():
		return nil, damaged(name, fmt.Errorf("it is that of %s", m.ID))
	}
	return &m, nil
}

func newer(name string, f int) error {
	return fault.New(fault.BackupNewer, "%s has format %d, which this version of Loam does not know; use the version that wrote it", name, f)
}

// readSealed has read read a sealed file from its beginning to its end.
func readSealed(ctx context.Context, t Target, s sealing, name string, read func(io.Reader) error) error {
	f, err := t.Open(ctx, name)
	if err != nil {
		return err
	}
	defer f.Close()
	o, err := s.open(name, f)
	if err != nil {
		return err
	}
	defer o.close()
	err = read(o)
	if err == nil {
		err = o.end()
	}
	if err == nil {
		return nil
	}
	if _, ours := isFault(err); ours || ctx.Err() != nil {
		return err
	}
	return damaged(name, err)
}
