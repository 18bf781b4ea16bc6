package audit

import (
	"strings"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/storetest"
	"github.com/loam-dev/loam/internal/vault"
)

// A page of all organizations' records is read along an index, whatever is asked for:
// what was done before costs nothing.
func TestAllInOneList(t *testing.T) {
	engine := storetest.Room(t)
	storetest.Tables(t, engine, Tables(engine.Dialect())...)
	v, err := vault.Parse("6f1d0c5b8e2a4397b1c60f7ad93e52841c7b6a90e8d3f5247a1b9c0d4e6f8372")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	l := New(engine, v, func() time.Time { at = at.Add(time.Second); return at })
	for _, e := range []Event{
		{Action: "auth.sign_in", Org: "acme", Actor: "user:ada", Target: "user:ada"}, {Action: "org.member_added", Org: "acme", Actor: "user:ada", Target: "user:bob"},
		{Action: "auth.sign_in", Org: "other", Actor: "user:bob", Target: "user:bob"}, {Action: "admin.keys_rotated", Actor: "user:root"},
	} {
		if err := engine.Write(t.Context(), func(c store.Conn) error { return l.Append(c, e) }); err != nil {
			t.Fatal(err)
		}
	}
	since := Filter{Since: at.Add(-time.Second), Until: at.Add(time.Second)}
	for name, test := range map[string]struct {
		filter Filter
		index  string
		want   string
	}{
		"all":    {Filter{}, "_audit_all", "admin.keys_rotated auth.sign_in org.member_added auth.sign_in audit.started"},
		"times":  {since, "_audit_all", "admin.keys_rotated auth.sign_in"},
		"action": {Filter{Action: "auth.sign_in"}, "_audit_all_action", "auth.sign_in auth.sign_in"},
		"actor":  {Filter{Actor: "user:ada"}, "_audit_all_actor", "org.member_added auth.sign_in"},
		"target": {Filter{Target: "user:bob"}, "_audit_all_target", "auth.sign_in org.member_added"},
	} {
		var got []string
		for page := (Page{Limit: 2}); ; {
			found, err := l.ListAll(t.Context(), test.filter, page)
			if err != nil {
				t.Fatal(name, err)
			}
			for _, r := range found.Items {
				got = append(got, r.Action)
			}
			if found.NextCursor == nil {
				break
			}
			page.Cursor = *found.NextCursor
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
		if engine.Dialect() == store.PostgreSQL {
			continue // of a table so small it reads all
		}
		q := test.filter.query().where(`("at", "seq") < (?, ?)`, "9", 9)
		err := engine.Read(t.Context(), func(c store.Conn) error {
			return c.Query("EXPLAIN QUERY PLAN "+selectRecord+"WHERE TRUE"+q.sql+` ORDER BY "at" DESC, "seq" DESC LIMIT 2`, q.args, func(r store.Row) error {
				if plan := r.Text(3); !strings.Contains(plan, "USING INDEX "+test.index+" ") {
					t.Errorf("%s: %s", name, plan)
				}
				return nil
			})
		})
		if err != nil {
			t.Error(err)
		}
	}
}
