package sqlite

import (
	"encoding/hex"
	"fmt"
	"io"
	"os"

	"github.com/ncruces/go-sqlite3/vfs"
	"github.com/ncruces/go-sqlite3/vfs/adiantum"
)

// blockSize is what the VFS encrypts at once: a block's place in its file is part
// of the encryption, so that the database and its log are decrypted block by block.
const blockSize = 4096

// blocks are a database file, or its log, as SQLite sees them: decrypted. They are
// for one goroutine.
type blocks struct {
	file   *os.File
	cipher vfs.File // the encrypting VFS over memory; nil: the file is plain
	memory *memory
}

func newBlocks(file *os.File, key []byte) (*blocks, error) {
	b := &blocks{file: file}
	if key == nil {
		return b, nil
	}
	b.memory = &memory{}
	var err error
	if b.cipher, _, err = adiantum.Wrap(b.memory, nil).(vfs.VFSFilename).OpenFilename(nil, vfs.OPEN_TEMP_DB); err == nil {
		_, err = b.cipher.(vfs.FilePragma).Pragma("hexkey", hex.EncodeToString(key))
	}
	if err != nil {
		return nil, fmt.Errorf("sqlite: the cipher: %w", err)
	}
	return b, nil
}

// raw reads the blocks that hold a stretch of the file, as they are on the disk. What
// is behind the file's end is left out.
func (b *blocks) raw(from, to int64) (data []byte, at int64, err error) {
	at = from &^ (blockSize - 1)
	data = make([]byte, (to+blockSize-1)&^(blockSize-1)-at)
	n, err := b.file.ReadAt(data, at)
	if err == io.EOF {
		err = nil
	}
	return data[:n], at, err
}

// open decrypts whole blocks where they stand; at is the place of the first.
func (b *blocks) open(data []byte, at int64) error {
	return b.within(data, at, func(whole []byte) (int, error) { return b.cipher.ReadAt(whole, at) })
}

// seal encrypts whole blocks where they stand.
func (b *blocks) seal(data []byte, at int64) error {
	return b.within(data, at, func(whole []byte) (int, error) { return b.cipher.WriteAt(whole, at) })
}

// within has the VFS read from data, and write to it, as if it were a file's at a place.
func (b *blocks) within(data []byte, at int64, do func([]byte) (int, error)) error {
	whole := data[:len(data)&^(blockSize-1)]
	if b.cipher == nil || len(whole) == 0 {
		return nil
	}
	b.memory.data, b.memory.at = whole, at
	_, err := do(whole)
	b.memory.data = nil
	return err
}

// memory is a stretch of a file, for the VFS that encrypts. It is the VFS, too, whose
// only file it is.
type memory struct {
	data []byte
	at   int64
}

// Open opens the only file.
func (m *memory) Open(string, vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	return m, vfs.OPEN_TEMP_DB, nil
}

// ReadAt reads a block.
func (m *memory) ReadAt(p []byte, at int64) (int, error) {
	if at -= m.at; at < 0 || at >= int64(len(m.data)) {
		return 0, io.EOF
	}
	return copy(p, m.data[at:]), nil
}

// WriteAt writes one.
func (m *memory) WriteAt(p []byte, at int64) (int, error) {
	if at -= m.at; at < 0 || at >= int64(len(m.data)) {
		return 0, io.ErrShortWrite
	}
	return copy(m.data[at:], p), nil
}

// The rest of a file and of a VFS is not asked for.

func (*memory) Delete(string, bool) error                       { return nil }
func (*memory) Access(string, vfs.AccessFlag) (bool, error)     { return false, nil }
func (*memory) FullPathname(name string) (string, error)        { return name, nil }
func (*memory) Close() error                                    { return nil }
func (*memory) Truncate(int64) error                            { return nil }
func (*memory) Sync(vfs.SyncFlag) error                         { return nil }
func (m *memory) Size() (int64, error)                          { return m.at + int64(len(m.data)), nil }
func (*memory) Lock(vfs.LockLevel) error                        { return nil }
func (*memory) Unlock(vfs.LockLevel) error                      { return nil }
func (*memory) CheckReservedLock() (bool, error)                { return false, nil }
func (*memory) SectorSize() int                                 { return blockSize }
func (*memory) DeviceCharacteristics() vfs.DeviceCharacteristic { return 0 }

// read is the plain form of a stretch of the file; it is shorter at the file's end.
func (b *blocks) read(from, to int64) ([]byte, error) {
	data, at, err := b.raw(from, to)
	if err != nil {
		return nil, err
	}
	if err := b.open(data, at); err != nil {
		return nil, err
	}
	skip := from - at
	if int64(len(data)) <= skip {
		return nil, nil
	}
	return data[skip:min(int64(len(data)), to-at)], nil
}
