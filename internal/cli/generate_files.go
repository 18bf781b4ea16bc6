package cli

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/sdkgen"
)

// writeClient makes a folder what a client is, and tells how many files it wrote or
// removed. Where one that somebody else made is in the way, nothing is written.
func writeClient(dir string, files []sdkgen.File) (changed int, err error) {
	old, err := clientFiles(dir)
	if err != nil {
		return 0, err
	}
	stale := make([]bool, len(files))
	for i, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		have, err := os.ReadFile(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			stale[i] = true
		case err != nil:
			return 0, unreadable(path, err)
		case !sdkgen.IsMade(have):
			return 0, fault.New(fault.CLIExists, "%s was not made by `loam generate ts`; move it, or name another folder with --out", path)
		default:
			stale[i] = !bytes.Equal(have, f.Text)
		}
	}
	for i, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		old = slices.DeleteFunc(old, func(p string) bool { return p == path })
		if stale[i] {
			if err := replaceFile(path, f.Text); err != nil {
				return changed, err
			}
			changed++
		}
	}
	for _, path := range old { // of another version of the client
		if err := os.Remove(path); err != nil {
			return changed, unwritable(path, err)
		}
		changed++
	}
	return changed, nil
}

// clientFiles are the files of a client that are in a folder.
func clientFiles(dir string) (paths []string, err error) {
	runtime := filepath.Join(dir, "runtime")
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return unreadable(path, err)
		case e.IsDir() && path != dir && path != runtime && !strings.HasPrefix(path, runtime+string(filepath.Separator)):
			return fs.SkipDir
		case e.Type().IsRegular() && isMade(path):
			paths = append(paths, path)
		}
		return nil
	})
	return paths, err
}

// isMade tells a file that loam generate ts has written.
func isMade(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, len(sdkgen.TSHeader))
	n, _ := io.ReadFull(f, head)
	return sdkgen.IsMade(head[:n])
}

// replaceFile puts a file in place whole, so that whoever watches it never reads a
// half.
func replaceFile(path string, text []byte) error {
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err != nil {
		return unwritable(path, err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".loam-*")
	if err != nil {
		return unwritable(path, err)
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return unwritable(path, errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}

func unwritable(path string, err error) error {
	return fault.New(fault.CLIFiles, "%s can't be written; check the directory and its owner", path).Because(err)
}
