package sqlite

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/loam-dev/loam/internal/store"
)

// Commit is what one commit has changed in the database file.
type Commit struct {
	At       time.Time
	Pages    uint32            // in the file, after it
	PageSize int               // bytes
	Changed  map[uint32][]byte // by their number, from 1
	After    Position
}

// ErrMissed is Take's error when commits were not kept for it: they were more than
// a feed may hold, or the log could not be read. A feed that has missed one is over.
var ErrMissed = errors.New("sqlite: commits were missed")

// Feed hands out what each commit changes, in order and without gaps. What it is
// made of is copied from the log when the commit is made, so that the log may begin
// anew at any time: nobody who commits waits for who takes.
type Feed struct {
	now   func() time.Time
	limit int64         // bytes that may wait
	wake  chan struct{} // has a signal after each commit

	// The writer's.
	log    *blocks
	turns  *os.File // has the last turn
	header walHeader
	frames uint32 // of the log that were captured

	// The taker's.
	opener *blocks // decrypts what was captured
	at     Position

	mu      sync.Mutex
	queue   []captured
	waiting int64 // bytes in queue
	commits int64 // captured since the feed began
	missed  error // why the feed is over
}

// captured is a stretch of the log as it is on the disk.
type captured struct {
	at     time.Time
	header walHeader
	first  uint32 // its first frame, from 0
	frames uint32
	raw    []byte
	place  int64 // of raw in the file
}

// Follow begins a feed that holds at most limit bytes for its taker. It goes on behind
// a position where the log still has that, and resumed says so; otherwise it begins
// with the next commit. An engine has one feed at a time, and keeps its log when it
// is closed, so that a later one may go on.
func (e *Engine) Follow(ctx context.Context, after Position, limit int64, now func() time.Time) (f *Feed, resumed bool, err error) {
	file, err := os.Open(e.writer.file.path + "-wal")
	if err != nil {
		return nil, false, unwritable(e.writer.file.path+"-wal", err)
	}
	turns, err := os.OpenFile(e.writer.file.path+"-turn", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, false, errors.Join(unwritable(e.writer.file.path+"-turn", err), file.Close())
	}
	f = &Feed{turns: turns, now: now, limit: limit, wake: make(chan struct{}, 1)}
	if f.log, err = newBlocks(file, e.writer.file.key); err == nil {
		f.opener, err = newBlocks(nil, e.writer.file.key)
	}
	if err != nil {
		return nil, false, errors.Join(err, file.Close(), turns.Close())
	}
	err = e.writer.between(ctx, func() error {
		if e.writer.feed != nil {
			return errors.New("sqlite: there is a feed already")
		}
		var err error
		if resumed, err = f.begin(after); err == nil {
			e.writer.feed, e.writer.keepLog = f, true
		}
		return err
	})
	if err != nil {
		return nil, false, errors.Join(err, f.close())
	}
	return f, resumed, nil
}

// Unfollow ends the feed. What was captured can still be taken.
func (e *Engine) Unfollow(ctx context.Context, f *Feed) error {
	return e.writer.between(ctx, func() error {
		if e.writer.feed != f {
			return nil
		}
		e.writer.feed = nil
		return f.close()
	})
}

func (f *Feed) close() error { return errors.Join(f.log.file.Close(), f.turns.Close()) }

// turn is what a log that began anew does not tell of the one before it: how far that
// went. It is kept beside the database, so that a feed goes on that has come so far.
type turn struct {
	From  [2]uint32 `json:"from"` // the salts of the two
	To    [2]uint32 `json:"to"`
	Frame uint32    `json:"frame"` // the last one of the former
}

// turnBytes is more than a turn takes.
const turnBytes = 256

// turned keeps that the log goes on with another header. Where it is lost, with the
// power or a full disk, a later feed does not go on.
func (f *Feed) turned(to walHeader) {
	text, err := json.Marshal(turn{From: f.header.salt, To: to.salt, Frame: f.frames})
	if err == nil {
		_, _ = f.turns.WriteAt(append(text, bytes.Repeat([]byte{' '}, turnBytes-len(text))...), 0)
	}
}

// behind is a position in a log that goes on where another one had that position last.
func (f *Feed) behind(after Position, h walHeader) (Position, bool) {
	var last turn
	text := make([]byte, turnBytes)
	n, _ := f.turns.ReadAt(text, 0)
	if err := json.Unmarshal(text[:n], &last); err != nil {
		return after, false // nothing, or a part of it
	}
	if last != (turn{From: after.Salt, To: h.salt, Frame: after.Frame}) {
		return after, false
	}
	return Position{Salt: h.salt, Sum: h.sum}, true
}

