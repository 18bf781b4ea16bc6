package backend

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/httpapi"
	"github.com/loam-dev/loam/internal/move"
)

// The limits of the moment in which a backend goes from one database to another.
const (
	jobsEnd   = 10 * time.Second       // for jobs under way, before it begins; others wait
	lastEnd   = 300 * time.Millisecond // for requests under way: what they write later is refused
	doorShut  = 5 * time.Second        // that a request waits
	reopen    = 30 * time.Second       // for the new database to answer, again and again
	lingering = time.Minute            // for what still reads from the old one
)

// Site is a backend that can be taken to another database while it serves. Requests
// that come in the moment of the change wait, and find the new one.
type Site struct {
	moving  sync.Mutex
	closing sync.WaitGroup // those that were replaced

	mu   sync.Mutex
	now  *hosted
	shut chan struct{} // closed when those who wait may go on; nil: nobody waits
}

// hosted is a backend with the requests that are in it.
type hosted struct {
	*Backend
	all, brief int // brief: but for those that stay
}

// NewSite takes over an open backend.
func NewSite(b *Backend) *Site { return &Site{now: &hosted{Backend: b}} }

// Backend is the one that serves.
func (s *Site) Backend() *Backend {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now.Backend
}

// Handler answers HTTP.
func (s *Site) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, (*Backend).Handler) })
}

// Local answers who runs the server, and moves it where moves says how; see
// httpapi.API.Local.
func (s *Site) Local(moves httpapi.Mover) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, (*Backend).Local) })
	mux.Handle("POST /move", httpapi.Moving(moves))
	return mux
}

func (s *Site) serve(w http.ResponseWriter, r *http.Request, handler func(*Backend) http.Handler) {
	brief := r.Header.Get("Upgrade") == "" && !strings.Contains(r.Header.Get("Accept"), "text/event-stream")
	h := s.enter(r.Context(), brief)
	defer s.leave(h, brief)
	handler(h.Backend).ServeHTTP(w, r)
}

// enter waits while the door is shut, but not for ever: then what is written is
// refused, and may be tried again.
func (s *Site) enter(ctx context.Context, brief bool) *hosted {
	s.mu.Lock()
	defer s.mu.Unlock()
	if shut := s.shut; shut != nil {
		s.mu.Unlock()
		select {
		case <-shut:
		case <-time.After(doorShut):
		case <-ctx.Done():
		}
		s.mu.Lock()
	}
	s.now.all++
	if brief {
		s.now.brief++
	}
	return s.now
}

func (s *Site) leave(h *hosted, brief bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h.all--
	if brief {
		h.brief--
	}
}

// emptied waits until a count of requests is 0, for so long at most.
func (s *Site) emptied(count *int, most time.Duration) {
	for until := time.Now().Add(most); ; time.Sleep(time.Millisecond) {
		s.mu.Lock()
		n := *count
		s.mu.Unlock()
		if n == 0 || time.Now().After(until) {
			return
		}
	}
}

// Close ends the backend, and those that it has replaced.
func (s *Site) Close() error {
	s.moving.Lock() // a move that is under way has lost its caller
	defer s.moving.Unlock()
	s.closing.Wait()
	return s.Backend().Close()
}

// pause shuts the door, and has all who might write come to an end.
func (s *Site) pause(ctx context.Context) (began time.Time, resume func()) {
	ended, cancel := context.WithTimeout(ctx, jobsEnd)
	defer cancel()
	h := s.now
	release := h.jobs.Hold(ended)
	began = time.Now()
	shut := make(chan struct{})
	s.mu.Lock()
	s.shut = shut
	s.mu.Unlock()
	s.emptied(&h.brief, lastEnd)
	return began, func() {
		s.mu.Lock()
		s.shut = nil
		s.mu.Unlock()
		close(shut)
		if s.now == h { // or they are the new one's
			release()
		}
	}
}

