package postgres

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/loam-dev/loam/internal/store"
)

// bellName is the channel of LISTEN that the nodes of a database wake each other by.
const bellName = "loam_commit"

// Relay carries wake-ups between the nodes of a database in the place of NOTIFY, as
// long as it reaches them.
type Relay interface {
	// Ring has the others look, and tells whether they can be reached. It waits for nothing.
	Ring() bool
	// Heard has a signal where this node is to look.
	Heard() <-chan struct{}
}

// Use gives the engine a relay, before anybody asks to be told.
func (e *Engine) Use(r Relay) { e.relay = r }

// bell carries wake-ups between the nodes of a database, as a favour: who follows
// something looks for it by itself as well. It has a connection of its own, from when
// the first asks to be told.
//
// It rings outside of the transactions that it tells of: NOTIFY in them would have them
// commit one after the other, all over the server.
type bell struct {
	engine  *Engine
	node    string        // whose ringing is not told back to it
	rung    chan struct{} // something was committed here
	deaf    atomic.Bool   // nobody can listen to the database
	stop    context.CancelFunc
	stopped chan struct{}
}

// hang begins to listen, and to ring.
func (e *Engine) hang() *bell {
	ctx, stop := context.WithCancel(context.Background())
	b := &bell{engine: e, node: strconv.FormatInt(time.Now().UnixNano(), 36), rung: make(chan struct{}, 1), stop: stop, stopped: make(chan struct{})}
	var all sync.WaitGroup
	all.Go(func() { b.ring(ctx) })
	all.Go(func() {
		b.listen(ctx)
		if b.deaf.Store(true); e.relay == nil {
			stop() // nobody else can hear either
		}
	})
	if e.relay != nil {
		all.Go(func() { b.relayed(ctx) })
	}
	go func() {
		all.Wait()
		close(b.stopped)
	}()
	return b
}

func (b *bell) close() {
	b.stop()
	<-b.stopped
}

// ring tells the others of commits: of several within a pause once.
func (b *bell) ring(ctx context.Context) {
	for {
		select {
		case <-b.rung:
		case <-ctx.Done():
			return
		}
		if relay := b.engine.relay; (relay == nil || !relay.Ring()) && !b.deaf.Load() {
			_ = b.engine.ReadOne(ctx, func(c store.Conn) error { // or they find it by themselves
				return c.Query("SELECT pg_notify('"+bellName+"', ?1)", []any{b.node}, nil)
			})
		}
		select {
		case <-time.After(b.engine.ringPause):
		case <-ctx.Done():
			return
		}
	}
}

// relayed tells those who asked of what the relay says, however often it says it.
func (b *bell) relayed(ctx context.Context) {
	for {
		select {
		case <-b.engine.relay.Heard():
		case <-ctx.Done():
			return
		}
		b.engine.listeners.Tell()
		select {
		case <-time.After(b.engine.relayPause):
		case <-ctx.Done():
			return
		}
	}
}

// listen tells those who asked of the others' commits, until ctx ends or the database
// turns out not to let anybody listen.
func (b *bell) listen(ctx context.Context) {
	for {
		err := b.hear(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case never(err):
			if b.engine.relay == nil {
				b.engine.log.Info("the database wakes no servers: each looks for what the others have committed", "error", err)
			}
			return
		}
		select {
		case <-time.After(b.engine.listenPause):
		case <-ctx.Done():
			return
		}
	}
}

var errPooled = errors.New("there is a pooler before the database, through which LISTEN does not work")

// never tells of a database that has no LISTEN, rather than of one that is away or a
// standby.
func never(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return errors.Is(err, errPooled) || ok && (strings.HasPrefix(pg.Code, "0A") || strings.HasPrefix(pg.Code, "42"))
}

// hear listens on one connection.
func (b *bell) hear(ctx context.Context) error {
	if b.engine.unnamed.Load() {
		return errPooled
	}
	dialing, cancel := context.WithTimeout(ctx, b.engine.dial+b.engine.answer)
	defer cancel()
	conn, err := pgx.ConnectConfig(dialing, b.engine.pool.Config().ConnConfig)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(dialing)) }()
	behind, err := conn.PgConn().Exec(dialing, "SELECT pg_backend_pid()").ReadAll()
	if err != nil {
		return err
	}
	if string(behind[0].Rows[0][0]) != strconv.FormatUint(uint64(conn.PgConn().PID()), 10) {
		return errPooled // it made the number up that it gave
	}
	if _, err := conn.PgConn().Exec(dialing, "LISTEN "+bellName).ReadAll(); err != nil {
		return err
	}
	b.engine.listeners.Tell() // of what was committed before
	for {
		told, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		if told.Payload != b.node {
			b.engine.listeners.Tell()
		}
	}
}