// begin finds the end of the log, and captures what is behind a position.
func (f *Feed) begin(after Position) (resumed bool, err error) {
	head, err := f.log.read(0, walHeaderBytes)
	if err != nil {
		return false, err
	}
	h, ok := parseWALHeader(head)
	if !ok {
		return false, nil // nothing was committed since the log was emptied
	}
	f.header = h
	after, resumed = f.behind(after, h)
	sum, end, endSum := h.sum, uint32(0), h.sum
	for n := uint32(0); ; n++ {
		b, err := f.log.read(h.end(n), h.end(n+1))
		if err != nil {
			return false, err
		}
		fr, err := h.parse(b, sum)
		if err != nil {
			break // the end of what is valid
		}
		sum = fr.sum
		if fr.pages > 0 {
			end, endSum = n+1, sum
		}
		if after.Salt == h.salt && after.Frame == n+1 && after.Sum == sum {
			resumed = true
		}
	}
	f.frames, f.at = end, Position{Salt: h.salt, Frame: end, Sum: endSum}
	if resumed && after.Frame < end {
		f.frames, f.at = after.Frame, after
		f.capture(int(end))
	}
	return resumed, nil
}

// capture copies what was added to a log that has so many frames now. The writer calls
// it between two commits, when nobody else changes the log.
func (f *Feed) capture(frames int) {
	if f == nil {
		return
	}
	f.mu.Lock()
	if err := f.copy(uint32(frames)); err != nil {
		f.miss(err)
	}
	f.mu.Unlock()
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

func (f *Feed) copy(frames uint32) error {
	if f.missed != nil {
		return nil
	}
	head, err := f.log.read(0, walHeaderBytes)
	if err != nil {
		return err
	}
	h, ok := parseWALHeader(head)
	if !ok {
		return fmt.Errorf("%w: the log has no header", errFrame)
	}
	if h.salt != f.header.salt {
		f.turned(h)
		f.header, f.frames = h, 0
	}
	first := f.frames
	if frames <= first {
		return fmt.Errorf("%w: the log has %d frames after it had %d", errFrame, frames, first)
	}
	f.frames = frames
	size := h.end(frames) - h.end(first)
	if f.waiting+size > f.limit {
		return fmt.Errorf("%d bytes wait, and %d more are over the limit of %d", f.waiting, size, f.limit)
	}
	data, place, err := f.log.raw(h.end(first), h.end(frames))
	if err != nil {
		return err
	}
	f.queue = append(f.queue, captured{at: f.now(), header: h, first: first, frames: frames - first, raw: data, place: place})
	f.waiting += int64(len(data))
	f.commits++
	return nil
}

// miss ends the feed.
func (f *Feed) miss(err error) {
	if f.missed == nil {
		f.missed = fmt.Errorf("%w: %w", ErrMissed, err)
	}
	f.queue, f.waiting = nil, 0
}

// Wake has a signal after each commit; several may make one.
func (f *Feed) Wake() <-chan struct{} { return f.wake }

// Waiting is when the first commit was made that Take has not returned yet; the zero
// time where there is none.
func (f *Feed) Waiting() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.queue) == 0 {
		return time.Time{}
	}
	return f.queue[0].at
}

// Take returns the commits since it was last called.
func (f *Feed) Take() ([]Commit, error) {
	f.mu.Lock()
	queue, missed := f.queue, f.missed
	f.queue, f.waiting = nil, 0
	f.mu.Unlock()
	if missed != nil {
		return nil, missed
	}
	all := make([]Commit, 0, len(queue))
	for _, c := range queue {
		commit, err := f.open(c)
		if err != nil {
			f.mu.Lock()
			f.miss(err)
			f.mu.Unlock()
			return nil, f.missed
		}
		all = append(all, commit)
	}
	return all, nil
}

// open takes what was captured apart.
func (f *Feed) open(c captured) (Commit, error) {
	if err := f.opener.open(c.raw, c.place); err != nil {
		return Commit{}, err
	}
	if f.at.Salt != c.header.salt {
		f.at = Position{Salt: c.header.salt, Sum: c.header.sum}
	}
	if f.at.Frame != c.first {
		return Commit{}, fmt.Errorf("%w: number %d follows %d", errFrame, c.first+1, f.at.Frame)
	}
	commit := Commit{At: c.at, PageSize: c.header.pageSize, Changed: map[uint32][]byte{}}
	for n := c.first; n < c.first+c.frames; n++ {
		from := min(c.header.end(n)-c.place, int64(len(c.raw)))
		fr, err := c.header.parse(c.raw[from:], f.at.Sum)
		if err != nil {
			return Commit{}, err
		}
		f.at = Position{Salt: c.header.salt, Frame: n + 1, Sum: fr.sum}
		commit.Changed[fr.number] = fr.data
		commit.Pages = fr.pages
	}
	if commit.Pages == 0 {
		return Commit{}, fmt.Errorf("%w: it ends no commit", errFrame)
	}
	commit.After = f.at
	return commit, nil
}

// between runs fn in the writer's turn, between two transactions.
func (w *writer) between(ctx context.Context, fn func() error) error {
	return w.write(ctx, func(store.Conn) error { return fn() }, between)
}
