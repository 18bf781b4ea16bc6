package backup

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/loam-dev/loam/internal/fault"
)

// Target is where backups are kept. Names have slashes.
type Target interface {
	// Put keeps what write writes under a name, whole or not at all, and on the disk
	// when it returns.
	Put(ctx context.Context, name string, write func(io.Writer) error) error
	Open(ctx context.Context, name string) (io.ReadCloser, error)
	// List returns what is below a directory, by name.
	List(ctx context.Context, dir string) ([]Object, error)
	Delete(ctx context.Context, name string) error
	String() string
}

// Object is a file of a target.
type Object struct {
	Name string
	Size int64
}

// Directory is a target on a disk of this machine, or one that is mounted.
type Directory string

// draft begins the name of a file that is being written.
const draft = ".draft-"

// OpenTarget finds a target by what loam.yaml and the command line call it.
func OpenTarget(text string) (Target, error) {
	switch scheme, _, found := strings.Cut(text, "://"); {
	case found && scheme == "s3":
		return openBucket(text)
	case found:
		return nil, fault.New(fault.BackupTarget, "backups can't be kept at %s://; name a directory, or s3://BUCKET/PREFIX", scheme)
	}
	dir, err := filepath.Abs(text)
	if err != nil {
		return nil, fault.New(fault.BackupTarget, "%s is no directory", text).Because(err)
	}
	return Directory(dir), nil
}

// String is the directory's path.
func (d Directory) String() string { return string(d) }

func (d Directory) path(name string) string {
	return filepath.Join(string(d), filepath.FromSlash(name))
}

// Put writes a draft and gives it its name once it is on the disk.
func (d Directory) Put(ctx context.Context, name string, write func(io.Writer) error) (err error) {
	at := d.path(name)
	dir := filepath.Dir(at)
	if err := d.makeDir(dir); err != nil {
		return d.unwritable(err)
	}
	f, err := os.CreateTemp(dir, draft+"*") // mode 0600
	if err != nil {
		return d.unwritable(err)
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	out := &outlet{ctx: ctx, w: f}
	if err := write(out); err != nil {
		if out.failed != nil {
			return d.unwritable(out.failed)
		}
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return d.unwritable(err)
	}
	if err := os.Rename(f.Name(), at); err != nil {
		return d.unwritable(err)
	}
	if err := syncDir(dir); err != nil {
		return d.unwritable(err)
	}
	return nil
}

// makeDir makes a directory that lasts, with those above it.
func (d Directory) makeDir(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for at := filepath.Dir(dir); ; at = filepath.Dir(at) {
		if err := syncDir(at); err != nil {
			return err
		}
		if at == string(d) || at == filepath.Dir(at) {
			return nil
		}
	}
}

// outlet tells an error of the target from one of what is written, and ends with ctx.
type outlet struct {
	ctx    context.Context
	w      io.Writer
	failed error
}

func (o *outlet) Write(b []byte) (int, error) {
	if err := o.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := o.w.Write(b)
	if err != nil {
		o.failed = err
	}
	return n, err
}

// Open opens a file.
func (d Directory) Open(_ context.Context, name string) (io.ReadCloser, error) {
	f, err := os.Open(d.path(name))
	if err != nil {
		return nil, d.unreadable(err)
	}
	return f, nil
}

// List walks a directory. What begins with a dot is none of ours, or not yet.
func (d Directory) List(ctx context.Context, dir string) ([]Object, error) {
	var all []Object
	err := filepath.WalkDir(d.path(dir), func(at string, e fs.DirEntry, err error) error {
		switch {
		case err != nil && errors.Is(err, fs.ErrNotExist):
			return nil // nothing is there yet, or it was pruned meanwhile
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case !e.Type().IsRegular() || strings.HasPrefix(e.Name(), "."):
			return nil
		}
		name, err := filepath.Rel(string(d), at)
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil {
			all = append(all, Object{filepath.ToSlash(name), info.Size()})
		}
		return nil
	})
	if err != nil {
		return nil, d.unreadable(err)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name })
	return all, nil
}

// Delete removes a file, and a directory of the log that is empty then.
func (d Directory) Delete(_ context.Context, name string) error {
	if err := os.Remove(d.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return d.unwritable(err)
	}
	if dir := path.Dir(name); strings.HasPrefix(dir, logDir+"/") {
		_ = os.Remove(d.path(dir)) // fails where it is not empty
	}
	return nil
}

// sweep removes drafts that a process left which was killed before a moment.
func (d Directory) sweep(before time.Time) error {
	err := filepath.WalkDir(string(d), func(at string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasPrefix(e.Name(), draft) {
			return err
		}
		info, err := e.Info()
		if err == nil && info.ModTime().Before(before) {
			err = os.Remove(at)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil // another has finished or swept it
		}
		return err
	})
	if err != nil {
		return d.unwritable(err)
	}
	return nil
}

func (d Directory) unwritable(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fault.New(fault.BackupTarget, "backups can't be written to %s; give the user that runs Loam the right to, or make room there", d).Because(err)
}

func (d Directory) unreadable(err error) error {
	return fault.New(fault.BackupTarget, "the backups in %s can't be read; check that the directory is there and readable", d).Because(err)
}

// syncDir puts a directory's entries on the disk.
func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return nil // one above that we may not read was there before us
	}
	defer f.Close()
	if err := f.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, fs.ErrInvalid) {
		return err
	}
	return nil
}
