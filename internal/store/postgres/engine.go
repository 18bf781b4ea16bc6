// Package postgres is the database on a server of its own: a store.Engine over
// PostgreSQL 15 or later, or what speaks its protocol, with a pool of connections.
// What opens a transaction goes along with its first statement, so that a read is
// one way to the server and back, and a write one more. Writes of rows that wait at the
// same moment share a transaction.
//
// It keeps nothing in a session but prepared statements and, on a connection of its
// own, LISTEN; and does without both behind a pooler that hands out servers by the
// transaction. It is not a query layer and knows no table but _writer: all SQL but its
// own comes from the store.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/loam-dev/loam/internal/store"
)

// Options say which database to open and how.
type Options struct {
	URL         string       // postgres://user:password@host,host/database?...
	Connections int          // at most; 0 is pool_max_conns of the URL, or a default by the cores
	Log         *slog.Logger // nil discards
}

// Engine is an open database. It is safe for concurrent use.
type Engine struct {
	limits
	pool    *pgxpool.Pool
	lending *gate // of connections
	writing *gate // one at a time
	grouped line  // writes of rows
	log     *slog.Logger

	listeners store.Listeners
	bell      atomic.Pointer[bell] // nil: nobody here is to be told
	relay     Relay                // nil: none
	hanging   sync.Once
	columns   *lru.Cache[constraintKey, []string]
	unnamed   atomic.Bool              // no prepared statements; see misnamed
	names     atomic.Int64             // grows when those prepared so far are no good
	lostAt    atomic.Int64             // when a connection last broke, in Unix nanoseconds
	fullAt    atomic.Int64             // when the log last said that the server's disk is full, likewise
	host      atomic.Pointer[hostPort] // where the latest one goes to
	hosts     sync.Map                 // whose an address is

	role              string // that the policies bind
	asServer, asOwner entering
	standingMillis    string

	closing sync.Once
	closed  error // what Close answers
}

var (
	_ store.Engine    = (*Engine)(nil)
	_ store.Rebuilder = (*Engine)(nil)
	_ store.Isolator  = (*Engine)(nil)
)

// Open connects to the database and sees to what every transaction needs: the role
// of the server's statements, and _writer. A server that is just coming up is waited
// for; one that does not suit is refused with store/unsuitable.
func Open(ctx context.Context, o Options) (*Engine, error) {
	return open(ctx, o, defaultLimits())
}

