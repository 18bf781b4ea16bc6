// Package sqlite is the embedded database: a store.Engine over one SQLite
// file, plain or encrypted, that a single process holds. One writer commits
// concurrent writes together and answers them once they are on the disk; a pool
// of readers sees snapshots beside it.
//
// It knows connections, transactions and files. It is not a query layer and
// knows no table: all SQL but its own pragmas comes from the store.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// KeySize is the length of an encryption key in bytes.
const KeySize = 32

// Options say which database to open and how.
type Options struct {
	Path    string       // the file; its directory is made if need be
	Key     []byte       // KeySize random bytes encrypt the file; nil leaves it plain
	Readers int          // connections for reads; 0 takes twice the cores, at least 4
	Filling bool         // checks no foreign keys: rows come in any order
	Log     *slog.Logger // nil discards
}

// Engine is an open database. It is safe for concurrent use.
type Engine struct {
	writer  *writer
	readers *pool
	janitor *janitor
	lock    *os.File
	epoch   atomic.Int64 // snapshots of an earlier one may lack a commit

	snapshots chan struct{} // has a token while one is taken

	closing sync.Once
	closed  error // what Close answers
}

var _ store.Engine = (*Engine)(nil)

// Open opens the database, creating it where there is none, and holds it until
// Close: a second process is refused with store/held, a wrong key with
// store/unreadable.
func Open(ctx context.Context, o Options) (*Engine, error) {
	return open(ctx, o, defaultLimits())
}

func open(ctx context.Context, o Options, lim limits) (_ *Engine, err error) {
	f, err := newFile(o, lim)
	if err != nil {
		return nil, err
	}
	e := &Engine{snapshots: make(chan struct{}, 1)}
	defer func() {
		if err != nil {
			e.abandon()
		}
	}()
	if err = f.prepareDir(); err != nil {
		return nil, err
	}
	if e.lock, err = f.hold(ctx); err != nil {
		return nil, err
	}
	if _, err = f.finishInstall(); err != nil {
		return nil, err
	}
	if err = f.prepare(); err != nil {
		return nil, err
	}
	main, err := f.connect(ctx, forWriting)
	if err != nil {
		return nil, err
	}
	if err = f.secure(); err != nil {
		main.close()
		return nil, err
	}
	e.readers = newPool(f, &e.epoch)
	e.janitor = newJanitor(f, e.readers.settle)
	e.writer = newWriter(f, main, &e.epoch, e.janitor)
	return e, nil
}

// Dialect is SQLite's.
func (e *Engine) Dialect() store.Dialect { return store.SQLite }

// Read runs fn over one snapshot of the database. A write that returned before
// Read was called is in it.
func (e *Engine) Read(ctx context.Context, fn func(store.Conn) error) error {
	return e.readers.read(ctx, fn)
}

// ReadOne is Read.
func (e *Engine) ReadOne(ctx context.Context, fn func(store.Conn) error) error {
	return e.readers.read(ctx, fn)
}

// Write runs fn in the write transaction and returns when it is on the disk.
// Where ctx ends before fn has begun, fn never runs; afterwards the answer says
// truly whether the write was kept. A panic in fn undoes its writes and comes
// back as an error.
func (e *Engine) Write(ctx context.Context, fn func(store.Conn) error) error {
	return e.writer.write(ctx, fn, grouped)
}

// WriteRows is Write: there is one writer.
func (e *Engine) WriteRows(ctx context.Context, fn func(store.Conn) error) error {
	return e.writer.write(ctx, fn, grouped)
}

// Rebuild is Write for a migration that replaces tables which others refer to.
// It runs alone, with foreign keys unchecked while fn runs and checked as a
// whole before the commit.
func (e *Engine) Rebuild(ctx context.Context, fn func(store.Conn) error) error {
	return e.writer.write(ctx, fn, alone)
}

// Notify has a signal sent on c after each commit. It is for a few that stay as long
// as the engine does.
func (e *Engine) Notify(c chan<- struct{}) {
	e.writer.listeners.Add(c)
}

// Close lets the writes that wait finish, refuses new work, folds the log into
// the database file and lets go of it. Closing again answers the same.
func (e *Engine) Close() error {
	e.closing.Do(func() {
		e.janitor.stop()
		e.writer.drain()
		e.closed = errors.Join(e.readers.close(), e.writer.close(), releaseFile(e.lock))
	})
	return e.closed
}

// abandon undoes a failed open.
func (e *Engine) abandon() {
	if e.lock != nil {
		_ = releaseFile(e.lock)
	}
}

// file is a database on disk: where it is and how its connections are set up.
type file struct {
	path    string
	key     []byte
	readers int
	filling bool
	log     *slog.Logger
	limits
}

func newFile(o Options, lim limits) (*file, error) {
	if o.Path == "" {
		return nil, errors.New("sqlite: no path")
	}
	if o.Key != nil && len(o.Key) != KeySize {
		return nil, fmt.Errorf("sqlite: the key has %d bytes, not %d", len(o.Key), KeySize)
	}
	path, err := filepath.Abs(o.Path)
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	log := o.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	readers := o.Readers
	if readers <= 0 {
		readers = defaultReaders()
	}
	return &file{path: path, key: o.Key, readers: readers, filling: o.Filling, log: log, limits: lim}, nil
}

// prepareDir makes the directory with a mode that keeps others out.
func (f *file) prepareDir() error {
	dir := filepath.Dir(f.path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return unwritable(dir, err)
	}
	return nil
}

// prepare makes the file likewise, and has the directory itself on the disk, or a
// power cut could take the whole database although every commit in it was synced.
func (f *file) prepare() error {
	dir := filepath.Dir(f.path)
	db, err := os.OpenFile(f.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return unwritable(f.path, err)
	}
	if err := errors.Join(db.Chmod(0o600), db.Close()); err != nil {
		return unwritable(f.path, err)
	}
	return errors.Join(syncDir(dir), syncDir(filepath.Dir(dir)))
}

// hold locks the database for this process. It tries for a moment: the last
// holder may be on its way out, or its lock live on in a process that it is
// just starting.
func (f *file) hold(ctx context.Context) (*os.File, error) {
	limit := time.NewTimer(f.holdWait)
	defer limit.Stop()
	again := time.NewTicker(holdEvery)
	defer again.Stop()
	for {
		lock, err := holdFile(f.path + "-lock")
		if err == nil || fault.Is(err, fault.StoreUnreadable) {
			return lock, err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return nil, cancelled(ctx, err)
		case <-limit.C:
			return nil, fault.New(fault.StoreHeld, "another process has %s open; stop it first", f.path).Because(err)
		}
	}
}

// secure sets the modes of the files that SQLite itself made.
func (f *file) secure() error {
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Chmod(f.path+suffix, 0o600); err != nil {
			return unwritable(f.path+suffix, err)
		}
	}
	return syncDir(filepath.Dir(f.path))
}

func unwritable(path string, err error) error {
	return fault.New(fault.StoreUnreadable, "can't write %s; give the user that runs Loam the right to", path).Because(err)
}
