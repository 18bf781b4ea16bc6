package vault

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/loam-dev/loam/internal/fault"
)

// FromFile reads a master key from a file that holds it as Parse takes it. A
// file that others may read is refused.
func FromFile(path string) (*Vault, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.VaultNoKey, "the key file %s does not exist", path)
	}
	if err != nil {
		return nil, unreadable(path, err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, unreadable(path, err)
	}
	if info.Mode().Perm()&0o007 != 0 {
		return nil, fault.New(fault.VaultKeyFile, "every user of this machine may read the key file %s: run `chmod 600` on it", path)
	}
	text, err := io.ReadAll(io.LimitReader(file, 4*maxKeySize))
	if err != nil {
		return nil, unreadable(path, err)
	}
	return Parse(string(text))
}

// FromOrNewFile reads the key file, or makes it with a new random key and mode
// 0600 where there is none: for development, where nobody keeps a key. Of
// several processes that start at once, one makes the file and all read it.
func FromOrNewFile(path string) (*Vault, error) {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		if err := makeFile(path); err != nil {
			return nil, fault.New(fault.VaultKeyFile, "the key file %s can't be made: check that the directory can be written", path).Because(err)
		}
	}
	return FromFile(path)
}

// makeFile puts a new key in place by a link, so that the file appears whole
// and never replaces one.
func makeFile(path string) (err error) {
	draft, err := os.CreateTemp(filepath.Dir(path), ".key-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(draft.Name())) }()
	key := make([]byte, KeySize)
	rand.Read(key)
	_, err = fmt.Fprintln(draft, base64.StdEncoding.EncodeToString(key))
	if err = errors.Join(err, draft.Sync(), draft.Close()); err != nil {
		return err
	}
	if err := os.Link(draft.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDirectory(filepath.Dir(path))
}

// syncDirectory makes a new name last through a power failure.
func syncDirectory(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func unreadable(path string, err error) error {
	return fault.New(fault.VaultKeyFile, "the key file %s can't be read: check its owner and mode", path).Because(err)
}
