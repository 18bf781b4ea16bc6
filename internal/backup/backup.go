// Package backup makes backups of a database and gives them back: whole snapshots,
// and for the embedded database the log of what each commit changed, so that any
// moment can be restored. All that it writes is sealed with the master key; nothing
// of a database is on a disk in clear.
//
// It knows pages, tables and files and nothing of models. There are no uploaded
// files yet: a snapshot is the database.
package backup

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/vault"
)

// format is the number of the form in which backups are written. A later one is refused.
const format = 1

// The limits of backups.
const (
	feedBytes     = 64 << 20        // of commits that wait to be taken from the engine
	waitingBytes  = 64 << 20        // of sealed commits that wait for a target that fails
	segmentBytes  = 16 << 20        // of pages in one segment of the log; a single commit may be larger
	mergeBytes    = 8 << 20         // of sealed segments that are put together; what has half of it stays as it is
	mergeLeast    = 16              // segments that are put together
	mergeAge      = 5 * time.Minute // of their last commit
	mergeSoon     = 5 * time.Minute // before a server does so first,
	mergeEvery    = time.Hour       // and then
	headBytes     = 64 << 10        // of what a sealed file begins with
	manifestBytes = 16 << 20        // of a manifest
	maxPage       = 64 << 10        // of a page; SQLite's own limit
	chunkPages    = 64              // that are read and sealed at once
	windowBytes   = 4 << 20         // within which compression finds repetitions
	shipEvery     = time.Second / 2 // the longest that a commit waits before it is shipped
	retryLeast    = time.Second     // before a failed shipment is tried again,
	retryMost     = 30 * time.Second
	snapshotRetry = time.Minute // before a failed snapshot is
	lastShipment  = 5 * time.Second
	beginWithin   = 10 * time.Second // a server waits for its target to tell where the log ended; then it begins another
	draftsFor     = 48 * time.Hour   // that one who was killed has left; a snapshot takes less
)

// Options are what a server makes backups with.
type Options struct {
	Target    Target
	Vault     *vault.Vault
	Every     time.Duration // from one snapshot to the next
	Retention time.Duration // how far back a moment can be restored
	Describe  Describe
	Log       *slog.Logger
	Now       func() time.Time
}

// Progress is told how many bytes of a database are done, of how many.
type Progress func(done, all int64)

// sealing seals files with a key of the vault's. Each has a key of its own, which is
// sealed in its head: that is the format of age, which finds a changed, a moved and
// a missing byte.
type sealing struct{ keys *vault.Sealer }

func newSealing(v *vault.Vault) sealing { return sealing{v.Sealer("backup")} }

// stanza names the kind of key in the head of a sealed file.
const stanza = "loam-master-key"

// Wrap implements age.Recipient.
func (s sealing) Wrap(key []byte) ([]*age.Stanza, error) {
	return []*age.Stanza{{Type: stanza, Body: s.keys.Seal(key, stanza)}}, nil
}

// Unwrap implements age.Identity.
func (s sealing) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	for _, st := range stanzas {
		if st.Type != stanza {
			continue
		}
		if key, err := s.keys.Open(st.Body, stanza); err == nil {
			return key, nil
		}
	}
	return nil, age.ErrIncorrectIdentity
}

// sealer seals one file after the other; it is for one goroutine.
type sealer struct {
	sealing
	zip *zstd.Encoder
}

func newSealer(v *vault.Vault) (*sealer, error) {
	zip, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(windowBytes), zstd.WithLowerEncoderMem(true))
	return &sealer{newSealing(v), zip}, err
}

// seal has write write a file, which goes to w compressed and sealed.
func (s *sealer) seal(w io.Writer, write func(io.Writer) error) error {
	sealed, err := age.Encrypt(w, s.sealing)
	if err != nil {
		return fmt.Errorf("sealing a backup: %w", err)
	}
	s.zip.Reset(sealed)
	if err := write(s.zip); err != nil {
		return err
	}
	if err := s.zip.Close(); err != nil {
		return err
	}
	return sealed.Close()
}

// opened is a sealed file that is read.
type opened struct {
	io.Reader
	zip *zstd.Decoder
}

// open reads a sealed file. Its errors are damaged's.
func (s sealing) open(name string, r io.Reader) (*opened, error) {
	plain, err := age.Decrypt(r, s)
	if err != nil {
		if _, wrong := errors.AsType[*age.NoIdentityMatchError](err); wrong {
			return nil, fault.New(fault.BackupKey, "%s was sealed with another master key; give the one that the server had then", name).Because(err)
		}
		return nil, damaged(name, err)
	}
	zip, err := zstd.NewReader(plain, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(windowBytes), zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, damaged(name, err)
	}
	return &opened{zip, zip}, nil
}

// end reads on to the end of the file: it is whole only once that was seen.
func (o *opened) end() error {
	n, err := io.Copy(io.Discard, io.LimitReader(o.zip, 1))
	if err == nil && n > 0 {
		return fmt.Errorf("it goes on behind its end")
	}
	return err
}

func (o *opened) close() { o.zip.Close() }

// damaged is the error of a file that is not what was written.
func damaged(name string, err error) error {
	return fault.New(fault.BackupDamaged, "%s is damaged: it was cut short or changed since it was written", name).Because(err)
}

// newID names a log that begins.
func newID() string {
	b := make([]byte, 6)
	rand.Read(b)
	return hex.EncodeToString(b)
}
