package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/postgres"
	"github.com/loam-dev/loam/internal/store/storetest"
)

const notes = `CREATE TABLE note (_org TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (_org, id));
ALTER TABLE note ENABLE ROW LEVEL SECURITY;
ALTER TABLE note FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON note TO PUBLIC USING (_org = current_setting('loam.org', true)) WITH CHECK (_org = current_setting('loam.org', true));
CREATE POLICY owner ON note TO CURRENT_USER USING (true) WITH CHECK (true)`

// A connection knows nothing of whose request it served before, however that ended:
// 10,000 requests of ten organizations over four connections, half of which end in an
// error, a panic or a timeout, or are cut off, and each of which looks at the whole
// table without a condition.
func TestAttack050_ContextOfPooledConnections(t *testing.T) {
	const direct, pooled, callers = 10000, 1000, 8
	url := storetest.URL(t)
	e := openAt(t, url, postgres.Tight{}, 4)
	storetest.Tables(t, e, notes)
	for i := range 10 {
		org := fmt.Sprint("org", i)
		must(t, e.WriteRows(t.Context(), func(c store.Conn) error {
			c.Enter(org)
			return execute("INSERT INTO note VALUES (?1, 'first')", org)(c)
		}))
	}
	for _, run := range []struct {
		e        *postgres.Engine
		requests int64
	}{{e, direct}, {openAt(t, storetest.Pooler(t, url), postgres.Tight{}, 6), pooled}} {
		a := &interleaving{TB: t, e: run.e}
		var all sync.WaitGroup
		for range callers {
			all.Go(func() {
				for n := a.next.Add(1); n <= run.requests; n = a.next.Add(1) {
					a.request(n)
				}
			})
		}
		all.Wait()
		if a.leaks.Load() > 0 || a.looks.Load() < run.requests {
			t.Errorf("%d leaks at %d looks", a.leaks.Load(), a.looks.Load())
		}
	}
}

type interleaving struct {
	testing.TB
	e                  *postgres.Engine
	next, looks, leaks atomic.Int64
}

// sees holds the organizations whose rows a statement sees against what it may.
func (a *interleaving) sees(c store.Conn, want string) error {
	var got []string
	err := c.Query("SELECT DISTINCT _org FROM note ORDER BY 1", nil, func(r store.Row) error {
		got = append(got, r.Text(0))
		return nil
	})
	if err != nil {
		return err
	}
	a.looks.Add(1)
	if strings.Join(got, " ") != want {
		a.leaks.Add(1)
		a.Errorf("saw %q, not %q", got, want)
	}
	return nil
}

var errRefused = errors.New("refused")

// request is the n-th one.
func (a *interleaving) request(n int64) {
	ctx, cancel := context.WithCancel(a.Context())
	defer cancel()
	defer func() { _ = recover() }()
	org := fmt.Sprint("org", n%10)
	other := fmt.Sprint("org", (n+1)%10)
	if n%5 == 0 { // a statement by itself
		_ = a.e.ReadOne(ctx, func(c store.Conn) error {
			if n%2 == 0 {
				return a.sees(c, "")
			}
			c.Enter(org)
			return a.sees(c, org)
		})
		return
	}
	run := []func(context.Context, func(store.Conn) error) error{a.e.Read, a.e.WriteRows, a.e.Read}[n%3]
	_ = run(ctx, func(c store.Conn) error {
		if n%2 == 0 { // nobody's
			if err := a.sees(c, ""); err != nil {
				return err
			}
		}
		c.Enter(org)
		if err := a.sees(c, org); err != nil {
			return err
		}
		switch n / 3 % 14 {
		case 0:
			return errRefused
		case 1:
			panic("in a request")
		case 2:
			return c.Query("SELECT id FROM note", nil, func(store.Row) error { panic("over a row") })
		case 3:
			return query("SELECT 1/0 FROM note")(c)
		case 4: // of another organization
			if err := execute("INSERT INTO note VALUES (?1, 'stolen')", other)(c); err == nil && n%3 == 1 {
				a.leaks.Add(1)
				a.Error("wrote another organization's row")
			}
		case 5: // is there
			return execute("INSERT INTO note VALUES (?1, 'first')", org)(c)
		case 6:
			cancel()
			return query("SELECT 1")(c)
		case 7:
			if n%20 == 0 {
				time.AfterFunc(time.Millisecond, cancel)
				return query("SELECT pg_sleep(1)")(c)
			}
		case 8:
			if n%20 == 0 {
				return query("SELECT pg_terminate_backend(pg_backend_pid())")(c)
			}
		case 9:
			c.Enter(store.Everyone)
			return query("SELECT count(*) FROM note")(c)
		case 10:
			c.Enter(other)
			if err := a.sees(c, other); err != nil {
				return err
			}
			c.Enter(org)
			return a.sees(c, org)
		case 11:
			return query("SELEKT")(c)
		}
		return nil
	})
}

