package backup

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store/sqlite"
)

// Service backs a server's database up while it runs: snapshots by the clock, and what
// is committed within a second. It is safe for concurrent use.
type Service struct {
	o      Options
	ship   *shipper
	source Source

	cancel context.CancelFunc
	done   sync.WaitGroup
	now    chan struct{} // asks for a snapshot at once

	mu     sync.Mutex
	status Status
}

// Status is how the backups of a server are getting on.
type Status struct {
	To       string     `json:"to"`
	Snapshot *time.Time `json:"snapshot"` // the last one that was finished
	Shipped  *time.Time `json:"shipped"`  // the last commit that was shipped; nil: none yet
	Waiting  *time.Time `json:"waiting"`  // the first commit that was not; nil: all were
	Error    string     `json:"error,omitempty"`
}

// Start begins. What fails later, because the target does, is in the log and in Status;
// the server is not kept from serving.
func Start(ctx context.Context, engine *sqlite.Engine, o Options) (*Service, error) {
	seals, err := newSealer(o.Vault)
	if err != nil {
		return nil, err
	}
	others, err := newSealer(o.Vault)
	if err != nil {
		return nil, err
	}
	s := &Service{o: o, now: make(chan struct{}, 1), ship: &shipper{Options: o, engine: engine, limit: feedBytes, seals: seals}, status: Status{To: o.Target.String()}}
	s.source = Source{Engine: engine, Vault: o.Vault, Describe: o.Describe, Now: o.Now, Log: s.ship.logOf}
	resumed, err := s.ship.begin(ctx)
	if err != nil {
		return nil, err
	}
	ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	s.done.Go(func() { s.shipping(ctx) })
	s.done.Go(func() { s.snapshots(ctx, s.firstSnapshot(ctx, resumed)) })
	s.done.Go(func() { s.merging(ctx, others) })
	return s, nil
}

// merging puts together now and then what was shipped by the half second.
func (s *Service) merging(ctx context.Context, seals *sealer) {
	for wait := mergeSoon; sleep(ctx, wait); wait = mergeEvery {
		if err := merge(ctx, s.o.Target, seals, s.o.Now().Add(-mergeAge)); err != nil && ctx.Err() == nil {
			s.o.Log.Warn("what was shipped to the backup was not put together in fewer files; it is tried again", "to", s.o.Target.String(), "error", err)
		}
	}
}

// firstSnapshot is how long the first snapshot has time: a log that goes on has one.
func (s *Service) firstSnapshot(ctx context.Context, resumed bool) time.Duration {
	c, err := readCatalog(ctx, s.o.Target)
	if err != nil || len(c.snapshots) == 0 {
		return 0
	}
	last := c.snapshots[len(c.snapshots)-1].At
	s.report(func(st *Status) { st.Snapshot = &last })
	if !resumed {
		return 0
	}
	return max(0, last.Add(s.o.Every).Sub(s.o.Now()))
}

// Source makes snapshots that fit the log.
func (s *Service) Source() Source { return s.source }

// Status tells how it is getting on.
func (s *Service) Status() Status {
	s.mu.Lock()
	st := s.status
	s.mu.Unlock()
	s.ship.mu.Lock()
	defer s.ship.mu.Unlock()
	given := func(t time.Time) *time.Time {
		if t.IsZero() {
			return nil
		}
		return &t
	}
	st.Shipped, st.Waiting = given(s.ship.shipped), given(s.ship.waits())
	if s.ship.failed != nil {
		st.Error = reason(s.ship.failed)
	}
	return st
}

func (s *Service) report(change func(*Status)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.status)
}

func reason(err error) string {
	if e, ok := isFault(err); ok {
		return e.Message
	}
	return err.Error()
}

// shipping ships within shipEvery of a commit, and later where the target fails.
func (s *Service) shipping(ctx context.Context) {
	wait := retryLeast
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.ship.feed.Wake():
		}
		for again := true; again && ctx.Err() == nil; {
			pause := shipEvery
			if s.ship.failed != nil {
				pause = wait
			}
			if !sleep(ctx, pause) {
				return
			}
			again, wait = s.attempt(ctx, wait)
		}
	}
}

