package sqlite

import (
	"context"
	"testing"

	"github.com/loam-dev/loam/internal/store"
)

// TestCommitsAreForcedToDisk: a killed process can't tell a commit that reached
// the disk from one that reached the system's cache, so that the settings which
// make the difference at a power failure are read back from the connection that
// writes.
func TestCommitsAreForcedToDisk(t *testing.T) {
	for name, key := range map[string][]byte{"plain": nil, "encrypted": make([]byte, KeySize)} {
		e := openEngine(t, Options{Key: key})
		for pragma, want := range map[string]string{"synchronous": "2", "journal_mode": "wal", "foreign_keys": "1"} {
			var got string
			err := e.Write(context.Background(), func(c store.Conn) error {
				return c.Query("PRAGMA "+pragma, nil, func(r store.Row) error {
					got = r.Text(0)
					return nil
				})
			})
			if err != nil || got != want {
				t.Errorf("%s: %s is %q, want %q (%v)", name, pragma, got, want, err)
			}
		}
	}
}
