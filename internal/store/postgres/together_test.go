package postgres_test

import (
	"context"
	"errors"
	"fmt"
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

// together runs writes of rows that wait at the same moment, in their order, and
// returns what each was answered.
func together(t *testing.T, e *postgres.Engine, jobs ...func(context.Context) error) []error {
	t.Helper()
	entered, let := make(chan struct{}), make(chan struct{})
	errs, enter := make([]error, len(jobs)), sync.OnceFunc(func() { close(entered) })
	var all sync.WaitGroup
	all.Go(func() {
		err := e.WriteRows(t.Context(), func(c store.Conn) error {
			enter()
			<-let
			return query("SELECT 'the first of its group'")(c)
		})
		if err != nil && !fault.Is(err, fault.StoreUncertain) {
			t.Error(err)
		}
	})
	<-entered
	for i, job := range jobs {
		all.Go(func() { errs[i] = job(t.Context()) })
		for e.InLine() <= i {
			runtime.Gosched()
		}
	}
	close(let)
	all.Wait()
	return errs
}

// adds makes a row that tells which transaction made it.
func adds(e store.Engine, id string) func(context.Context) error {
	return func(ctx context.Context) error {
		return e.WriteRows(ctx, execute("INSERT INTO made SELECT ?1, txid_current()", id))
	}
}

// patient has all that waits share a commit, on a busy machine as well.
var patient = postgres.Tight{GroupStall: time.Minute, GroupTime: time.Minute}

const made = "CREATE TABLE made (id TEXT PRIMARY KEY, tx INTEGER NOT NULL) STRICT"

// What becomes of one write of a group is nothing to the others.
func TestNeighboursOfAGroup(t *testing.T) {
	e := openAt(t, storetest.URL(t), patient, 4)
	storetest.Tables(t, e, made)
	refused := errors.New("refused")
	rows := func(fn func(store.Conn) error) func(context.Context) error {
		return func(ctx context.Context) error {
			return e.WriteRows(ctx, func(c store.Conn) error {
				must(t, execute("INSERT INTO made VALUES ('undone', 0)")(c))
				must(t, c.Later("INSERT INTO made VALUES ('undone later', 0)"))
				must(t, c.Sum("INSERT INTO made VALUES (?1, ?2 + CAST(?3 AS bigint))", "undone at the end", 1, 1))
				return fn(c)
			})
		}
	}
	impatient := func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		defer cancel()
		return rows(query("SELECT pg_sleep(60)"))(ctx)
	}
	for round, ends := range []string{"after a kept one", "as the first"} { // as what sends something
		id := func(name string) string { return fmt.Sprint(name, round) }
		errs := together(t, e,
			rows(func(store.Conn) error { return refused }),
			adds(e, id("a")),
			rows(func(store.Conn) error { return refused }),
			rows(func(store.Conn) error { panic("in a job") }),
			adds(e, id("a")),
			rows(query("SELEKT")),
			rows(query("SELECT 1/0")),
			adds(e, id("b")),
			impatient,
			adds(e, id("c")),
		)
		for i, want := range []func(error) bool{
			func(err error) bool { return errors.Is(err, refused) }, nil,
			func(err error) bool { return errors.Is(err, refused) },
			func(err error) bool { return strings.Contains(err.Error(), "panic in a write: in a job") },
			func(err error) bool {
				broken, ok := errors.AsType[*store.ConstraintError](err)
				return ok && broken.Kind == store.UniqueViolation && strings.Join(broken.Columns, "") == "id"
			},
			func(err error) bool { return strings.Contains(err.Error(), "SELEKT") },
			func(err error) bool { return strings.Contains(err.Error(), "zero") }, nil,
			func(err error) bool {
				return fault.Is(err, fault.StoreCancelled) && errors.Is(err, context.DeadlineExceeded)
			}, nil,
		} {
			if (want == nil) != (errs[i] == nil) || want != nil && !want(errs[i]) {
				t.Errorf("%s, job %d: %v", ends, i, errs[i])
			}
		}
	}
	if got := one(t, e, "SELECT string_agg(id, ' ' ORDER BY id) FROM made"); got != "a0 a1 b0 b1 c0 c1" {
		t.Errorf("there are %s", got)
	}
	together(t, e, adds(e, "x"), adds(e, "y"))
	if got := one(t, e, "SELECT count(DISTINCT tx) FROM made WHERE id IN ('x', 'y')"); got != "1" {
		t.Error("writes that waited together have not shared a commit")
	}
}