// Roles are of a server, and so shared by its databases: neither the login of another
// backend on it nor the role of that one's statements reaches a row of this one.
func TestAttack050_RolesOfAnotherDatabase(t *testing.T) {
	mine, theirs := storetest.URL(t), storetest.URL(t)
	storetest.Admin(t, theirs, `CREATE ROLE stranger LOGIN CREATEROLE;
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO stranger', current_database()); END $$`)
	login := func(url string) string { return strings.Replace(url, "loam@", "stranger@", 1) }
	e, other := openAt(t, mine, postgres.Tight{}, 2), openAt(t, login(theirs), postgres.Tight{}, 2)
	storetest.Admin(t, theirs, "ALTER ROLE stranger NOCREATEROLE")
	for _, one := range []*postgres.Engine{e, other} {
		storetest.Tables(t, one, notes)
		must(t, one.WriteRows(t.Context(), func(c store.Conn) error {
			c.Enter("org")
			return execute("INSERT INTO note VALUES ('org', 'row')")(c)
		}))
	}
	for _, test := range []struct{ url, role, want string }{
		{login(theirs), other.AppRole(), "[[row]]"},
		{login(mine), other.AppRole(), "permission denied for table note"},
		{login(mine), "none", "permission denied for table note"},
		{login(mine), e.AppRole(), "permission denied to set role"},
		{theirs, e.AppRole(), "permission denied for table note"},
	} {
		if got := noteAs(t, test.url, test.role); !strings.Contains(got, test.want) {
			t.Errorf("%s as %s: %s, want %s", test.url, test.role, got, test.want)
		}
	}
}

// noteAs reads past the server.
func noteAs(t *testing.T, url, role string) string {
	conn, err := pgx.Connect(t.Context(), url)
	must(t, err)
	defer func() { must(t, conn.Close(t.Context())) }()
	results, err := conn.PgConn().Exec(t.Context(), "SET ROLE "+role+"; SET loam.org = 'org'; SELECT id FROM note").ReadAll()
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%s", results[len(results)-1].Rows)
}

func TestNamesOfRoles(t *testing.T) {
	seen := map[string]bool{}
	for _, test := range []struct{ database, schema, owner, want string }{
		{"Shop", "public", "loam", "loam_shop_"},
		{"Shop", "public", "other", "loam_shop_"},
		{"Shop", "other", "loam", "loam_shop_"},
		{"shop", "public", "loam", "loam_shop_"},
		{`"a b"; é`, "public", "loam", "loam__a_b_____"},
		{strings.Repeat("long", 20), "public", "loam", "loam_" + strings.Repeat("long", 10) + "l_"},
	} {
		got := postgres.RoleOf(test.database, test.schema, test.owner)
		if hash, ok := strings.CutPrefix(got, test.want); !ok || len(hash) != 16 || len(got) > 63 || seen[got] {
			t.Errorf("%+v: %s", test, got)
		}
		seen[got] = true
	}
}
