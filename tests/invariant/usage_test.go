package invariant

import (
	"context"
	"maps"
	"path/filepath"

	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/migrate"
	"github.com/loam-dev/loam/internal/store/storetest"
)

// counted holds what the writes summed up of each organization's rows and bytes
// against a sum over the rows that they left.
func (w *world) counted(dir string) {
	if w.t.Failed() {
		return
	}
	ctx := context.Background()
	d := storetest.Database{Dialect: store.SQLite, Where: filepath.Join(dir, "loam.db")}
	if w.url != "" {
		d = storetest.Database{Dialect: store.PostgreSQL, Where: w.url}
	}
	e, err := d.Connect(ctx)
	if err != nil {
		w.t.Error(err)
		return
	}
	defer e.Close()
	sums := func() map[string]store.Usage {
		had := map[string]store.Usage{}
		if err := e.Read(ctx, func(c store.Conn) error {
			return c.Query(`SELECT org, rows, bytes FROM _usage WHERE rows <> 0 OR bytes <> 0`, nil, func(r store.Row) error {
				had[r.Text(0)] = store.Usage{Rows: r.Int(1), Bytes: r.Int(2)}
				return nil
			})
		}); err != nil {
			w.t.Error(err)
		}
		return had
	}
	got := sums()
	if err := e.Write(ctx, func(c store.Conn) error { return c.Script(`DROP TABLE _usage`) }); err != nil {
		w.t.Error(err)
	}
	if err := migrate.New(e, migrate.Options{}).Prepare(ctx); err != nil {
		w.t.Error(err)
	}
	if want := sums(); !maps.Equal(got, want) {
		w.t.Errorf("seed %d: organizations have %v by the sums, %v by the rows\n%s", w.seed, got, want, w.sdl)
	}
}
