package backup

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/sqlite"
	"github.com/loam-dev/loam/internal/vault"
)

// Restore says what to restore.
type Restore struct {
	Target   Target
	Vault    *vault.Vault
	At       time.Time // the zero time is the latest that there is
	Snapshot string    // to begin with; "": the best
	Progress Progress
}

// Restored is what was restored.
type Restored struct {
	Snapshot string    `json:"snapshot"`
	Commits  int64     `json:"commits"` // of the log, after the snapshot
	At       time.Time `json:"at"`      // of the last commit, or of the snapshot
}

// plan finds the way.
func (o Restore) plan(ctx context.Context) (way, time.Time, error) {
	c, err := readCatalog(ctx, o.Target)
	if err != nil {
		return way{}, o.At, err
	}
	at := o.At
	if at.IsZero() {
		at = latest()
	}
	w, err := c.wayTo(at, o.Snapshot)
	return w, at, err
}

// Into restores a database into the place of another one, or of none, encrypted with
// a key or plain without. Until it is whole there, what was there stays; afterwards
// that is beside it, under the name that is returned.
func (o Restore) Into(ctx context.Context, place *sqlite.Place, key []byte) (done Restored, kept string, err error) {
	if done, err = o.write(ctx, place.Draft(), key, nil); err != nil {
		return done, "", err
	}
	if err := sound(ctx, place.Draft(), key, nil); err != nil {
		return done, "", err
	}
	kept, err = place.Install()
	return done, kept, err
}

// write writes the database to a file. Where there is a log to apply, check is called
// before that with the snapshot alone in the file.
func (o Restore) write(ctx context.Context, path string, key []byte, check func(SnapshotID) error) (done Restored, err error) {
	w, at, err := o.plan(ctx)
	if err != nil {
		return done, err
	}
	s := newSealing(o.Vault)
	draft, err := sqlite.NewDraft(path, key)
	if err != nil {
		return done, err
	}
	to := &pages{draft: draft}
	if err := restoreSnapshot(ctx, o.Target, s, w.snapshot, to, o.Progress); err != nil {
		draft.Abandon()
		return done, err
	}
	if check != nil {
		if err := to.finish(); err != nil {
			return done, err
		}
		if err := check(w.snapshot); err != nil {
			return done, err
		}
		if to.draft, err = sqlite.OpenDraft(path, key); err != nil {
			return done, err
		}
	}
	so := &applied{next: w.snapshot.Commit + 1, at: w.snapshot.At}
	for _, seg := range w.segments {
		past, err := applySegment(ctx, o.Target, s, seg, at, to, so)
		if err != nil {
			to.draft.Abandon()
			return done, until(err, so)
		}
		if past {
			break
		}
	}
	return Restored{w.snapshot.String(), so.next - 1 - w.snapshot.Commit, so.at}, to.finish()
}

// until adds to the error of a damaged segment what can be restored in spite of it.
func until(err error, so *applied) error {
	e, ok := isFault(err)
	if !ok || e.Code != fault.BackupDamaged {
		return err
	}
	return fault.New(e.Code, "%s; what was committed before it can be had: restore --to-time %s", e.Message, show(so.at)).Because(errors.Unwrap(e))
}

// sound opens a restored database, and fails where SQLite finds it damaged.
func sound(ctx context.Context, path string, key []byte, check func(store.Conn) error) (err error) {
	e, err := sqlite.Open(ctx, sqlite.Options{Path: path, Key: key, Readers: 1})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	return e.Read(ctx, func(c store.Conn) error {
		var wrong []string
		for _, pragma := range []string{"PRAGMA integrity_check(10)", "PRAGMA foreign_key_check"} {
			err := c.Query(pragma, nil, func(r store.Row) error {
				if text := r.Text(0); text != "ok" {
					wrong = append(wrong, text)
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		if len(wrong) > 0 {
			return fault.New(fault.BackupDamaged, "the restored database is damaged: %s", strings.Join(wrong[:min(len(wrong), 5)], "; "))
		}
		if check == nil {
			return nil
		}
		return check(c)
	})
}

// Verified is what a backup was found to be.
type Verified struct {
	Restored
	Tables int   `json:"tables"`
	Rows   int64 `json:"rows"` // in the snapshot
}

// Verify restores into a directory that is gone afterwards, encrypted with a key that
// nobody keeps, and compares: the snapshot with what its manifest says of every
// table, and the database after the log with the rules of its own.
func (o Restore) Verify(ctx context.Context) (v Verified, err error) {
	key := make([]byte, sqlite.KeySize)
	rand.Read(key)
	dir, err := os.MkdirTemp("", "loam-verify-*")
	if err != nil {
		return v, fault.New(fault.BackupTarget, "there is no room to restore into; point TMPDIR at a directory with some").Because(err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "verify.db")
	v.Restored, err = o.write(ctx, path, key, func(id SnapshotID) error {
		m, err := readManifest(ctx, o.Target, newSealing(o.Vault), id)
		if err != nil {
			return err
		}
		return sound(ctx, path, key, func(c store.Conn) error {
			is, err := tablesOf(ctx, c)
			if err != nil {
				return err
			}
			v.Tables = len(is)
			for _, t := range is {
				v.Rows += t.Rows
			}
			if wrong := differences(m.Tables, is); len(wrong) > 0 {
				return fault.New(fault.BackupDamaged, "%s does not hold what it should: %s", id, strings.Join(wrong[:min(len(wrong), 5)], "; "))
			}
			return nil
		})
	})
	if err != nil {
		return v, err
	}
	return v, sound(ctx, path, key, nil)
}

func isFault(err error) (*fault.Error, bool) { return errors.AsType[*fault.Error](err) }
