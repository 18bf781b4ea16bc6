package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Place is where a database is or will be, held so that no process opens it.
type Place struct {
	file *file
	lock *os.File
}

// Hold holds the place of a database until Close; where another process has the
// database open it is refused with store/held.
func Hold(ctx context.Context, path string) (*Place, error) {
	f, err := newFile(Options{Path: path}, defaultLimits())
	if err != nil {
		return nil, err
	}
	if err := f.prepareDir(); err != nil {
		return nil, err
	}
	lock, err := f.hold(ctx)
	if err != nil {
		return nil, err
	}
	p := &Place{file: f, lock: lock}
	if _, err := f.finishInstall(); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, p.discard()
}

// Close lets go of the place, and removes a draft that was not installed.
func (p *Place) Close() error { return errors.Join(p.discard(), releaseFile(p.lock)) }

// Taken tells whether there is a database.
func (p *Place) Taken() bool {
	_, err := os.Lstat(p.file.path)
	return !errors.Is(err, fs.ErrNotExist)
}

// Draft is where to write the database that is to be installed.
func (p *Place) Draft() string { return p.file.path + "-draft" }

// The files that SQLite and an engine keep beside a database.
var besides = []string{"-wal", "-shm", "-journal", "-lock"}

func (p *Place) discard() error {
	var all error
	for _, suffix := range append([]string{""}, besides...) {
		if err := os.Remove(p.Draft() + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			all = errors.Join(all, err)
		}
	}
	return all
}

// Install puts the draft, which is synced and closed, in the database's place. What was
// there is kept beside it, under the name that is returned; "" where there was nothing.
// A process that dies on the way leaves the old database or the new one, whole.
func (p *Place) Install() (kept string, err error) {
	if err := os.Rename(p.Draft(), p.file.path+installing); err != nil {
		return "", unwritable(p.file.path, err)
	}
	if err := syncDir(filepath.Dir(p.file.path)); err != nil {
		return "", err
	}
	return p.file.finishInstall()
}

// installing is the suffix of a database that is whole and takes its place next: once
// it is there, the old one is not opened again.
const installing = "-new"

// finishInstall does what is left to do of Install, however often it was begun. The old
// log goes first: it must never be read as the new database's.
func (f *file) finishInstall() (kept string, err error) {
	info, err := os.Lstat(f.path + installing)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", unwritable(f.path, err)
	}
	stamp := info.ModTime().UTC().Format("20060102T150405Z")
	old := fmt.Sprintf("%s.replaced-%s", f.path, stamp)
	for _, suffix := range []string{"-wal", "-journal", ""} {
		err := os.Rename(f.path+suffix, old+suffix)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", unwritable(f.path, err)
		}
	}
	if err := os.Remove(f.path + "-shm"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", unwritable(f.path, err)
	}
	if err := syncDir(filepath.Dir(f.path)); err != nil {
		return "", err
	}
	if err := os.Rename(f.path+installing, f.path); err != nil {
		return "", unwritable(f.path, err)
	}
	if _, err := os.Lstat(old); err == nil {
		kept = old
	}
	return kept, syncDir(filepath.Dir(f.path))
}

func draftOf(file *os.File, key []byte) (*Draft, error) {
	b, err := newBlocks(file, key)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &Draft{b}, nil
}

// Draft is a database file that is written page by page.
type Draft struct{ blocks *blocks }

// NewDraft makes the file, encrypted with a key or plain without.
func NewDraft(path string, key []byte) (*Draft, error) {
	if key != nil && len(key) != KeySize {
		return nil, fmt.Errorf("sqlite: the key has %d bytes, not %d", len(key), KeySize)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, unwritable(path, err)
	}
	return draftOf(file, key)
}

// OpenDraft opens a finished file again, to write on.
func OpenDraft(path string, key []byte) (*Draft, error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0o600)
	if err != nil {
		return nil, unwritable(path, err)
	}
	return draftOf(file, key)
}

// Write puts pages from one on, counted from 1; the data is overwritten.
func (d *Draft) Write(first uint32, pageSize int, data []byte) error {
	if pageSize < blockSize || len(data)%pageSize != 0 || first == 0 {
		return fmt.Errorf("sqlite: %d bytes are no pages of %d", len(data), pageSize)
	}
	at := int64(first-1) * int64(pageSize)
	if err := d.blocks.seal(data, at); err != nil {
		return err
	}
	if _, err := d.blocks.file.WriteAt(data, at); err != nil {
		return unwritable(d.blocks.file.Name(), err)
	}
	return nil
}

// Finish cuts the file to so many pages, and has it on the disk.
func (d *Draft) Finish(pages uint32, pageSize int) error {
	err := d.blocks.file.Truncate(int64(pages) * int64(pageSize))
	return errors.Join(err, d.blocks.file.Sync(), d.blocks.file.Close())
}

// Abandon closes a file that is of no use.
func (d *Draft) Abandon() { _ = d.blocks.file.Close() }
