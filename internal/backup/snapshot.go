package backup

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/loam-dev/loam/internal/store/sqlite"
	"github.com/loam-dev/loam/internal/vault"
)

// snapshotHead begins a snapshot's content.
type snapshotHead struct {
	Format   int    `json:"format"`
	ID       string `json:"id"`
	PageSize int    `json:"pageSize"`
	Pages    uint32 `json:"pages"`
}

// Source makes snapshots of an embedded database.
type Source struct {
	Engine   *sqlite.Engine
	Vault    *vault.Vault
	Describe Describe
	Now      func() time.Time
	// Log names the log that a feed's commits go to, and the number of the last one
	// before the feed began; nil: there is none.
	Log func(*sqlite.Feed) (id string, before int64)
}

// Take makes a snapshot of the database as it is at one moment. Others go on reading
// and writing meanwhile.
func (s Source) Take(ctx context.Context, t Target, progress Progress) (*Manifest, error) {
	seals, err := newSealer(s.Vault)
	if err != nil {
		return nil, err
	}
	var m *Manifest
	err = s.Engine.Snapshot(ctx, s.Now, func(snap *sqlite.Snapshot) error {
		id := SnapshotID{At: snap.At.UTC().Truncate(time.Millisecond)}
		if s.Log != nil && snap.Feed != nil {
			if log, before := s.Log(snap.Feed); log != "" {
				id.Log, id.Commit = log, before+snap.Commits
			}
		}
		m = &Manifest{Format: format, ID: id.String(), At: id.At, PageSize: snap.PageSize, Pages: snap.Pages}
		if m.Description, err = s.Describe(snap.Conn); err != nil {
			return err
		}
		if err := t.Put(ctx, id.data(), func(w io.Writer) error {
			return seals.seal(w, func(w io.Writer) error { return writePages(w, m, snap, progress) })
		}); err != nil {
			return err
		}
		if m.Tables, err = tablesOf(ctx, snap.Conn); err != nil {
			return err
		}
		return putManifest(ctx, t, seals, id, m)
	})
	return m, err
}

func putManifest(ctx context.Context, t Target, seals *sealer, id SnapshotID, m *Manifest) error {
	return t.Put(ctx, id.manifest(), func(w io.Writer) error {
		return seals.seal(w, func(w io.Writer) error { return json.NewEncoder(w).Encode(m) })
	})
}

// writePages writes a head and all pages, and puts their digest into the manifest.
func writePages(w io.Writer, m *Manifest, snap *sqlite.Snapshot, progress Progress) error {
	head, err := json.Marshal(snapshotHead{Format: format, ID: m.ID, PageSize: m.PageSize, Pages: m.Pages})
	if err != nil {
		return err
	}
	if _, err := w.Write(append(head, '\n')); err != nil {
		return err
	}
	sum := sha256.New()
	all := int64(m.Pages) * int64(m.PageSize)
	done := int64(0)
	for first := uint32(1); first <= m.Pages; first += chunkPages {
		data, err := snap.Read(first, chunkPages)
		if err != nil {
			return err
		}
		sum.Write(data)
		if _, err := w.Write(data); err != nil {
			return err
		}
		done += int64(len(data))
		progress(done, all)
	}
	m.Digest = hex.EncodeToString(sum.Sum(nil))
	return nil
}

// readHead reads the line of JSON that content begins with.
func readHead(r *bufio.Reader, head any) error {
	var line bytes.Buffer
	for line.Len() < headBytes {
		b, err := r.ReadByte()
		if err != nil {
			return err
		}
		if b == '\n' {
			return json.Unmarshal(line.Bytes(), head)
		}
		line.WriteByte(b)
	}
	return fmt.Errorf("its head is longer than %d bytes", headBytes)
}

// restoreSnapshot writes a snapshot's pages into a draft.
func restoreSnapshot(ctx context.Context, t Target, s sealing, id SnapshotID, to *pages, progress Progress) error {
	m, err := readManifest(ctx, t, s, id)
	if err != nil {
		return err
	}
	name := id.data()
	return readSealed(ctx, t, s, name, func(plain io.Reader) error {
		r := bufio.NewReaderSize(plain, 64<<10)
		var head snapshotHead
		if err := readHead(r, &head); err != nil {
			return err
		}
		switch {
		case head.Format != format:
			return newer(name, head.Format)
		case head.ID != m.ID || head.Pages != m.Pages || head.PageSize != m.PageSize || head.PageSize < 512 || head.PageSize > maxPage:
			return fmt.Errorf("it is not what its manifest says")
		}
		to.size = head.PageSize
		sum := sha256.New()
		all := int64(head.Pages) * int64(head.PageSize)
		chunk := make([]byte, chunkPages*head.PageSize)
		for at := int64(0); at < all; at += int64(len(chunk)) {
			if err := ctx.Err(); err != nil {
				return err
			}
			chunk = chunk[:min(int64(len(chunk)), all-at)]
			if _, err := io.ReadFull(r, chunk); err != nil {
				return err
			}
			sum.Write(chunk)
			if err := to.put(uint32(at/int64(head.PageSize))+1, chunk); err != nil {
				return err
			}
			progress(at+int64(len(chunk)), all)
		}
		if m.Digest != hex.EncodeToString(sum.Sum(nil)) {
			return fmt.Errorf("its digest is not its manifest's")
		}
		to.pages = head.Pages
		if _, err := r.ReadByte(); err != io.EOF {
			return fmt.Errorf("it goes on behind its last page")
		}
		return nil
	})
}

// pages are a database file that is being put together.
type pages struct {
	draft *sqlite.Draft
	size  int // of a page, in bytes
	pages uint32
}

func (p *pages) put(first uint32, data []byte) error { return p.draft.Write(first, p.size, data) }

func (p *pages) finish() error { return p.draft.Finish(p.pages, p.size) }