// Move takes the backend to another database while it serves; it returns once the new
// one serves, or with an error and the old one serving.
func (s *Site) Move(ctx context.Context, to Options, report func(string)) (done move.Result, err error) {
	if !s.moving.TryLock() {
		return done, fault.New(fault.MoveUnfinished, "this server is being moved already")
	}
	defer s.moving.Unlock()
	old := s.now
	target, err := to.side(ctx, true)
	if err != nil {
		return done, err
	}
	var resume func()
	var began time.Time
	done, err = move.Run(ctx, move.Options{From: old.side(), To: target, Now: time.Now, Report: report, Pause: func(ctx context.Context) func() {
		began, resume = s.pause(ctx)
		return resume
	}})
	if err != nil || done.Again {
		return done, errors.Join(err, target.Engine.Close())
	}
	ctx = context.WithoutCancel(ctx) // there is no way back
	if to.Database == "" {           // who holds a file is alone, and so is who ships its commits
		err = errors.Join(target.Engine.Close(), old.endBackups())
	} else if old.backup != nil {
		report("backup.to in loam.yaml is for files: there are no more backups to " + old.opts.Config.Backup.To + "; take it out before the next start, and see to the backups of PostgreSQL")
	}
	next, failed := old.successor(ctx, to)
	if failed == nil {
		s.mu.Lock()
		s.now = &hosted{Backend: next}
		s.mu.Unlock()
	}
	resume()
	done.Paused = time.Since(began)
	if failed != nil {
		return done, fault.New(fault.StoreMoved, "everything is in %s, but this server can't open it, and refuses what would be written; start it anew with that database", to.Where()).Because(failed)
	}
	s.closing.Go(func() { s.dismiss(old) })
	if to.Database != "" {
		err = errors.Join(err, move.Settle(ctx, target), target.Engine.Close())
	}
	return done, err
}

// TryMove says what Move would do.
func (s *Site) TryMove(ctx context.Context, to Options, report func(string)) (move.Result, error) {
	return tryMove(ctx, s.Backend().side(), to, report)
}

// CancelMove gives up a move that was interrupted.
func (s *Site) CancelMove(ctx context.Context) error {
	if !s.moving.TryLock() {
		return fault.New(fault.MoveUnfinished, "this server is being moved; interrupt the command that does it")
	}
	defer s.moving.Unlock()
	return move.Cancel(ctx, s.Backend().side())
}

// dismiss closes a backend that was replaced. Who follows something there is told to
// connect again.
func (s *Site) dismiss(old *hosted) {
	old.hangUp.Do(old.sockets.Close)
	s.emptied(&old.all, lingering)
	if err := old.Close(); err != nil {
		old.opts.Log.Warn("closing the database that was moved", "error", err)
	}
}

// Options are those that the backend was opened with.
func (b *Backend) Options() Options { return b.opts }

// side is the backend's own database in a move.
func (b *Backend) side() move.Side {
	return move.Side{Engine: b.engine, Migrator: b.Migrator, Name: b.opts.Where()}
}

// successor serves the same from another database.
func (b *Backend) successor(ctx context.Context, to Options) (*Backend, error) {
	o := b.opts
	o.Data, o.Database, o.Replicas = to.Data, to.Database, nil
	if o.Database != "" {
		settings := *o.Config
		settings.Backup.To = "" // or it would not open
		o.Config = &settings
	}
	b.force.Lock()
	schema, newest := b.force.schema, b.force.newest
	b.force.Unlock()
	var why error
	for until := time.Now().Add(reopen); ; time.Sleep(reopen / 100) {
		next, err := Open(ctx, o)
		if err == nil {
			if err = errors.Join(next.Use(schema), next.Keep(ctx, newest)); err == nil {
				return next, nil
			}
			err = errors.Join(err, next.Close())
		}
		if why = cmp.Or(why, err); time.Now().After(until) {
			return nil, why
		}
	}
}
