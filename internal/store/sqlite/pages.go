package sqlite

import (
	"encoding/binary"
	"io"
	"os"

	"lukechampine.com/adiantum"
	"lukechampine.com/adiantum/hbsh"
)

// blockSize is what the VFS encrypts at once: a block's place in its file is part
// of the encryption, so that the database and its log are decrypted block by block.
const blockSize = 4096

// blocks are a database file, or its log, as SQLite sees them: decrypted. They are
// for one goroutine.
type blocks struct {
	file   *os.File
	cipher *hbsh.HBSH // nil: the file is plain
}

func newBlocks(file *os.File, key []byte) *blocks {
	b := &blocks{file: file}
	if key != nil {
		b.cipher = adiantum.New(key)
	}
	return b
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
func (b *blocks) open(data []byte, at int64) {
	b.each(data, at, func(block, tweak []byte) { b.cipher.Decrypt(block, tweak) })
}

// seal encrypts whole blocks where they stand.
func (b *blocks) seal(data []byte, at int64) {
	b.each(data, at, func(block, tweak []byte) { b.cipher.Encrypt(block, tweak) })
}

func (b *blocks) each(data []byte, at int64, do func(block, tweak []byte)) {
	if b.cipher == nil {
		return
	}
	var tweak [8]byte
	for len(data) >= blockSize {
		binary.LittleEndian.PutUint64(tweak[:], uint64(at))
		do(data[:blockSize:blockSize], tweak[:])
		data, at = data[blockSize:], at+blockSize
	}
}

// read is the plain form of a stretch of the file; it is shorter at the file's end.
func (b *blocks) read(from, to int64) ([]byte, error) {
	data, at, err := b.raw(from, to)
	if err != nil {
		return nil, err
	}
	b.open(data, at)
	skip := from - at
	if int64(len(data)) <= skip {
		return nil, nil
	}
	return data[skip:min(int64(len(data)), to-at)], nil
}
