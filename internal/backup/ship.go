package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store/sqlite"
)

// shipper sends what is committed to the target. Its methods are for one goroutine, but
// for those that say otherwise.
type shipper struct {
	Options
	engine *sqlite.Engine
	limit  int64 // bytes of commits that wait to be taken
	seals  *sealer

	at      time.Time // of the last commit that was taken
	waiting []shipment
	size    int64 // bytes of waiting

	mu      sync.Mutex
	feed    *sqlite.Feed // changed by the goroutine that the others are of
	log     string       // the id of the log; "" before it begins
	before  int64        // the number of its last commit before the feed began
	taken   int64        // the number of the last commit that was taken
	shipped time.Time
	oldest  time.Time // of the first commit that waits; zero: none does
	failed  error
}

// shipment is a segment that waits for the target.
type shipment struct {
	id     segmentID
	sealed []byte
	since  time.Time // of its first commit
}

// errLost is why a log is over: commits that followed were not kept.
var errLost = errors.New("backup: the log has lost commits")

// begin follows the engine: in the log of an earlier run where the engine goes on
// exactly there, and else in one of its own, which needs a snapshot to be of use. A
// target that can't be read is none to go on with.
func (s *shipper) begin(ctx context.Context) (resumed bool, err error) {
	soon, cancel := context.WithTimeout(ctx, beginWithin)
	defer cancel()
	last, after, err := s.last(soon)
	if err != nil {
		s.Log.Warn("the earlier backups can't be read; a new one is begun", "to", s.Target.String(), "error", err)
	}
	feed, resumed, err := s.engine.Follow(ctx, after, s.limit, s.Now)
	if err != nil {
		return false, err
	}
	if !resumed {
		last = segmentID{Log: newID()}
	}
	s.waiting, s.size = nil, 0
	s.mu.Lock()
	defer s.mu.Unlock()
	s.feed = feed
	s.log, s.before, s.taken, s.oldest = last.Log, last.Last, last.Last, time.Time{}
	if resumed {
		s.shipped, s.at = last.At, last.At
	}
	return resumed, nil
}

// last finds the end of the newest log that a finished snapshot leads to.
func (s *shipper) last(ctx context.Context) (last segmentID, after sqlite.Position, err error) {
	c, err := readCatalog(ctx, s.Target)
	if err != nil {
		return last, after, err
	}
	w, err := c.wayTo(latest(), "")
	if fault.Is(err, fault.BackupNone) {
		return last, after, nil
	}
	if err != nil || len(w.segments) == 0 {
		return last, after, err
	}
	last = w.segments[len(w.segments)-1]
	head, err := readSegmentHead(ctx, s.Target, s.seals.sealing, last)
	return last, head.After, err
}

// step takes what was committed and ships it. Where the log is over it returns
// errLost; any other error is the target's, and what was taken waits.
func (s *shipper) step(ctx context.Context) error {
	s.mu.Lock()
	s.oldest = s.waits()
	s.mu.Unlock()
	commits, err := s.feed.Take()
	if err != nil {
		return fmt.Errorf("%w: %w", errLost, err)
	}
	for len(commits) > 0 {
		n := s.stretch(commits)
		if err := s.pack(commits[:n]); err != nil {
			return err
		}
		commits = commits[n:]
	}
	if s.size > waitingBytes {
		return fmt.Errorf("%w: %d bytes waited for the target, more than %d", errLost, s.size, int64(waitingBytes))
	}
	return s.send(ctx)
}

// stretch is how many of the commits make a segment.
func (s *shipper) stretch(commits []sqlite.Commit) int {
	size := 0
	for i, c := range commits {
		size += len(c.Changed) * c.PageSize
		if i > 0 && (size > segmentBytes || c.PageSize != commits[0].PageSize) {
			return i
		}
	}
	return len(commits)
}

// pack seals commits. Their times never go back, whatever the clock does.
func (s *shipper) pack(commits []sqlite.Commit) error {
	for i := range commits {
		at := commits[i].At.UTC().Truncate(time.Millisecond)
		if at.Before(s.at) {
			at = s.at
		}
		commits[i].At, s.at = at, at
	}
	id := segmentID{Log: s.log, First: s.taken + 1, Last: s.taken + int64(len(commits)), From: commits[0].At, At: s.at}
	var b bytes.Buffer
	if err := s.seals.seal(&b, func(w io.Writer) error { return writeSegment(w, id, commits) }); err != nil {
		return err
	}
	s.waiting = append(s.waiting, shipment{id, b.Bytes(), commits[0].At})
	s.size += int64(b.Len())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken = id.Last
	return nil
}

// send puts what waits, in order.
func (s *shipper) send(ctx context.Context) error {
	for len(s.waiting) > 0 {
		next := s.waiting[0]
		err := s.Target.Put(ctx, next.id.name(), func(w io.Writer) error {
			_, err := w.Write(next.sealed)
			return err
		})
		if err != nil {
			return err
		}
		s.waiting[0] = shipment{}
		s.waiting = s.waiting[1:]
		s.size -= int64(len(next.sealed))
		s.mu.Lock()
		s.shipped, s.oldest = next.id.At, time.Time{}
		if len(s.waiting) > 0 {
			s.oldest = s.waiting[0].since
		}
		s.mu.Unlock()
	}
	return nil
}

// renew ends a log that is over and begins another one.
func (s *shipper) renew(ctx context.Context) error {
	if err := s.engine.Unfollow(ctx, s.feed); err != nil {
		return err
	}
	feed, _, err := s.engine.Follow(ctx, sqlite.Position{}, s.limit, s.Now)
	if err != nil {
		return err
	}
	s.waiting, s.size = nil, 0
	s.mu.Lock()
	defer s.mu.Unlock()
	s.feed = feed
	s.log, s.before, s.taken, s.oldest = newID(), 0, 0, time.Time{}
	return nil
}

// waits is since when something is not shipped, with s.mu held.
func (s *shipper) waits() time.Time {
	if s.oldest.IsZero() {
		return s.feed.Waiting()
	}
	return s.oldest
}

// logOf names the log that a feed goes to. It is safe for concurrent use.
func (s *shipper) logOf(f *sqlite.Feed) (id string, before int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f != s.feed {
		return "", 0
	}
	return s.log, s.before
}