// What goes to the server late and fails there is the fault of whose it is, whoever
// reads the answer.
func TestLateFailure(t *testing.T) {
	e := openAt(t, storetest.URL(t), patient, 4)
	storetest.Tables(t, e, made, "INSERT INTO made VALUES ('a', 0)")
	late := func(fn func(store.Conn) error) func(context.Context) error {
		return func(ctx context.Context) error {
			return e.WriteRows(ctx, func(c store.Conn) error {
				must(t, c.Later("INSERT INTO made VALUES ('a', 0)"))
				return fn(c)
			})
		}
	}
	for round := range 4 { // statements are prepared by then
		mine, entered := make(chan error), make(chan struct{})
		enter := sync.OnceFunc(func() {
			close(entered)
			for e.InLine() == 0 {
				runtime.Gosched()
			}
		})
		go func() {
			mine <- late(func(store.Conn) error {
				enter()
				return context.Canceled
			})(t.Context())
		}()
		<-entered
		id := fmt.Sprint("awaited", round)
		must(t, e.WriteRows(t.Context(), func(c store.Conn) error {
			return c.Await("INSERT INTO made VALUES (?1, 0) RETURNING id", []any{id}, func(store.Row) error { return nil }, func(err error) error { return err })
		}))
		if err := <-mine; !errors.Is(err, context.Canceled) {
			t.Errorf("%d: %v", round, err)
		}
		errs := together(t, e, adds(e, fmt.Sprint("beside", round)), late(query("SELECT 'the first of its group'")))
		if _, ok := errors.AsType[*store.ConstraintError](errs[1]); errs[0] != nil || !ok {
			t.Errorf("%d: %v", round, errs)
		}
	}
}

// Where it can't be found out in time which key a write has twice, it is done again by
// itself; its neighbours are told what became of them, and nothing else.
func TestKeyNotFound(t *testing.T) {
	url := storetest.URL(t)
	e := openAt(t, url, patient, 4)
	storetest.Tables(t, e, made)
	var holding sync.WaitGroup
	defer holding.Wait()
	errs := together(t, e,
		adds(e, "a"),
		func(ctx context.Context) error {
			return e.WriteRows(ctx, func(c store.Conn) error {
				holding.Go(func() { storetest.Admin(t, url, "BEGIN; LOCK TABLE pg_constraint; SELECT pg_sleep(0.3); COMMIT") })
				for locked := false; !locked; {
					err := c.Query("SELECT 1 FROM pg_locks WHERE relation = 2606 AND granted AND mode = 'AccessExclusiveLock'", nil, func(store.Row) error { locked = true; return nil })
					if err != nil {
						return err
					}
				}
				return nil
			})
		},
		adds(e, "a"),
	)
	broken, ok := errors.AsType[*store.ConstraintError](errs[2])
	if errs[0] != nil || errs[1] != nil || !ok || broken.Kind != store.UniqueViolation || strings.Join(broken.Columns, "") != "id" {
		t.Errorf("%v", errs)
	}
}

// Where the key can never be found out, the write is refused for it all the same.
func TestKeyHidden(t *testing.T) {
	url := storetest.URL(t)
	e := openAt(t, url, patient, 4)
	storetest.Tables(t, e, made)
	storetest.Admin(t, url, "REVOKE SELECT ON pg_constraint FROM PUBLIC")
	errs := together(t, e, adds(e, "a"), adds(e, "a"), adds(e, "b"))
	broken, ok := errors.AsType[*store.ConstraintError](errs[1])
	if errs[0] != nil || errs[2] != nil || !ok || broken.Kind != store.UniqueViolation {
		t.Errorf("%v", errs)
	}
}

// A write that waits for a lock, or takes long, holds nobody up.
func TestSlowWriteLeavesItsGroup(t *testing.T) {
	url := storetest.URL(t)
	e, other := openAt(t, url, patient, 4), openAt(t, url, postgres.Tight{}, 4)
	storetest.Tables(t, e, made, "INSERT INTO made VALUES ('locked', 0)")
	locked, let, holder := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		holder <- other.Write(t.Context(), func(c store.Conn) error {
			err := execute("UPDATE made SET tx = 1 WHERE id = 'locked'")(c)
			close(locked)
			<-let
			return err
		})
	}()
	<-locked
	var done sync.WaitGroup
	done.Add(3)
	quick := func(id string) func(context.Context) error {
		return func(ctx context.Context) error { defer done.Done(); return adds(e, id)(ctx) }
	}
	go func() { done.Wait(); close(let) }()
	for i, err := range together(t, e, quick("a"),
		func(ctx context.Context) error {
			return e.WriteRows(ctx, execute("UPDATE made SET tx = tx + 1 WHERE id = 'locked'"))
		}, quick("b"),
		func(ctx context.Context) error { return e.WriteRows(ctx, query("SELECT pg_sleep(0.3)")) }, quick("c")) {
		if err != nil {
			t.Errorf("job %d: %v", i, err)
		}
	}
	must(t, <-holder)
	if got := one(t, e, "SELECT tx FROM made WHERE id = 'locked'"); got != "2" {
		t.Errorf("counted to %s", got)
	}
}

