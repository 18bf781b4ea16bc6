package backend_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store/storetest"
	"github.com/loam-dev/loam/internal/testkit"
)

// TestDumpIsRestoredAnywhere: what pg_dump has taken, and somebody restored under another
// name and owner, is served to those whose it is and to nobody else, whether the role that
// its policies name is there or not. What belongs to somebody else is refused, with what to do.
func TestDumpIsRestoredAnywhere(t *testing.T) {
	namesDatabases(t)
	at := opts(t)
	at.Database = storetest.URL(t)
	t.Run("before", func(t *testing.T) {
		s := testkit.New(t, notes, testkit.In(at.Data), testkit.Encrypted, func(o *backend.Options) { o.Database = at.Database })
		ada, eve := s.SignUp("ada@example.com"), s.SignUp("eve@example.com")
		for i := range 30 {
			pair(ada, i)
		}
		eve.Do("POST", "/api/notes", map[string]any{"text": "eve's", "pair": -1, "at": "2026-01-31T14:30:00.123Z", "body": `{"b":1.50}`}).Want(201)
	})
	statements := regexp.MustCompile(`(?m)^(CREATE POLICY|GRANT|REVOKE) [^;]*;$`)
	for name, edit := range map[string]func(string) string{
		"on the same server": func(dump string) string { return dump },
		"on another server":  func(dump string) string { return statements.ReplaceAllString(dump, "") }, // they fail there
	} {
		t.Run(name, func(t *testing.T) {
			to := at
			to.Database = otherOwner(t)
			storetest.Copy(t, at.Database, to.Database, edit)
			look(t, to)
		})
	}
	t.Run("as somebody else", func(t *testing.T) {
		to := at
		to.Database = otherOwner(t)
		storetest.Copy(t, at.Database, regexp.MustCompile(`//[^@]*@`).ReplaceAllString(to.Database, "//postgres@"), func(dump string) string { return dump })
		_, err := backend.Open(t.Context(), to)
		if !fault.Is(err, fault.StoreUnsuitable) || !strings.Contains(err.Error(), `REASSIGN OWNED BY "postgres" TO "heir-`) {
			t.Errorf("got %v", err)
		}
	})
}
