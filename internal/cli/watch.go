package cli

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/loam-dev/loam/internal/fault"
)

// settle is how long a file must be left alone before it is read: editors write
// in several steps.
const settle = 50 * time.Millisecond

// watch tells of edits of files in a directory; an error is the last it tells.
// It watches the directory, because editors save by putting a new file in the
// place of the old one. Stop ends it.
func watch(dir string, names ...string) (edits <-chan error, stop func(), err error) {
	w, err := fsnotify.NewWatcher()
	if err == nil {
		err = w.Add(dir)
	}
	if err != nil {
		if w != nil {
			w.Close()
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil, noProject(dir)
		}
		return nil, nil, fault.New(fault.CLIFiles, "the directory %s can't be watched; check its owner, and the limit on watches of the system", dir).Because(err)
	}
	told := make(chan error, 1)
	go func() {
		quiet := time.NewTimer(settle)
		quiet.Stop()
		defer quiet.Stop()
		for {
			select {
			case event, open := <-w.Events:
				if !open {
					return
				}
				if slices.Contains(names, filepath.Base(event.Name)) {
					quiet.Reset(settle)
				}
			case err, open := <-w.Errors:
				if !open {
					return
				}
				told <- fault.New(fault.CLIFiles, "the directory %s can't be watched any more; start loam dev again", dir).Because(err)
				return
			case <-quiet.C:
				select {
				case told <- nil:
				default: // one is on its way already, and will read this edit too
				}
			}
		}
	}()
	return told, func() { w.Close() }, nil
}
