package postgres_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/postgres"
	"github.com/loam-dev/loam/internal/store/storetest"
)

// What PostgreSQL has beside the contract that storetest holds it to.

func openAt(t testing.TB, url string, tight postgres.Tight, connections int) *postgres.Engine {
	t.Helper()
	e, err := postgres.OpenTight(t.Context(), postgres.Options{URL: url, Connections: connections}, tight)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

const table = "CREATE TABLE t (id TEXT PRIMARY KEY, n INTEGER NOT NULL) STRICT"

func execute(sql string, args ...any) func(store.Conn) error {
	return func(c store.Conn) error { _, err := c.Exec(sql, args...); return err }
}

func query(sql string, args ...any) func(store.Conn) error {
	return func(c store.Conn) error { return c.Query(sql, args, nil) }
}

func insert(e store.Engine, id string) error {
	return e.Write(context.Background(), execute("INSERT INTO t VALUES (?1, 0)", id))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// one reads one value.
func one(t testing.TB, e store.Engine, sql string, args ...any) (got string) {
	t.Helper()
	must(t, e.Read(context.Background(), func(c store.Conn) error {
		return c.Query(sql, args, func(r store.Row) error { got = r.Text(0); return nil })
	}))
	return got
}

// A statement is one way to the server and back, with all that opens its
// transaction; the end is another, for which a read does not wait.
func TestRoundTrips(t *testing.T) {
	p := newProxy(t, storetest.URL(t))
	e := openAt(t, p.URL, postgres.Tight{}, 1)
	storetest.Tables(t, e, table)
	n := 0
	statement := func(c store.Conn) error { c.Enter("acme"); return query("SELECT n FROM t WHERE id = ?1", "a")(c) }
	write := func(c store.Conn) error {
		n++
		c.Enter("acme")
		return execute("INSERT INTO t VALUES (?1, 0)", fmt.Sprint(n))(c)
	}
	twice := func(fn func(store.Conn) error) func(store.Conn) error {
		return func(c store.Conn) error { return errors.Join(fn(c), fn(c)) }
	}
	elsewhere := func(c store.Conn) error {
		c.Enter("acme")
		err := query("SELECT 1")(c)
		c.Enter(store.Everyone)
		return errors.Join(err, query("SELECT 1")(c))
	}
	later := func(c store.Conn) error {
		err := write(c)
		return errors.Join(err, c.Later("UPDATE t SET n = 1"), c.Sum("UPDATE t SET n = ?2 WHERE id = ?1 AND n <> ?3", "a", 1, 2))
	}
	both := func(store.Conn) error { return e.Read(t.Context(), query("SELECT 1")) }
	must(t, e.WriteRows(t.Context(), both)) // there is a connection for each
	for _, test := range []struct {
		name string
		run  func(context.Context, func(store.Conn) error) error
		fn   func(store.Conn) error
		want int
	}{
		{"nothing", e.Read, func(store.Conn) error { return nil }, 0},
		{"read", e.Read, statement, 2},
		{"one read", e.ReadOne, statement, 1},
		{"two reads", e.Read, twice(statement), 3},
		{"read of two organizations", e.Read, elsewhere, 3},
		{"write", e.Write, write, 2},
		{"write of rows", e.WriteRows, write, 2},
		{"two writes", e.WriteRows, twice(write), 3},
		{"write with what nobody waits for", e.WriteRows, later, 2},
	} {
		for _, state := range []string{"cold", "warm"} {
			must(t, e.Read(t.Context(), query("SELECT 0"))) // waits for the end of the read before
			must(t, e.Write(t.Context(), func(store.Conn) error { return nil }))
			before := p.count()
			must(t, test.run(context.Background(), test.fn))
			must(t, e.Write(t.Context(), func(store.Conn) error { return nil }))
			if got := p.count() - before; got != test.want {
				t.Errorf("%s, %s: %d round trips, want %d", test.name, state, got, test.want)
			}
		}
	}
}

func TestLostConnectionsAreReplaced(t *testing.T) {
	p := newProxy(t, storetest.URL(t))
	e := openAt(t, p.URL, postgres.Tight{}, 8)
	storetest.Tables(t, e, table)
	for i := range 3 {
		for range 8 { // several are idle
			_ = e.Read(t.Context(), func(c store.Conn) error { return e.Read(t.Context(), query("SELECT 1")) })
		}
		p.breakAll()
		must(t, e.Read(t.Context(), query("SELECT 1")))
		p.breakAll()
		must(t, insert(e, fmt.Sprint(i)))
	}
	if got := one(t, e, "SELECT count(*) FROM t"); got != "3" {
		t.Errorf("%s rows", got)
	}
}

func TestLostBeforeCommitRunsAgain(t *testing.T) {
	p := newProxy(t, storetest.URL(t))
	e := openAt(t, p.URL, postgres.Tight{}, 4)
	storetest.Tables(t, e, table)
	for _, how := range []cutting{cutNow, cutAtAnswer} {
		ran := 0
		p.cutOnce("second statement", how)
		must(t, e.Write(t.Context(), func(c store.Conn) error {
			ran++
			return errors.Join(execute("INSERT INTO t VALUES (?1, 0)", fmt.Sprint(how))(c), query(fmt.Sprintf("SELECT 'second statement %d'", how))(c))
		}))
		if ran != 2 {
			t.Errorf("ran %d times", ran)
		}
	}
	if got := one(t, e, "SELECT count(*) FROM t"); got != "2" {
		t.Errorf("%s rows", got)
	}
}

func TestLostAtCommitIsToldSo(t *testing.T) {
	url := storetest.URL(t)
	p := newProxy(t, url)
	e, direct := openAt(t, p.URL, postgres.Tight{}, 4), openAt(t, url, postgres.Tight{}, 1)
	storetest.Tables(t, e, table)
	for how, kept := range map[cutting]string{cutNow: "0", cutAtAnswer: "1"} {
		p.breakAll() // so that COMMIT is sent by that name
		id := fmt.Sprint(how)
		p.cutOnce("COMMIT\x00", how)
		err := insert(e, id)
		if !fault.Is(err, fault.StoreUncertain) || !strings.Contains(err.Error(), "Idempotency-Key") {
			t.Errorf("got %v", err)
		}
		if got := one(t, direct, "SELECT count(*) FROM t WHERE id = ?1", id); got != kept {
			t.Errorf("%s rows, want %s", got, kept)
		}
	}
}

func TestServerGoneAndBack(t *testing.T) {
	p := newProxy(t, storetest.URL(t))
	e := openAt(t, p.URL, postgres.Tight{Outage: 300 * time.Millisecond}, 4)
	storetest.Tables(t, e, table)
	p.refuse(true)
	if err := insert(e, "gone"); !fault.Is(err, fault.StoreUnreachable) {
		t.Errorf("got %v", err)
	}
	if err := e.Read(t.Context(), query("SELECT 1")); !fault.Is(err, fault.StoreUnreachable) {
		t.Errorf("got %v", err)
	}
	p.refuse(false)
	must(t, insert(e, "back"))

	patient := openAt(t, p.URL, postgres.Tight{Outage: time.Minute}, 4)
	p.refuse(true)
	done := make(chan error)
	go func() { done <- insert(patient, "waited") }()
	for p.refusals() < 2 {
		runtime.Gosched()
	}
	p.refuse(false)
	must(t, <-done)
	if got := one(t, e, "SELECT count(*) FROM t"); got != "2" {
		t.Errorf("%s rows", got)
	}
}

func TestSecondHostIsTaken(t *testing.T) {
	good := storetest.URL(t)
	dead := newProxy(t, good)
	dead.refuse(true)
	host := func(url string) string { return strings.Split(strings.Split(url, "@")[1], "/")[0] }
	e := openAt(t, strings.Replace(good, host(good), host(dead.URL)+","+host(good), 1), postgres.Tight{}, 2)
	storetest.Tables(t, e, table)
	must(t, insert(e, "a"))
}

func TestStatementLimit(t *testing.T) {
	e := openAt(t, storetest.URL(t), postgres.Tight{Statement: 50 * time.Millisecond}, 2)
	err := e.Read(t.Context(), query("SELECT pg_sleep(10)"))
	if !fault.Is(err, fault.StoreCancelled) || !strings.Contains(err.Error(), "longer than 50ms") {
		t.Errorf("got %v", err)
	}
	must(t, e.Rebuild(t.Context(), query("SELECT pg_sleep(0.1)")))
}

func TestPoolLimits(t *testing.T) {
	e := openAt(t, storetest.URL(t), postgres.Tight{ConnectQueue: 1, ConnectWait: 100 * time.Millisecond}, 1)
	must(t, e.Read(t.Context(), func(store.Conn) error {
		waits := make(chan error)
		go func() { waits <- e.Read(t.Context(), query("SELECT 1")) }()
		for e.Waiting() == 0 {
			runtime.Gosched()
		}
		err := e.Read(t.Context(), query("SELECT 1"))
		if !fault.Is(err, fault.StoreBusy) || !strings.Contains(err.Error(), "1 transactions wait already") {
			t.Errorf("in line: %v", err)
		}
		if err := <-waits; !fault.Is(err, fault.StoreBusy) || !strings.Contains(err.Error(), "more than 100ms") {
			t.Errorf("at the end of the wait: %v", err)
		}
		return nil
	}))
	must(t, e.Read(t.Context(), query("SELECT 1")))
}

// Two servers write one at a time as well.
func TestWritesAreSerialAcrossServers(t *testing.T) {
	url := storetest.URL(t)
	nodes := []*postgres.Engine{openAt(t, url, postgres.Tight{}, 4), openAt(t, url, postgres.Tight{}, 4)}
	storetest.Tables(t, nodes[0], table, "INSERT INTO t VALUES ('a', 0)")
	count(t, nodes, 40)
	if got := one(t, nodes[0], "SELECT n FROM t"); got != "40" {
		t.Errorf("counted to %s", got)
	}
}

// count reads a number and writes the next one, n times in all.
func count(t *testing.T, nodes []*postgres.Engine, n int) {
	t.Helper()
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range n / 8 {
				err := nodes[i%len(nodes)].Write(t.Context(), func(c store.Conn) error {
					var n int64
					err := c.Query("SELECT n FROM t WHERE id = 'a'", nil, func(r store.Row) error { n = r.Int(0); return nil })
					return errors.Join(err, execute("UPDATE t SET n = ?1 WHERE id = 'a'", n+1)(c))
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

// Statements that were prepared before a migration of another server's are prepared
// anew, and none of it is to be seen.
func TestTablesChangeUnderStatements(t *testing.T) {
	url := storetest.URL(t)
	e, other := openAt(t, url, postgres.Tight{}, 4), openAt(t, url, postgres.Tight{}, 2)
	storetest.Tables(t, e, table, "INSERT INTO t VALUES ('a', 7)")
	all := func() string {
		var rows []string
		var mu sync.Mutex
		var callers sync.WaitGroup
		for range 4 {
			callers.Go(func() { row := one(t, e, "SELECT * FROM t"); mu.Lock(); rows = append(rows, row); mu.Unlock() })
		}
		callers.Wait()
		return strings.Join(rows, "")
	}
	if got := all(); got != "aaaa" {
		t.Errorf("got %s", got)
	}
	must(t, e.ReadOne(t.Context(), query("SELECT * FROM t")))
	must(t, other.Rebuild(t.Context(), func(c store.Conn) error {
		return c.Script("ALTER TABLE t RENAME COLUMN id TO name; ALTER TABLE t ADD COLUMN id bigint DEFAULT 5")
	}))
	if got := all(); got != "aaaa" {
		t.Errorf("got %s", got)
	}
	must(t, e.Write(t.Context(), func(c store.Conn) error {
		return errors.Join(query("SELECT * FROM t")(c), execute("UPDATE t SET n = n + id")(c))
	}))
	if got := one(t, e, "SELECT n FROM t"); got != "12" {
		t.Errorf("n is %s", got)
	}
	must(t, e.ReadOne(t.Context(), query("SELECT * FROM t")))
	if !e.Named() {
		t.Error("statements have no names any more")
	}
}

func TestPreparedStatementsHaveABound(t *testing.T) {
	e := openAt(t, storetest.URL(t), postgres.Tight{Statements: 8}, 1)
	for i := range 100 {
		must(t, e.Read(t.Context(), query(fmt.Sprintf("SELECT %d", i))))
	}
	if got := one(t, e, "SELECT count(*) <= 8 FROM pg_prepared_statements"); got != "1" {
		t.Error("too many:", one(t, e, "SELECT count(*) FROM pg_prepared_statements"))
	}
	if !e.Named() {
		t.Error("statements have no names any more")
	}
}

// A transaction that stands still is ended by the server, with its locks.
func TestStandingTransactionIsEnded(t *testing.T) {
	url := storetest.URL(t)
	e, other := openAt(t, url, postgres.Tight{Standing: 100 * time.Millisecond}, 2), openAt(t, url, postgres.Tight{}, 2)
	storetest.Tables(t, e, table)
	ran := 0
	must(t, e.Write(t.Context(), func(c store.Conn) error {
		err := query("SELECT 1")(c)
		if ran++; ran == 1 {
			must(t, insert(other, "meanwhile")) // waits for the lock of _writer
		}
		return errors.Join(err, execute("INSERT INTO t VALUES ('again', 0)")(c))
	}))
	if got := one(t, e, "SELECT count(*) FROM t"); got != "2" || ran != 2 {
		t.Errorf("%s rows, ran %d times", got, ran)
	}
}

func TestBehindAPooler(t *testing.T) {
	pooled := storetest.Pooler(t, storetest.URL(t))
	nodes := []*postgres.Engine{openAt(t, pooled, postgres.Tight{}, 8), openAt(t, pooled, postgres.Tight{}, 8)}
	storetest.Tables(t, nodes[0], table, "INSERT INTO t VALUES ('a', 0)")
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for n := range 25 {
				e := nodes[i%2]
				if err := e.Read(t.Context(), func(c store.Conn) error {
					c.Enter(fmt.Sprint(i))
					return c.Query("SELECT current_setting('loam.org'), current_user, ?1", []any{fmt.Sprint(n)}, func(r store.Row) error {
						if got := r.Text(0) + r.Text(1) + r.Text(2); got != fmt.Sprint(i)+e.AppRole()+fmt.Sprint(n) {
							t.Errorf("got %s", got)
						}
						return nil
					})
				}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	count(t, nodes, 80)
	all.Wait()
	if got := one(t, nodes[1], "SELECT n FROM t"); got != "80" {
		t.Errorf("counted to %s", got)
	}
	t.Log("prepared statements are kept by name:", nodes[0].Named()) // pgbouncer hands them on since 1.21
	told := openAt(t, pooled+"&default_query_exec_mode=exec", postgres.Tight{}, 2)
	if one(t, told, "SELECT 1 + ?1", 1) != "2" || told.Named() {
		t.Error("statements have names in spite of the URL")
	}
}

func TestOpenRefusals(t *testing.T) {
	url := storetest.URL(t)
	role := openAt(t, url, postgres.Tight{}, 1).AppRole()
	storetest.Admin(t, url, "DROP ROLE IF EXISTS guest; CREATE ROLE guest LOGIN")
	for _, test := range []struct {
		url   string
		tight postgres.Tight
		code  fault.Code
		says  string
	}{
		{"postgres://%", postgres.Tight{}, fault.StoreUnsuitable, "can't be read"},
		{strings.Replace(url, "loam@", "nobody-knows:secret@", 1), postgres.Tight{}, fault.StoreUnreachable, `role "nobody-knows" does not exist`},
		{strings.Replace(url, "/test_", "/missing_", 1), postgres.Tight{}, fault.StoreUnreachable, "does not exist"},
		{strings.Replace(url, "loam@", "guest@", 1), postgres.Tight{}, fault.StoreUnsuitable, ` TO "guest"`},
		{url + "&search_path=nowhere", postgres.Tight{}, fault.StoreUnsuitable, "names no schema"},
		{url, postgres.Tight{OldestServer: 990000}, fault.StoreUnsuitable, "is older than 99"},
		{"postgres://loam:secret@127.0.0.1:1/x", postgres.Tight{Outage: 50 * time.Millisecond}, fault.StoreUnreachable, "is no standby"},
	} {
		e, err := postgres.OpenTight(t.Context(), postgres.Options{URL: test.url}, test.tight)
		if err == nil {
			t.Errorf("%s: opened", test.url)
			_ = e.Close()
			continue
		}
		if !fault.Is(err, test.code) || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", test.url, err)
		}
	}
	storetest.Admin(t, url, "ALTER ROLE "+role+" BYPASSRLS")
	defer storetest.Admin(t, url, "ALTER ROLE "+role+" NOBYPASSRLS")
	if _, err := postgres.Open(t.Context(), postgres.Options{URL: url}); !fault.Is(err, fault.StoreUnsuitable) || !strings.Contains(err.Error(), "NOBYPASSRLS") {
		t.Errorf("a role above the policies: %v", err)
	}
}

// A server without room says so by this code, whatever it had no room for. It refuses who
// wrote, and nobody who wrote beside them; one line in the log tells of all.
func TestServersDiskIsFull(t *testing.T) {
	var log bytes.Buffer
	url := storetest.URL(t)
	e, err := postgres.Open(t.Context(), postgres.Options{URL: url, Log: slog.New(slog.NewTextHandler(&log, nil))})
	must(t, err)
	storetest.Tables(t, e, table, `CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		IF NEW.n = 0 THEN RAISE EXCEPTION 'could not extend file "base/1/2": No space left on device' USING ERRCODE = 'disk_full'; END IF; RETURN NEW; END $$`,
		`CREATE TRIGGER full_disk BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION full_disk()`)
	for range 3 {
		if err := insert(e, "a"); !fault.Is(err, fault.StoreFull) {
			t.Errorf("got %v", err)
		}
	}
	var beside sync.WaitGroup
	for i := range 8 {
		beside.Go(func() {
			err := e.WriteRows(context.Background(), execute("INSERT INTO t VALUES (?1, ?2)", fmt.Sprint(i), i%2))
			if (i%2 == 0) != fault.Is(err, fault.StoreFull) || i%2 == 1 && err != nil {
				t.Errorf("%d: %v", i, err)
			}
		})
	}
	beside.Wait()
	if got := one(t, e, "SELECT count(*) FROM t"); got != "4" {
		t.Errorf("%s rows", got)
	}
	storetest.Admin(t, url, "DROP TRIGGER full_disk ON t")
	must(t, insert(e, "a"))
	must(t, e.Close())
	if said := strings.Count(log.String(), "disk is full"); said != 1 {
		t.Errorf("said %d times\n%s", said, &log)
	}
}

func TestTranslate(t *testing.T) {
	for sql, want := range map[string]string{
		"SELECT ?1, '?2', \"?3\", x ? 'y' -- ?4\n, ?12":                                                                   "SELECT $1, '?2', \"?3\", x ? 'y' -- ?4\n, $12",
		"SELECT CAST(?1 AS INTEGER), 'TEXT'":                                                                              "SELECT CAST($1 AS INTEGER), 'TEXT'",
		"CREATE TABLE t (id INTEGER PRIMARY KEY, b BLOB NOT NULL, \"TEXT\" TEXT, f REAL) STRICT":                          `CREATE TABLE t (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, b bytea NOT NULL, "TEXT" text COLLATE "C", f double precision) `,
		"CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, INTEGERS text) STRICT, WITHOUT ROWID":                      `CREATE TABLE t (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, INTEGERS text)  `,
		"-- a TEXT; table\nCREATE TABLE IF NOT EXISTS t (a TEXT);\n; SELECT 'TEXT;'; ALTER TABLE t ADD COLUMN b INTEGER;": "-- a TEXT; table\nCREATE TABLE IF NOT EXISTS t (a text COLLATE \"C\")|SELECT 'TEXT;'|ALTER TABLE t ADD COLUMN b bigint",
		"CREATE FUNCTION f() RETURNS text AS $x$ SELECT '1'; CREATE TABLE t (a TEXT) $x$; SELECT $1":                      "CREATE FUNCTION f() RETURNS text AS $x$ SELECT '1'; CREATE TABLE t (a TEXT) $x$|SELECT $1",
		"SELECT 'it''s; ?1' || ?1": "SELECT 'it''s; ?1' || $1",
		"SELECT 'open":             "SELECT 'open",
		"":                         "",
	} {
		got := strings.Join(postgres.Translate(sql), "|")
		if got != strings.TrimSpace(want) {
			t.Errorf("%s\ngot  %s\nwant %s", sql, got, want)
		}
	}
}
