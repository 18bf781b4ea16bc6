package postgres

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// group is a transaction of several jobs, one after the other, but for what they await:
// those statements go to the server together, and only then each job goes on. For one
// that fails after that all are undone and done again, warily: in a wary group nothing
// is awaited, so that each has a savepoint that undoes it and no other.
type group struct {
	transaction
	wary bool

	jobs          []*job // all that it is about, in their order
	kept, refused []*job // of them
	awaiting      []awaiting
	total         sums // of those that are kept
	asks          *job // whose function runs, and may await
	handing       bool // out the rows of what is awaited
	spoilt        bool // all is to be done again
}

// awaiting is a job whose statement is on its way.
type awaiting struct {
	job     *job
	org     string
	as      columns
	ahead   int // results to come before, but after those of the one before
	foreign int // of these
	row     func(store.Row) error
	then    func(error) error
}

// sharing is what a transaction needs to know where it is a group's.
type sharing struct {
	group   *group
	before  string // whose rows it was about when the job began
	fresh   bool   // the job, which is to have a savepoint, has sent nothing yet
	nested  bool   // it has one
	foreign int    // results ahead that are of earlier jobs
}

// The statements around a job that is not the group's first.
const (
	savepoint = "SAVEPOINT job"
	release   = "RELEASE SAVEPOINT job"
	undoJob   = "ROLLBACK TO SAVEPOINT job"
)

func newGroup(e *Engine, lent *pgxpool.Conn) *group {
	g := &group{transaction: transaction{engine: e, session: e.sessionOf(lent), purpose: forGroup}, wary: e.grouped.wary > 0}
	g.group = g
	return g
}

// undoing is the statement that takes back what fails.
func (t *transaction) undoing() string {
	if t.nested {
		return undoJob
	}
	return "ROLLBACK"
}

// run runs jobs, and others that wait, and commits. What can't be done together, for
// locks that others hold or a connection that broke, is done one by one. It returns
// those that are to be done again, warily, and whether the connection is of further use.
func (g *group) run(jobs []*job) (again []*job, fit bool) {
	e := g.engine
	defer g.end()
	deadline := time.Now().Add(e.groupTime)
	for n := 1; ; n++ {
		var j *job
		if len(jobs) > 0 {
			j, jobs = jobs[0], jobs[1:]
		} else if n > 1 && n <= e.groupJobs && time.Now().Before(deadline) {
			j = e.grouped.next()
		}
		if j == nil {
			break
		}
		g.jobs = append(g.jobs, j)
		if !g.share(j) {
			return g.abandon(jobs)
		}
		e.grouped.done()
	}
	if g.settle() != nil {
		return g.abandon(nil)
	}
	g.ctx, g.wanted, g.fresh, g.sums = context.Background(), g.entered, false, g.total
	var err error
	if len(g.kept) > 0 {
		err = g.commit()
	}
	if g.failed != nil { // nothing was kept
		return g.abandon(nil)
	}
	if g.wary {
		e.grouped.wary--
	}
	if err != nil { // who was refused may have been for what another wrote
		e.apart(g.refused...)
		g.refused = nil
	}
	for _, j := range g.refused {
		j.finish(j.err)
	}
	for _, j := range g.kept {
		j.finish(err)
	}
	return nil, err == nil
}

// abandon has all that the transaction was about done otherwise, and what was to follow.
func (g *group) abandon(rest []*job) (again []*job, fit bool) {
	all := append(g.jobs, rest...)
	if g.spoilt && !g.broken() {
		return all, true
	}
	g.engine.apart(all...)
	return nil, false
}

// broken tells of an error that is nothing to do with a job.
func (g *group) broken() bool {
	return g.session.pg.IsClosed() || g.failed != nil && g.verdict > conflict
}

// share runs one job within the transaction, and undoes it where it fails. It tells
// whether there is a transaction any more.
func (g *group) share(j *job) bool {
	if j.ctx.Err() != nil {
		j.err = cancelled(j.ctx, nil)
		g.refused = append(g.refused, j)
		return true
	}
	g.sums, g.asks = nil, j
	g.nested = len(g.kept)+len(g.awaiting) > 0
	g.ctx, g.wanted, g.fresh, g.foreign = j.ctx, "", g.nested, g.ahead
	unwatch := g.interrupt(j.ctx)
	err := g.call(j.fn)
	unwatch()
	switch {
	case g.spoilt:
		return false
	case g.asks == nil && err == nil: // its end is to come
		return true
	case g.asks == nil:
		return false
	}
	g.asks = nil
	return g.decide(j, err)
}

// decide notes what became of a job that has run.
func (g *group) decide(j *job, err error) bool {
	if err == nil {
		err = g.failed
	}
	j.err = err
	if err == nil {
		for of, n := range g.sums {
			g.total.add(of, n)
		}
		if g.nested && !g.fresh {
			g.prelude(release)
		}
		g.kept = append(g.kept, j)
		return true
	}
	if g.failed != nil && g.foreign > 0 || g.broken() {
		return false
	}
	if again := g.failed != nil && j.ctx.Err() == nil && (g.verdict == conflict || fault.Is(g.failed, fault.StoreBusy) || fault.Is(g.failed, fault.StoreCancelled)); again {
		g.jobs = slices.DeleteFunc(g.jobs, func(one *job) bool { return one == j })
		g.engine.apart(j)
	} else {
		g.refused = append(g.refused, j)
	}
	g.takeBack()
	return true
}