func open(ctx context.Context, o Options, lim limits) (*Engine, error) {
	e, config, err := newEngine(o, lim)
	if err != nil {
		return nil, err
	}
	if err := e.connect(ctx, config); err != nil {
		return nil, err
	}
	e.writing = newGate(1, lim.writeQueue, lim.writeWait, lim.retryAfter, "writes")
	e.grouped = newLine(lim.writeQueue)
	go e.lead()
	if err := e.setUp(ctx); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// newEngine is an engine without connections, which are to be of the configuration.
func newEngine(o Options, lim limits) (*Engine, *pgxpool.Config, error) {
	e := &Engine{limits: lim, log: o.Log, asOwner: enteringAs("none"), standingMillis: millis(lim.standing)}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if e.columns, err = lru.New[constraintKey, []string](lim.constraints); err != nil {
		return nil, nil, err
	}
	config, err := e.configure(o)
	return e, config, err
}

// connect makes the pool of connections, and none of those yet.
func (e *Engine) connect(ctx context.Context, config *pgxpool.Config) (err error) {
	e.lending = newGate(int(config.MaxConns), e.connectQueue, e.connectWait, e.retryAfter, "transactions")
	config.MaxConns *= 2 // one whose server has fallen silent keeps its place in the pool until the farewell is given up
	if e.pool, err = pgxpool.NewWithConfig(context.WithoutCancel(ctx), config); err != nil {
		return fmt.Errorf("postgres: %w", err)
	}
	return nil
}

// Dialect is PostgreSQL's.
func (e *Engine) Dialect() store.Dialect { return store.PostgreSQL }

// AppRole is the role that the statements of an organization, or of nobody, run as.
func (e *Engine) AppRole() string { return e.role }

// Read runs fn over one snapshot of the database. A write that returned before Read
// was called is in it.
func (e *Engine) Read(ctx context.Context, fn func(store.Conn) error) error {
	return e.run(ctx, forReading, fn)
}

// ReadOne is Read for a single statement, which costs less than one that others may
// follow.
func (e *Engine) ReadOne(ctx context.Context, fn func(store.Conn) error) error {
	return e.run(ctx, forOneRead, fn)
}

// Write runs fn in a transaction that no other Write runs beside, on this server or
// another, and returns when it is durable. A panic in fn undoes its writes and comes
// back as an error.
func (e *Engine) Write(ctx context.Context, fn func(store.Conn) error) error {
	if err := e.writing.enter(ctx); err != nil {
		return err
	}
	defer e.writing.leave()
	return e.run(ctx, forWriting, fn)
}

// Rebuild is Write for a migration: as the login role, who owns the tables, without a
// limit on the time of a statement, with foreign keys checked before the commit. It
// waits for no other server's writes but by locks of its own.
func (e *Engine) Rebuild(ctx context.Context, fn func(store.Conn) error) error {
	if err := e.writing.enter(ctx); err != nil {
		return err
	}
	defer e.writing.leave()
	defer e.columns.Purge()
	return e.run(ctx, forRebuilding, fn)
}

// Writable tells whether a write would be kept now: there is a server that takes
// it, and the standbys that it waits for. It answers soon.
func (e *Engine) Writable(ctx context.Context) error {
	soon, cancel := context.WithTimeout(ctx, e.probe)
	defer cancel()
	err := e.run(soon, forProbing, func(c store.Conn) error { return c.Query(touchWriter, nil, nil) })
	if err != nil && soon.Err() != nil && ctx.Err() == nil {
		return e.unreachable(err)
	}
	return err
}

// WriteQuietly is a write that nobody follows: none is told of its commit, here or
// elsewhere. It takes as long as Writable at most.
func (e *Engine) WriteQuietly(ctx context.Context, fn func(store.Conn) error) error {
	return e.run(ctx, forProbing, fn)
}

// Notify has a signal sent on c after each commit of this process, and soon after
// those of others where a relay tells of them, or the database lets one listen. It is
// for a few that stay as long as the engine does.
func (e *Engine) Notify(c chan<- struct{}) {
	e.listeners.Add(c)
	e.hanging.Do(func() { e.bell.Store(e.hang()) })
}

// committed tells of a commit.
func (e *Engine) committed() {
	e.listeners.Tell()
	if b := e.bell.Load(); b != nil {
		select {
		case b.rung <- struct{}{}:
		default: // it is about to ring
		}
	}
}

// Close refuses new work, lets what is under way end, and closes the connections.
// Closing again answers the same.
func (e *Engine) Close() error {
	e.closing.Do(func() {
		if b := e.bell.Load(); b != nil {
			b.close()
		}
		e.closed = errors.Join(e.writing.close(e.closeWait), e.grouped.close(e.closeWait), e.lending.close(e.closeWait))
		if e.closed == nil {
			e.pool.Close()
		} else {
			go e.pool.Close() // it waits for them
		}
	})
	return e.closed
}

// run runs fn in one transaction, or in several until one does not meet another's in
// its way, or a server that goes.
func (e *Engine) run(ctx context.Context, p purpose, fn func(store.Conn) error) error {
	var began time.Time // the outage
	for conflicts, losses := 1, 1; ; {
		again, err := e.once(ctx, p, fn)
		pause := time.Duration(0)
		switch again {
		case final:
			return err
		case conflict, unnamed:
			if conflicts++; conflicts > e.conflicts {
				return err
			}
			pause = time.Duration(conflicts) * e.conflictPause
		case lost:
			if losses++; losses > e.losses {
				return err
			}
		case absent:
			if began.IsZero() {
				began = time.Now()
			}
			pause = e.outagePause
			if until, ok := ctx.Deadline(); time.Since(began) > e.outage || ok && time.Until(until) < pause {
				return err
			}
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return cancelled(ctx, err)
		case <-e.lending.closed:
			return err
		}
	}
}

// statementLimit is how long a statement may run; 0 is without a limit.
func (e *Engine) statementLimit(p purpose) time.Duration {
	switch p {
	case forRebuilding:
		return 0
	case forProbing:
		return e.probe
	case forGroup:
		return e.groupStatement
	}
	return e.statement
}

// answerLimit is how much longer than it may run the answer to a statement may take.
func (e *Engine) answerLimit(p purpose) time.Duration {
	if p == forGroup {
		return e.ping
	}
	return e.answer
}

// commitLimit is how long a commit may take.
func (e *Engine) commitLimit(p purpose) time.Duration {
	if p == forProbing {
		return e.probe
	}
	return e.commitWait
}

func millis(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
