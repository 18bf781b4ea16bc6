package replica_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/replica"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/postgres"
	"github.com/loam-dev/loam/internal/store/storetest"
)

const (
	soon = time.Second // that a standby may be behind which follows
	ever = time.Hour
)

// fixture is a primary with a standby, and a table of one row.
type fixture struct {
	*testing.T
	pair    *storetest.Pair
	primary *postgres.Engine
	set     *replica.Set
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{T: t, pair: storetest.NewPair(t)}
	f.pair.Relax()
	var err error
	if f.primary, err = postgres.Open(t.Context(), postgres.Options{URL: f.pair.URL(), Connections: 4}); err != nil {
		t.Fatal(err)
	}
	f.later(f.primary.Close)
	storetest.Tables(t, f.primary, append(replica.Tables(store.PostgreSQL), `CREATE TABLE t (n bigint)`, `INSERT INTO t VALUES (0)`)...)
	f.set = f.open(f.pair.Replica())
	return f
}

func (f *fixture) later(end func() error) {
	f.Cleanup(func() {
		if err := end(); err != nil {
			f.Error(err)
		}
	})
}

func (f *fixture) open(urls ...string) *replica.Set {
	f.Helper()
	set, err := replica.OpenSoon(replica.Options{URLs: urls, Primary: f.primary})
	if err != nil {
		f.Fatal(err)
	}
	f.later(set.Close)
	return set
}

func (f *fixture) write(sql string) {
	f.Helper()
	if err := f.primary.WriteRows(f.Context(), func(c store.Conn) error { _, err := c.Exec(sql); return err }); err != nil {
		f.Fatal(err)
	}
}

// read tells what a replica answers, "" where the primary is to.
func (f *fixture) read(sql string, most time.Duration) string {
	f.Helper()
	got := ""
	behind, read, err := f.set.Read(f.Context(), most, true, func(c store.Conn) error {
		return c.Query(sql, nil, func(r store.Row) error { got = r.Text(0); return nil })
	})
	switch {
	case err != nil:
		f.Error(err)
	case !read:
		return ""
	case behind < 0 || behind > most:
		f.Errorf("an answer that is %v behind, where %v was asked for", behind, most)
	}
	return got
}

// until reads until the answer is the wanted one.
func (f *fixture) until(want, sql string, most time.Duration) {
	f.Helper()
	for began := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		got := f.read(sql, most)
		if got == want {
			return
		}
		if time.Since(began) > time.Minute {
			f.Fatalf("read %q, not %q", got, want)
		}
	}
}

const number = `SELECT n FROM t`

// A standby answers while it is near enough for the read, and what it lacks or fails at
// is left to the primary. Nobody who reads notices that it hangs or is killed.
func TestReplica(t *testing.T) {
	f := newFixture(t)
	f.until("0", number, soon)
	f.write("UPDATE t SET n = 1")
	f.until("1", number, soon)
	f.paused()
	f.strange()
	reads, end := f.readers()
	thaw := f.pair.Freeze()
	f.lost()
	thaw()
	f.until("2", number, soon)
	f.pair.Lose()
	f.lost()
	end()
	if reads.Load() == 0 {
		t.Error("nobody has read meanwhile")
	}
	f.pair.Rebuild() // at the same address
	f.until("2", number, soon)
	f.pair.Promote()
	f.lost()
}

// paused has the standby fall behind, and behind a migration.
func (f *fixture) paused() {
	f.pair.Pause()
	f.write("UPDATE t SET n = 2")
	f.until("", number, 300*time.Millisecond)
	if got := f.read(number, ever); got != "1" {
		f.Errorf("a read that may be an hour behind got %q", got)
	}
	if err := f.primary.Rebuild(f.Context(), func(c store.Conn) error { return c.Script("ALTER TABLE t ADD more bigint NOT NULL DEFAULT 7") }); err != nil {
		f.Fatal(err)
	}
	if got := f.read("SELECT more FROM t", ever); got != "" {
		f.Errorf("of a column that the replica has not, it says %q", got)
	}
	if got := f.read(number, ever); got != "1" {
		f.Errorf("after that it says %q", got)
	}
	f.pair.Resume()
	f.until("7", "SELECT more FROM t", soon)
}

// strange asks for what no replica does, and reads from what is none.
func (f *fixture) strange() {
	wrong := fault.New(fault.QueryTooComplex, "so it is")
	if _, _, err := f.set.Read(f.Context(), ever, true, func(store.Conn) error { return wrong }); !fault.Is(err, wrong.Code) {
		f.Errorf("what is wrong with the request itself: %v", err)
	}
	if _, read, _ := f.set.Read(f.Context(), ever, true, func(c store.Conn) error { _, err := c.Exec("UPDATE t SET n = 3"); return err }); read {
		f.Error("a replica was written to")
	}
	if _, err := replica.OpenSoon(replica.Options{URLs: []string{f.pair.URL()}, Primary: f.primary}); !fault.Is(err, fault.StoreUnsuitable) {
		f.Errorf("a URL of two hosts: %v", err)
	}
	other := storetest.URL(f)
	e, err := postgres.Open(f.Context(), postgres.Options{URL: other, Connections: 2})
	if err != nil {
		f.Fatal(err)
	}
	f.later(e.Close)
	storetest.Tables(f, e, replica.Tables(store.PostgreSQL)...)
	elsewhere := *f
	elsewhere.set = f.open(other, "postgres://loam@127.0.0.1:1/app?sslmode=disable")
	time.Sleep(200 * time.Millisecond) // many looks
	if got := elsewhere.read("SELECT 'something'", ever); got != "" {
		f.Errorf("another database was read from: %q", got)
	}
}

// readers read all the time.
func (f *fixture) readers() (reads *atomic.Int64, end func()) {
	ctx, cancel := context.WithCancel(f.Context())
	reads = &atomic.Int64{}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for ctx.Err() == nil {
				began := time.Now()
				if got := f.read(number, ever); got != "" && got != "2" {
					f.Errorf("read %q", got)
				}
				if took := time.Since(began); took > 10*time.Second {
					f.Errorf("a read took %v", took)
				}
				reads.Add(1)
				time.Sleep(time.Millisecond)
			}
		})
	}
	return reads, func() { cancel(); all.Wait() }
}

// lost waits until the standby is out of use, which costs a read nothing then.
func (f *fixture) lost() {
	f.Helper()
	for began := time.Now(); f.set.Stats().Usable > 0; time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > time.Minute {
			f.Fatal("a standby that is lost is in use")
		}
	}
	began := time.Now()
	for range 100 {
		if got := f.read(number, ever); got != "" {
			f.Errorf("a standby that is lost says %q", got)
		}
	}
	if took := time.Since(began); took > 5*time.Second {
		f.Errorf("100 reads without it took %v", took)
	}
}