// takeBack undoes the job that failed.
func (g *group) takeBack() {
	g.failed, g.verdict, g.reading, g.delivered = nil, final, nil, false
	switch {
	case g.fresh || !g.began: // it has sent nothing
	case g.nested:
		g.prelude(undoJob)
		g.prelude(release)
		g.entered = g.before // the role and the setting are as they were, too
	default:
		g.prelude("ROLLBACK")
		g.began, g.entered = false, ""
	}
}

// mayAwait tells whether the function that runs may leave a statement to be awaited.
func (g *group) mayAwait() bool { return !g.wary && g.asks != nil && g.failed == nil }

// await sends the last statement of the job that runs.
func (g *group) await(sql string, args []any, row func(store.Row) error, then func(error) error) error {
	fresh := g.fresh
	g.fresh = false // it is undone with all
	if err := g.start(sql, args); err != nil {
		g.fresh = fresh
		return then(err)
	}
	as := g.session.send(g.pipe, g.session.take(sql, g.pipe), g.engine.named(), &g.args)
	g.awaiting = append(g.awaiting, awaiting{g.asks, g.wanted, as, g.ahead, g.foreign, row, then})
	g.asks, g.ahead, g.foreign = nil, 0, 0
	return nil
}

// settle waits for all that is awaited, and has those jobs go on. After an error there
// is no transaction any more, but where there was one job alone.
func (g *group) settle() error {
	switch {
	case g.handing:
		return errors.New("postgres: a statement within a row that others wait behind")
	case len(g.awaiting) == 0:
		return nil
	}
	ctx, wanted, sums, asks := g.ctx, g.wanted, g.sums, g.asks
	g.ctx, g.asks, g.nested, g.fresh, g.foreign = context.Background(), nil, false, false, 0
	lone := len(g.awaiting) == 1 && len(g.kept) == 0
	errs, err := g.read()
	lone = lone && g.foreign == 0 // else it is another's error
	if err == nil || lone && !g.broken() {
		all := g.awaiting
		g.awaiting = nil
		for i, a := range all {
			g.wanted, g.sums = a.org, nil
			told := err
			if err == nil {
				told = errs[i]
			}
			told = g.call(func(store.Conn) error { return a.then(told) })
			if told == nil {
				told = g.failed
			}
			if told != nil && !lone || !g.decide(a.job, told) {
				err = told
				break
			}
			err = nil
		}
	}
	if err != nil {
		g.spoilt = true
		if g.failed == nil {
			g.failed = err
		}
		return err
	}
	g.ctx, g.wanted, g.sums, g.asks = ctx, wanted, sums, asks
	g.nested, g.foreign = len(g.kept) > 0, g.ahead
	g.fresh = g.nested
	return nil
}

// read has the rows of what is awaited handed out, and returns what was said to them.
func (g *group) read() ([]error, error) {
	if err := g.flush(); err != nil {
		return nil, g.fail(err)
	}
	_ = g.session.pg.Conn().SetDeadline(time.Now().Add(g.engine.answer)) // it is several
	g.handing = true
	defer func() { g.handing = false }()
	errs := make([]error, len(g.awaiting))
	for i, a := range g.awaiting {
		g.ahead, g.foreign = a.ahead, a.foreign
		rows, err := g.next()
		if err == nil {
			rows, err = g.passed(rows)
		}
		if err != nil {
			return nil, g.fail(err)
		}
		r := row{columns: a.as.or(rows)}
		for rows.NextRow() {
			if r.set(rows.Values()); a.row != nil && errs[i] == nil {
				errs[i] = g.call(func(store.Conn) error { return a.row(&r) }) // also where it panics
			}
		}
		if _, err := rows.Close(); err != nil {
			return nil, g.fail(err)
		}
	}
	if err := g.synced(); err != nil {
		return nil, g.fail(err)
	}
	return errs, nil
}

// interrupt has the server end the statement of a job whose caller leaves: the
// connection is the group's. What it returns ends that. The server may come to hear of
// it when another's statement runs, which then goes on alone.
func (g *group) interrupt(ctx context.Context) (unwatch func()) {
	if ctx.Done() == nil {
		return func() {}
	}
	var mu sync.Mutex
	over := false
	stop := context.AfterFunc(ctx, func() {
		mu.Lock()
		defer mu.Unlock()
		if !over {
			within, cancel := context.WithTimeout(context.Background(), g.engine.dial)
			defer cancel()
			_ = g.session.pg.CancelRequest(within) // the statement has a limit of its own
		}
	})
	return func() {
		stop()
		mu.Lock()
		defer mu.Unlock()
		over = true
	}
}
