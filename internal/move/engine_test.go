package move_test

import (
	"path/filepath"
	"testing"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/sqlite"
)

func encrypted(t *testing.T, o backend.Options) store.Engine {
	t.Helper()
	e, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(o.Data, "loam.db"), Key: o.Vault.Key("store/database").Bytes(), Readers: 2})
	if err != nil {
		t.Fatal(err)
	}
	return e
}