// A commit that is not answered is uncertain for each who shared it. Before it, all
// is done again.
func TestLostGroup(t *testing.T) {
	url := storetest.URL(t)
	p := newProxy(t, url)
	e, direct := openAt(t, p.URL, patient, 4), openAt(t, url, postgres.Tight{}, 1)
	storetest.Tables(t, e, made)
	for how, kept := range map[cutting]string{cutNow: "0", cutAtAnswer: "2"} {
		id := func(name string) string { return fmt.Sprint(name, how) }
		marked := func(name, mark string) func(context.Context) error {
			return func(ctx context.Context) error {
				return e.WriteRows(ctx, func(c store.Conn) error {
					return errors.Join(execute("INSERT INTO made VALUES (?1, 0)", id(name))(c), c.Later("SELECT '"+mark+"'"))
				})
			}
		}
		p.cutOnce("with COMMIT", how) // what nobody waits for goes along with it
		errs := together(t, e, marked("a", ""), adds(e, id("a")), marked("b", "with COMMIT"))
		if !fault.Is(errs[0], fault.StoreUncertain) || !fault.Is(errs[2], fault.StoreUncertain) || (kept == "0") != (errs[1] == nil) {
			t.Errorf("%v", errs)
		}
		must(t, direct.Write(t.Context(), execute("DELETE FROM made WHERE tx <> 0")))
		if got := one(t, direct, "SELECT count(*) FROM made WHERE id IN (?1, ?2)", id("a"), id("b")); got != kept {
			t.Errorf("%s rows, want %s", got, kept)
		}
		p.cutOnce("before", how)
		for _, err := range together(t, e, marked("c", ""), func(ctx context.Context) error {
			return e.WriteRows(ctx, query(fmt.Sprintf("SELECT 'before %d'", how)))
		}, marked("d", "")) {
			must(t, err)
		}
	}
	if got := one(t, direct, "SELECT count(*) FROM made WHERE id >= 'c'"); got != "4" {
		t.Errorf("%s rows", got)
	}
}

// Groups of two servers that count in the same rows, in opposed orders, wait for each
// other's commits and not for each other.
func TestGroupsOfSeveralServers(t *testing.T) {
	url := storetest.URL(t)
	nodes := []*postgres.Engine{openAt(t, url, postgres.Tight{}, 4), openAt(t, url, postgres.Tight{}, 4)}
	storetest.Tables(t, nodes[0], table, "INSERT INTO t SELECT 'org' || i, 0 FROM generate_series(0, 4) i", made)
	const callers, rounds, orgs = 16, 20, 5
	var all sync.WaitGroup
	for caller := range callers {
		all.Go(func() {
			for round := range rounds {
				org := (caller + round) % orgs
				if caller%2 == 0 {
					org = orgs - 1 - org
				}
				must(t, nodes[caller%2].WriteRows(t.Context(), func(c store.Conn) error {
					return errors.Join(c.Later("INSERT INTO made VALUES (?1, 0)", fmt.Sprint(caller, " ", round)),
						c.Sum("UPDATE t SET n = n + ?2 - ?3 WHERE id = ?1", fmt.Sprint("org", org), 3, 2))
				}))
			}
		})
	}
	all.Wait()
	if got := one(t, nodes[0], "SELECT sum(n) FROM t"); got != fmt.Sprint(callers*rounds) {
		t.Errorf("counted to %s", got)
	}
	if got := one(t, nodes[0], "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"); got != "0" {
		t.Errorf("%s deadlocks", got)
	}
	if !nodes[0].Named() {
		t.Error("statements have no names any more")
	}
}

