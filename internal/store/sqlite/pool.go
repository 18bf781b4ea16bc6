package sqlite

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// pool lends connections to reads. They are opened when first needed, and the
// one used last is lent first: its caches are warm.
//
// A connection keeps its snapshot when a read ends. The next read goes on with
// it where nothing was committed in between, which saves beginning a
// transaction, the locks that go with it, and a good third of a small read.
type pool struct {
	file  *file
	epoch *atomic.Int64 // grows with each commit, before it is answered

	checkpoints atomic.Int32 // under way; no snapshot is kept meanwhile

	mu      sync.Mutex
	idle    []*conn
	open    int          // connections open or being opened
	waiting []chan *conn // reads in line; nil tells one to open a connection
	closed  bool
	empty   chan struct{} // closed when closed and no connection is left
}

func newPool(f *file, epoch *atomic.Int64) *pool {
	return &pool{file: f, epoch: epoch, empty: make(chan struct{})}
}

func (p *pool) read(ctx context.Context, fn func(store.Conn) error) error {
	if ctx.Err() != nil {
		return cancelled(ctx, nil)
	}
	c, err := p.lend(ctx)
	if err != nil {
		return err
	}
	sound := false
	defer func() { p.giveBack(c, sound) }()
	if err := p.refresh(c); err != nil {
		return err
	}
	c.enter(ctx)
	err = fn(c)
	c.leave()
	sound = err == nil
	return err
}

// refresh gives the connection a snapshot that holds every commit answered so
// far.
func (p *pool) refresh(c *conn) error {
	now := p.epoch.Load()
	if c.inSnapshot && c.snapshot == now {
		return nil
	}
	if err := c.endSnapshot(); err != nil {
		return err
	}
	if err := c.run("BEGIN"); err != nil {
		return err
	}
	c.inSnapshot, c.snapshot = true, now
	return nil
}

// endSnapshot lets go of the log's frames that the connection has kept in use.
func (c *conn) endSnapshot() error {
	if !c.inSnapshot {
		return nil
	}
	c.inSnapshot = false
	if !c.inTransaction() {
		return nil
	}
	return c.run("COMMIT")
}

// lend takes a free connection, or waits for one as long as ctx and the limit
// allow.
func (p *pool) lend(ctx context.Context) (*conn, error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, closed()
	}
	if n := len(p.idle); n > 0 {
		c := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return c, nil
	}
	if p.open < p.file.readers {
		p.open++
		p.mu.Unlock()
		return p.connect()
	}
	if len(p.waiting) >= p.file.readQueue {
		p.mu.Unlock()
		return nil, p.file.busy(fmt.Errorf("%d reads are waiting", p.file.readQueue))
	}
	turn := make(chan *conn, 1)
	p.waiting = append(p.waiting, turn)
	p.mu.Unlock()
	return p.wait(ctx, turn)
}

func (p *pool) wait(ctx context.Context, turn chan *conn) (*conn, error) {
	limit := time.NewTimer(p.file.readerWait)
	defer limit.Stop()
	var refused error
	select {
	case c := <-turn:
		return p.take(c)
	case <-ctx.Done():
		refused = cancelled(ctx, nil)
	case <-limit.C:
		refused = p.file.busy(fmt.Errorf("no connection was free for %v", p.file.readerWait))
	}
	if p.leave(turn) {
		return nil, refused
	}
	return p.take(<-turn) // it came in the same moment
}

// take is the end of a wait: with nil the waiter was let in to open a
// connection by itself.
func (p *pool) take(c *conn) (*conn, error) {
	if c == nil {
		return p.connect()
	}
	return c, nil
}

// leave takes a read out of the line, and tells whether it was still in it.
func (p *pool) leave(turn chan *conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, t := range p.waiting {
		if t == turn {
			p.waiting = append(p.waiting[:i], p.waiting[i+1:]...)
			return true
		}
	}
	return false
}

// connect opens a connection that is counted as open already. It will outlive
// the read that needs it first, so it does not end with that one's context.
func (p *pool) connect() (*conn, error) {
	c, err := p.file.connect(context.Background(), forReading)
	if err != nil {
		p.forget()
		return nil, err
	}
	return c, nil
}

// giveBack makes the connection free for the next read. After an error it gets
// a fresh snapshot; one that can't be brought back is thrown away.
func (p *pool) giveBack(c *conn, sound bool) {
	broken := c.driving
	if !broken && (!sound || p.checkpoints.Load() > 0) {
		c.leave()
		broken = c.endSnapshot() != nil
	}
	if broken {
		p.discard(c)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case len(p.waiting) > 0:
		p.waiting[0] <- c
		p.waiting = p.waiting[1:]
	case p.closed:
		p.mu.Unlock()
		p.discard(c)
		p.mu.Lock()
	default:
		p.idle = append(p.idle, c)
	}
}

func (p *pool) discard(c *conn) {
	if err := c.close(); err != nil {
		p.file.log.Warn("closing a connection for reads", "error", err)
	}
	p.forget()
}

// forget counts one open connection less; a read in line may open another.
func (p *pool) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case len(p.waiting) > 0:
		p.waiting[0] <- nil
		p.waiting = p.waiting[1:]
		return
	case p.open == 1 && p.closed:
		close(p.empty)
	}
	p.open--
}

// settle has all connections let go of the log, at once or when their read
// ends, so that a checkpoint can go past them. They keep no snapshot until
// resume.
func (p *pool) settle() (resume func()) {
	p.checkpoints.Add(1)
	p.epoch.Add(1)
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.idle {
		if err := c.endSnapshot(); err != nil {
			p.file.log.Warn("ending a snapshot", "error", err)
		}
	}
	return func() { p.checkpoints.Add(-1) }
}

// close refuses further reads, lets those under way and in line end, and closes
// all connections.
func (p *pool) close() error {
	p.mu.Lock()
	p.closed = true
	idle := p.idle
	p.idle = nil
	if p.open == 0 {
		close(p.empty)
	}
	p.mu.Unlock()
	for _, c := range idle {
		p.discard(c)
	}
	select {
	case <-p.empty:
		return nil
	case <-time.After(p.file.closeWait):
		return errors.New("sqlite: reads are still running; the log stays beside the database")
	}
}

func closed() error {
	return fault.New(fault.Unready, "the server is stopping; try again shortly").After(time.Second)
}
