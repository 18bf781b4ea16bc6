// Package replica has reads that ask for it answered by standbys of the database, each
// no further behind than the read allows. What no standby can answer is left to the
// primary; nothing is ever written on the ground of what a standby said, since writes
// don't come here.
//
// How far a standby is behind is judged by what it shows. Each server writes to a row
// of its own, twice a second, for how long it has run; a standby on which that says t
// has all that was committed when the server had run for t. That needs no clocks that
// agree and no position in a log, holds while nothing else is written, and is true of
// no server that follows another primary, or none.
package replica

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/postgres"
)

// Primary is an engine of PostgreSQL.
type Primary interface {
	store.Isolator
	WriteQuietly(ctx context.Context, fn func(store.Conn) error) error
}

// Options say which standbys there are.
type Options struct {
	URLs    []string
	Primary Primary
	Log     *slog.Logger
}

// Set are the standbys of a database. It is safe for concurrent use.
type Set struct {
	limits
	primary  Primary
	standbys []*standby
	log      *slog.Logger
	node     string    // names this server's row
	began    time.Time // which what it writes there counts from
	stop     context.CancelFunc
	running  sync.WaitGroup

	answered, passed atomic.Int64
}

var _ store.Replicas = (*Set)(nil)

// limits are the bounds of a set. Tests tighten them; nothing else does.
type limits struct {
	every    time.Duration // a row is written, and each standby looked at
	settle   time.Duration // from the one to the other: what a standby that is close needs
	patience time.Duration // for one look
	pruning  time.Duration // between two removals of rows of servers that are gone
	quiet    time.Duration // between two lines of the log on reads that failed
}

func defaultLimits() limits {
	return limits{every: 500 * time.Millisecond, settle: 20 * time.Millisecond, patience: 2 * time.Second, pruning: time.Hour, quiet: time.Minute}
}

// Open begins to look at the standbys. One that is down is used once it is up.
func Open(o Options) (*Set, error) { return open(o, defaultLimits()) }

func open(o Options, lim limits) (*Set, error) {
	s := &Set{limits: lim, primary: o.Primary, log: o.Log, node: rand.Text(), began: time.Now()}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	for _, url := range o.URLs {
		c, err := s.join(url, o.Primary.AppRole())
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		s.standbys = append(s.standbys, c)
	}
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	s.running.Go(func() { s.beat(ctx) })
	for _, c := range s.standbys {
		s.running.Go(func() { c.watch(ctx) })
	}
	return s, nil
}

// Close ends it; no read may be under way.
func (s *Set) Close() (err error) {
	if s.stop != nil {
		s.stop()
	}
	s.running.Wait()
	for _, c := range s.standbys {
		err = errors.Join(err, c.close())
	}
	return err
}

// Read implements store.Replicas.
func (s *Set) Read(ctx context.Context, most time.Duration, one bool, fn func(store.Conn) error) (behind time.Duration, read bool, err error) {
	var full error
	for _, c := range s.within(most) {
		behind, err := c.read(ctx, one, fn)
		switch {
		case postgres.Queued(err):
			full = err // the primary is not to have what is too much for the standbys
		case err == nil || ctx.Err() != nil || !c.failed(err):
			s.answered.Add(1)
			return behind, true, err
		}
	}
	if full != nil {
		return 0, true, full
	}
	s.passed.Add(1)
	return 0, false, nil
}

// within are the standbys that may answer, the least busy first.
func (s *Set) within(most time.Duration) []*standby {
	usable := make([]*standby, 0, len(s.standbys))
	now := time.Since(s.began)
	for _, c := range s.standbys {
		if at := c.seen.Load(); at != nil && now-at.has <= most {
			usable = append(usable, c)
		}
	}
	slices.SortFunc(usable, func(a, b *standby) int { return int(a.reading.Load() - b.reading.Load()) })
	return usable
}

// Stats are figures of the set.
type Stats struct {
	Usable   int           // standbys that answer
	Behind   time.Duration // the one of them that is furthest
	Answered int64         // reads, by standbys
	Passed   int64         // reads that asked for a standby and went to the primary
}

// Stats returns the figures as they are now.
func (s *Set) Stats() Stats {
	out := Stats{Answered: s.answered.Load(), Passed: s.passed.Load()}
	for _, c := range s.standbys {
		if at := c.seen.Load(); at != nil {
			out.Usable++
			out.Behind = max(out.Behind, time.Since(s.began)-at.has)
		}
	}
	return out
}

// elsewhere tells whether another server may have the answer: what a standby says of
// the request itself, that says the primary as well.
func elsewhere(err error) bool {
	kind := fault.Of(err).Kind()
	return kind == fault.Unavailable || kind == fault.Internal
}
