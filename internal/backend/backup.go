package backend

import (
	"context"
	"path/filepath"
	"strings"
	"time"

	"github.com/loam-dev/loam/internal/backup"
	"github.com/loam-dev/loam/internal/fault"
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
		return nil, errNotHere
	}
	source := backup.Source{Engine: engine, Vault: b.opts.Vault, Describe: describe, Now: b.opts.Now}
	if b.backup != nil {
		source = b.backup.Source()
	}
	return source.Take(ctx, to, func(int64, int64) {})
}

// errNotHere is why a database on a server is backed up by other means.
var errNotHere = fault.New(fault.BackupKind, "the rows are in PostgreSQL: back them up with its own tools, pg_dump or pgBackRest")

// Status is how the service is getting on.
func (b backups) Status() *backup.Status {
	if b.backup == nil {
		return nil
	}
	s := b.backup.Status()
	return &s
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
	engine, ok := b.engine.(*sqlite.Engine)
	if !ok {
		return fault.New(fault.BackupKind, "backup.to is for a database in the data directory: %s", errNotHere.Message)
	}
	data, err := filepath.Abs(b.opts.Data)
	if err != nil {
		return err
	}
	if inside, err := filepath.Rel(data, o.To); err == nil && inside != ".." && !strings.HasPrefix(inside, ".."+string(filepath.Separator)) {
		return fault.New(fault.BackupTarget, "backup.to is inside the data directory %s, and would be lost with it; name a directory on another disk", data)
	}
	target, err := backup.OpenTarget(o.To)
	if err != nil {
		return err
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