// attempt ships once; again says whether there is more to do than wait for a commit.
func (s *Service) attempt(ctx context.Context, wait time.Duration) (again bool, next time.Duration) {
	err := s.ship.step(ctx)
	if ctx.Err() != nil {
		return false, wait
	}
	if errors.Is(err, errLost) {
		s.o.Log.Error("the log of the backup has a gap here: too much was committed while the target could not take it; a new snapshot is made", "to", s.o.Target.String(), "error", err)
		if renewed := s.ship.renew(ctx); renewed != nil {
			err = renewed
		} else {
			err = nil
			s.snapshotNow()
		}
	}
	s.ship.mu.Lock()
	was := s.ship.failed
	s.ship.failed = err
	s.ship.mu.Unlock()
	switch {
	case err == nil && was != nil:
		s.o.Log.Info("what was committed is shipped to the backup again", "to", s.o.Target.String())
		return false, retryLeast
	case err == nil:
		return false, retryLeast
	case was == nil:
		s.o.Log.Error("what was committed can't be shipped to the backup; it is tried again", "to", s.o.Target.String(), "error", err)
		return true, retryLeast
	}
	return true, min(2*wait, retryMost)
}

func (s *Service) snapshotNow() {
	select {
	case s.now <- struct{}{}:
	default:
	}
}

// snapshots makes a snapshot by the clock, and prunes after each.
func (s *Service) snapshots(ctx context.Context, wait time.Duration) {
	failed := false
	for {
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		case <-s.now:
			timer.Stop()
		}
		m, err := s.source.Take(ctx, s.o.Target, func(int64, int64) {})
		if ctx.Err() != nil {
			return
		}
		s.prune(ctx) // after one that failed, too: it may be for want of room
		if err != nil {
			if !failed && !fault.Is(err, fault.StoreBusy) {
				s.o.Log.Error("a snapshot for the backup failed; it is tried again", "to", s.o.Target.String(), "error", err)
			}
			s.report(func(st *Status) { st.Error = reason(err) })
			failed, wait = true, snapshotRetry
			continue
		}
		s.o.Log.Info("made a snapshot for the backup", "snapshot", m.ID, "to", s.o.Target.String())
		s.report(func(st *Status) { st.Snapshot, st.Error = &m.At, "" })
		failed, wait = false, s.o.Every
	}
}

func (s *Service) prune(ctx context.Context) {
	if err := Prune(ctx, s.o.Target, s.o.Now().Add(-s.o.Retention)); err != nil && ctx.Err() == nil {
		s.o.Log.Warn("old backups were not removed", "to", s.o.Target.String(), "error", err)
	}
}

// Prune removes what no moment since a horizon needs.
func Prune(ctx context.Context, t Target, horizon time.Time) error {
	c, err := readCatalog(ctx, t)
	if err != nil {
		return err
	}
	for _, name := range c.spare(horizon) {
		if err := t.Delete(ctx, name); err != nil {
			return err
		}
	}
	if d, ok := t.(Directory); ok {
		if err := d.sweep(time.Now().Add(-draftsFor)); err != nil { // files have the disk's own time
			return err
		}
	}
	for _, o := range c.begun {
		// One that another command is about to finish is left alone.
		if id, _, ok := newNames().parseSnapshot(o.Name); ok && id.At.Before(horizon) {
			if err := t.Delete(ctx, o.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

// Close ships what is committed and ends, within a few seconds. It comes before the
// engine's.
func (s *Service) Close() error {
	s.cancel()
	s.done.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), lastShipment)
	defer cancel()
	if err := s.ship.step(ctx); err != nil {
		s.o.Log.Error("the last commits were not shipped to the backup; they are when the server starts again", "to", s.o.Target.String(), "error", err)
	}
	return s.ship.engine.Unfollow(ctx, s.ship.feed)
}

// sleep waits, and tells whether ctx let it.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
