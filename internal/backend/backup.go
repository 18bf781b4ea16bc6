package backend

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/loam-dev/loam/internal/backup"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/move"
	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/migrate"
	"github.com/loam-dev/loam/internal/store/sqlite"
)

// backups are httpapi's.
type backups struct{ *Backend }

// Take makes a snapshot.
func (b backups) Take(ctx context.Context, to backup.Target) (*backup.Manifest, error) {
	engine, ok := b.engine.(*sqlite.Engine)
	if !ok {
		return b.takeRows(ctx, to)
	}
	source := backup.Source{Engine: engine, Vault: b.opts.Vault, Describe: describe, Now: b.opts.Now}
	if b.backup != nil {
		source = b.backup.Source()
	}
	return source.Take(ctx, to, func(int64, int64) {})
}

// scratch is where the rows of a database on a server become a file, inside the data
// directory.
const scratch = "backup-scratch"

// takeRows makes a snapshot of a database on a server: of the file that its rows, as of
// one moment, would be in. The key of that file is nobody's.
func (b backups) takeRows(ctx context.Context, to backup.Target) (m *backup.Manifest, err error) {
	if !b.copying.TryLock() {
		return nil, fault.New(fault.StoreBusy, "a backup is being made; wait for its end, and try again").After(time.Minute)
	}
	defer b.copying.Unlock()
	dir := filepath.Join(b.opts.Data, scratch)
	if err := os.RemoveAll(dir); err != nil { // of one that was killed
		return nil, noRoom(b.opts.Data, err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, noRoom(b.opts.Data, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	key := make([]byte, sqlite.KeySize)
	rand.Read(key)
	file, err := sqlite.Open(ctx, sqlite.Options{Path: filepath.Join(dir, "loam.db"), Key: key, Filling: true, Log: b.opts.Log})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	// What is committed by now gets its place in the log, which is copied with it.
	if err := store.New(b.engine, &schema.Schema{}, b.opts.Now).Sequence(ctx); err != nil {
		return nil, err
	}
	var at time.Time
	if err := b.engine.Read(ctx, func(c store.Conn) error {
		c.Enter(store.Everyone)
		if err := c.Query("SELECT 1", nil, func(store.Row) error { at = b.opts.Now(); return nil }); err != nil {
			return err
		}
		then := move.At(c, b.engine)
		_, err := move.Copy(ctx, move.Options{From: move.Side{Engine: then, Migrator: b.opts.migrator(then), Name: b.opts.Where()},
			To: move.Side{Engine: file, Migrator: b.opts.migrator(file), Name: dir}, Now: b.opts.Now})
		return err
	}); err != nil {
		return nil, err
	}
	source := backup.Source{Engine: file, Vault: b.opts.Vault, Describe: describe, Now: func() time.Time { return at }}
	return source.Take(ctx, to, func(int64, int64) {})
}

func noRoom(data string, err error) error {
	return fault.New(fault.BackupTarget, "the rows can't be copied to %s, from where the backup is made; give the user that runs Loam the right to write there, or choose another directory with --data", data).Because(err)
}

// RestoreTo takes a backup to an empty database on a server, by way of a file that is
// gone afterwards. That the database's name and its owner are others than they were does
// not matter: its tables, roles and policies are made anew.
func RestoreTo(ctx context.Context, r backup.Restore, to Options, report func(string)) (done backup.Restored, moved move.Result, err error) {
	dir, err := os.MkdirTemp("", "loam-restore-*")
	if err != nil {
		return done, moved, fault.New(fault.BackupTarget, "there is no room to restore into; point TMPDIR at a directory with some").Because(err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	from := to
	from.Data, from.Database, from.Encrypt = dir, "", true
	place, err := sqlite.Hold(ctx, from.Where())
	if err != nil {
		return done, moved, err
	}
	done, _, err = r.Into(ctx, place, to.Vault.Key("store/database").Bytes())
	if err = errors.Join(err, place.Close()); err != nil {
		return done, moved, err
	}
	moved, err = Move(ctx, from, to, report)
	return done, moved, err
}

// Status is how the service is getting on, or the schedule.
func (b backups) Status() *backup.Status {
	switch {
	case b.backup != nil:
		s := b.backup.Status()
		return &s
	case b.schedule != nil:
		return b.schedule.status()
	}
	return nil
}

// schedule has one of several servers on one database make a snapshot now and then.
type schedule struct {
	target backup.Target

	mu     sync.Mutex
	failed string // why the last one of this server's failed
}

func (s *schedule) status() *backup.Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := &backup.Status{To: s.target.String(), Error: s.failed}
	all, err := backup.List(context.Background(), s.target)
	if err != nil {
		st.Error = fault.Of(err).Message
	}
	if len(all) > 0 {
		st.Snapshot = &all[len(all)-1].At
	}
	return st
}

// snapshot makes one, and removes what nobody needs any more.
func (b *Backend) snapshot(ctx context.Context) error {
	m, err := backups{b}.Take(ctx, b.schedule.target)
	b.schedule.mu.Lock()
	if b.schedule.failed = ""; err != nil {
		b.schedule.failed = fault.Of(err).Message
	}
	b.schedule.mu.Unlock()
	if err != nil {
		return err
	}
	b.opts.Log.Info("made a snapshot for the backup", "snapshot", m.ID, "to", b.schedule.target.String())
	return backup.Prune(ctx, b.schedule.target, b.opts.Now().Add(-b.opts.Config.Backup.Retention))
}

// describe tells what a snapshot is of.
func describe(c store.Conn) (d backup.Description, err error) {
	if d.Schema, err = migrate.Hash(c); err != nil {
		return d, err
	}
	d.Position, err = store.LogEnd(c)
	return d, err
}

// keepBackups begins what loam.yaml asks for.
func (b *Backend) keepBackups(ctx context.Context) error {
	o := b.opts.Config.Backup
	if o.To == "" || b.opts.Dev {
		return nil
	}
	data, err := filepath.Abs(b.opts.Data)
	if err != nil {
		return err
	}
	if inside, err := filepath.Rel(data, o.To); err == nil && filepath.IsAbs(o.To) && inside != ".." && !strings.HasPrefix(inside, ".."+string(filepath.Separator)) {
		return fault.New(fault.BackupTarget, "backup.to is inside the data directory %s, and would be lost with it; name a directory on another disk", data)
	}
	target, err := backup.OpenTarget(o.To)
	if err != nil {
		return err
	}
	engine, ok := b.engine.(*sqlite.Engine)
	if !ok {
		b.schedule = &schedule{target: target}
		b.jobs.Every("backup/snapshot", o.Every, b.snapshot)
		return nil
	}
	b.backup, err = backup.Start(ctx, engine, backup.Options{Target: target, Vault: b.opts.Vault, Every: o.Every, Retention: o.Retention,
		Describe: describe, Log: b.opts.Log, Now: b.opts.Now})
	if err != nil {
		return err
	}
	since := func(t *time.Time) float64 {
		if t == nil {
			return 0
		}
		return b.opts.Now().Sub(*t).Seconds()
	}
	b.metrics.Gauge("loam_backup_waiting_seconds", "How long the first commit waits that is not shipped to the backup; 0 where none waits.", func() float64 { return since(b.backup.Status().Waiting) })
	b.metrics.Gauge("loam_backup_snapshot_age_seconds", "Since the last snapshot for the backup; 0 where there is none yet.", func() float64 { return since(b.backup.Status().Snapshot) })
	return nil
}

// endBackups ships what is committed, once.
func (b *Backend) endBackups() (err error) {
	if b.backup != nil {
		b.shipped.Do(func() { err = b.backup.Close() })
	}
	return err
}