// Writes that wait for one statement send theirs together. What becomes of one of them
// is nothing to the others, and what each goes on with comes in their order.
func TestAwaited(t *testing.T) {
	p := newProxy(t, storetest.URL(t))
	e := openAt(t, p.URL, patient, 4)
	storetest.Tables(t, e, made, "CREATE TABLE said (n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT) STRICT")
	refused := errors.New("refused")
	awaits := func(id string, then func(store.Conn) error) func(context.Context) error {
		return func(ctx context.Context) error {
			return e.WriteRows(ctx, func(c store.Conn) error {
				got := ""
				return c.Await("INSERT INTO made SELECT ?1, txid_current() RETURNING id", []any{id}, func(r store.Row) error { got = r.Text(0); return nil }, func(err error) error {
					if err == nil && got != id {
						t.Errorf("%s has made %q", id, got)
					}
					if err == nil && then != nil {
						err = then(c)
					}
					if err != nil {
						return err
					}
					return c.Later("INSERT INTO said (id) VALUES (?1)", id)
				})
			})
		}
	}
	says := func(id string) func(context.Context) error {
		return func(ctx context.Context) error {
			return e.WriteRows(ctx, func(c store.Conn) error {
				return errors.Join(query("SELECT 1")(c), c.Later("INSERT INTO said (id) VALUES (?1)", id))
			})
		}
	}
	ok := func(err error) bool { return err == nil }
	taken := func(err error) bool {
		broken, ok := errors.AsType[*store.ConstraintError](err)
		return ok && broken.Kind == store.UniqueViolation && strings.Join(broken.Columns, "") == "id"
	}
	type task struct {
		run  func(context.Context) error
		want func(error) bool
	}
	refuses := task{awaits("refused", func(store.Conn) error { return refused }), func(err error) bool { return errors.Is(err, refused) }}
	panics := task{awaits("panic", func(store.Conn) error { panic("after all") }), func(err error) bool { return err != nil && strings.Contains(err.Error(), "after all") }}
	misuses := task{func(ctx context.Context) error {
		return e.WriteRows(ctx, func(c store.Conn) error {
			return c.Await("INSERT INTO made VALUES ('misuse', 0) RETURNING id", nil, func(store.Row) error { return query("SELECT 1")(c) }, func(err error) error { return errors.Join(err, refused) })
		})
	}, func(err error) bool { return errors.Is(err, refused) }}
	breaks := task{func(ctx context.Context) error {
		return e.WriteRows(ctx, func(c store.Conn) error {
			return c.Await("INSERT INTO made VALUES ('panic', 0) RETURNING id", nil, func(store.Row) error { panic("over a row") }, func(err error) error { return err })
		})
	}, func(err error) bool { return err != nil && strings.Contains(err.Error(), "over a row") }}
	lost := task{awaits("lost", query("SELECT 'a connection that breaks'")), ok}
	for _, test := range []struct {
		name string
		jobs []task
		said string
	}{
		{"all well", []task{{awaits("a", nil), ok}, {says("b"), ok}, {awaits("c", nil), ok}, {awaits("d", query("SELECT 2")), ok}, {says("e"), ok}}, "a b c d e"},
		{"lone ones", []task{{awaits("f", nil), ok}}, "f"},
		{"a lone one that fails", []task{{awaits("f", nil), taken}}, ""},
		{"a lone one that is refused", []task{refuses}, ""},
		{"a duplicate", []task{{awaits("g", nil), ok}, {awaits("a", nil), taken}, {awaits("h", nil), ok}}, "g h"},
		{"a refusal", []task{{awaits("i", nil), ok}, refuses, {says("j"), ok}, panics, breaks, {awaits("k", nil), ok}}, "i j k"},
		{"a slow one", []task{{awaits("l", nil), ok}, {awaits("m", query("SELECT pg_sleep(0.2)")), ok}, {awaits("n", nil), ok}}, "l n m"},
		{"misuse", []task{{awaits("o", nil), ok}, misuses, {awaits("p", nil), ok}}, "o p"},
		{"a panic over a row", []task{{awaits("r", nil), ok}, breaks}, "r"},
		{"a connection that breaks", []task{{awaits("q", nil), ok}, lost}, "lost q"},
	} {
		if strings.Contains(test.name, "breaks") {
			p.cutOnce("a connection that breaks", cutNow)
		}
		for range 5 { // wary ones go by
			must(t, e.WriteRows(t.Context(), query("SELECT 1")))
		}
		must(t, e.Write(t.Context(), execute("DELETE FROM said")))
		var jobs []func(context.Context) error
		for _, job := range test.jobs {
			jobs = append(jobs, job.run)
		}
		for i, err := range together(t, e, jobs...) {
			if !test.jobs[i].want(err) {
				t.Errorf("%s, job %d: %v", test.name, i, err)
			}
		}
		order := "n"
		if strings.Contains(test.name, "breaks") {
			order = "id"
		}
		if got := one(t, e, "SELECT coalesce(string_agg(id, ' ' ORDER BY "+order+"), '') FROM said"); got != test.said {
			t.Errorf("%s: said %q, want %q", test.name, got, test.said)
		}
	}
	if got := one(t, e, "SELECT string_agg(id, '' ORDER BY id) FROM made"); got != "acdfghikllostmnopqr" {
		t.Errorf("there are %s", got)
	}
}
