package backup

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/loam-dev/loam/internal/store/sqlite"
)

// segmentHead begins the content of a stretch of the log. After it come the commits:
// time, pages in the file, number of changed pages, and these with their numbers.
type segmentHead struct {
	Format   int             `json:"format"`
	Log      string          `json:"log"`
	First    int64           `json:"first"`
	Last     int64           `json:"last"`
	PageSize int             `json:"pageSize"`
	After    sqlite.Position `json:"after"` // where the engine's own log was
}

// writeSegment writes commits of one page size.
func writeSegment(w io.Writer, id segmentID, commits []sqlite.Commit) error {
	last := commits[len(commits)-1]
	head, err := json.Marshal(segmentHead{Format: format, Log: id.Log, First: id.First, Last: id.Last, PageSize: last.PageSize, After: last.After})
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 64<<10)
	out.Write(append(head, '\n'))
	for _, c := range commits {
		var b []byte
		b = binary.BigEndian.AppendUint64(b, uint64(c.At.UnixMilli()))
		b = binary.BigEndian.AppendUint32(b, c.Pages)
		b = binary.BigEndian.AppendUint32(b, uint32(len(c.Changed)))
		out.Write(b)
		for number, page := range c.Changed {
			out.Write(binary.BigEndian.AppendUint32(b[:0], number))
			out.Write(page)
		}
	}
	return out.Flush()
}

// readSegmentHead reads where the engine's log was at the end of a segment.
func readSegmentHead(ctx context.Context, t Target, s sealing, id segmentID) (head segmentHead, err error) {
	name := id.name()
	err = readSealed(ctx, t, s, name, func(plain io.Reader) error {
		r := bufio.NewReaderSize(plain, 4<<10)
		if err := checkHead(r, id, &head); err != nil {
			return err
		}
		_, err := io.Copy(io.Discard, r)
		return err
	})
	return head, err
}

func checkHead(r *bufio.Reader, id segmentID, head *segmentHead) error {
	if err := readHead(r, head); err != nil {
		return err
	}
	switch {
	case head.Format != format:
		return newer(id.name(), head.Format)
	case head.Log != id.Log || head.First != id.First || head.Last != id.Last:
		return fmt.Errorf("it is commits %d to %d of the log %s", head.First, head.Last, head.Log)
	case head.PageSize < 512 || head.PageSize > maxPage:
		return fmt.Errorf("it has pages of %d bytes", head.PageSize)
	}
	return nil
}

// applied is how far a log was applied.
type applied struct {
	next int64     // the number of the commit that comes next
	at   time.Time // of the last one
}

// applySegment applies the commits of a segment that come next, and that were made at a
// time or before it. It may be of no use to look further then: done.
func applySegment(ctx context.Context, t Target, s sealing, id segmentID, until time.Time, to *pages, so *applied) (done bool, err error) {
	err = readSealed(ctx, t, s, id.name(), func(plain io.Reader) error {
		r := bufio.NewReaderSize(plain, 64<<10)
		var head segmentHead
		if err := checkHead(r, id, &head); err != nil {
			return err
		}
		if head.PageSize != to.size {
			return fmt.Errorf("it has pages of %d bytes, and the snapshot of %d", head.PageSize, to.size)
		}
		page := make([]byte, head.PageSize)
		for n := head.First; n <= head.Last; n++ {
			if err := ctx.Err(); err != nil {
				return err
			}
			var b [16]byte
			if _, err := io.ReadFull(r, b[:]); err != nil {
				return err
			}
			at := time.UnixMilli(int64(binary.BigEndian.Uint64(b[:])))
			done = done || at.After(until)
			take := !done && n == so.next
			for range binary.BigEndian.Uint32(b[12:]) {
				var number [4]byte
				if _, err := io.ReadFull(r, number[:]); err != nil {
					return err
				}
				if _, err := io.ReadFull(r, page); err != nil {
					return err
				}
				if !take {
					continue
				}
				if err := to.put(binary.BigEndian.Uint32(number[:]), page); err != nil {
					return err
				}
			}
			if take {
				to.pages, so.next, so.at = binary.BigEndian.Uint32(b[8:]), n+1, at
			}
		}
		if _, err := r.ReadByte(); err != io.EOF {
			return fmt.Errorf("it goes on behind its last commit")
		}
		return nil
	})
	return done, err
}
