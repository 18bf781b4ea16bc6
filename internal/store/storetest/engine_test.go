package storetest_test

import (
	"context"
	"testing"

	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/storetest"
)

func TestSmoke(t *testing.T) {
	storetest.Each(t, func(t *testing.T, e store.Engine) {
		storetest.Tables(t, e, "CREATE TABLE t (id TEXT PRIMARY KEY, n INTEGER) STRICT")
		for range 3 {
			err := e.Write(context.Background(), func(c store.Conn) error {
				n, err := c.Exec("INSERT INTO t VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET n = excluded.n", "a", 1)
				if n != 1 {
					t.Error(n)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			err = e.Read(context.Background(), func(c store.Conn) error {
				return c.Query("SELECT id, n FROM t WHERE id = ?1", []any{"a"}, func(r store.Row) error {
					if r.Text(0) != "a" || r.Int(1) != 1 {
						t.Error(r.Text(0), r.Int(1))
					}
					return nil
				})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}
