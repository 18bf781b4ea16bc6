package sqlite

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// pool lends connections to reads. They are opened when first needed, and the
// one used last is lent first: its caches are warm.
type pool struct {
	file  *file
	slots chan struct{} // one for each read that may run
	done  chan struct{} // closed by close

	mu   sync.Mutex
	idle []*conn
}

func newPool(f *file) *pool {
	return &pool{file: f, slots: make(chan struct{}, f.readers), done: make(chan struct{})}
}

func (p *pool) read(ctx context.Context, fn func(store.Conn) error) (err error) {
	c, err := p.lend(ctx)
	if err != nil {
		return err
	}
	c.enter(ctx)
	defer func() {
		if fault := p.giveBack(c); err == nil {
			err = fault
		}
	}()
	if err := c.run("BEGIN"); err != nil {
		return err
	}
	return fn(c)
}

// lend waits for a free connection, as long as ctx and the limit allow.
func (p *pool) lend(ctx context.Context) (*conn, error) {
	if err := p.admit(ctx); err != nil {
		return nil, err
	}
	p.mu.Lock()
	if n := len(p.idle); n > 0 {
		c := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return c, nil
	}
	p.mu.Unlock()
	c, err := p.file.connect(ctx, forReading)
	if err != nil {
		<-p.slots
		return nil, err
	}
	return c, nil
}

func (p *pool) admit(ctx context.Context) error {
	if ctx.Err() != nil {
		return cancelled(ctx, nil)
	}
	select {
	case <-p.done:
		return closed()
	default:
	}
	select {
	case p.slots <- struct{}{}:
		return nil
	default:
	}
	limit := time.NewTimer(p.file.readerWait)
	defer limit.Stop()
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return cancelled(ctx, nil)
	case <-limit.C:
		return p.file.busy(fmt.Errorf("no reader free in %v", p.file.readerWait))
	case <-p.done:
		return closed()
	}
}

// giveBack ends the snapshot and makes the connection free for the next read.
// One that can't be brought back to its initial state is thrown away.
func (p *pool) giveBack(c *conn) error {
	defer func() { <-p.slots }()
	broken := c.driving
	c.leave()
	if !broken && c.inTransaction() {
		broken = c.run("COMMIT") != nil
	}
	if broken {
		return c.close()
	}
	p.mu.Lock()
	p.idle = append(p.idle, c)
	p.mu.Unlock()
	return nil
}

// close refuses further reads, waits for those under way and closes all
// connections.
func (p *pool) close() error {
	select {
	case <-p.done:
		return nil
	default:
		close(p.done)
	}
	var errs []error
	limit := time.NewTimer(p.file.closeWait)
	defer limit.Stop()
	for range cap(p.slots) {
		select {
		case p.slots <- struct{}{}:
		case <-limit.C:
			return errors.Join(append(errs, fmt.Errorf("sqlite: a read is still running after %v", p.file.closeWait))...)
		}
	}
	for _, c := range p.idle {
		errs = append(errs, c.close())
	}
	p.idle = nil
	return errors.Join(errs...)
}

func closed() error {
	return fault.New(fault.Unready, "the server is stopping; try again shortly").After(time.Second)
}
