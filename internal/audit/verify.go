package audit

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// Report is what Verify found in a log that is whole.
type Report struct {
	Records int64  `json:"records"`
	Since   string `json:"since"` // the time of the first record
	Head    string `json:"head"`  // "<number>:<hash>" of the newest record, to keep elsewhere
}

// Verify walks the whole log, and fails with fault.AuditBroken that names the
// first record which was changed, removed, moved or cut off. Known is the Head
// of an earlier report, or "": the log must still hold that record. It alone
// tells a database that was replaced by an older copy of itself.
func (l *Log) Verify(ctx context.Context, known string) (Report, error) {
	seq, hash, err := parseHead(known)
	if err != nil {
		return Report{}, err
	}
	var report Report
	err = l.engine.Read(ctx, func(c store.Conn) error {
		w := walk{last: record{hash: origin()}}
		met := known == ""
		if err := c.Query(selectRecord+`ORDER BY "seq"`, nil, func(row store.Row) error {
			r := scanRecord(row)
			met = met || r.seq == seq && bytes.Equal(r.hash, hash)
			return w.step(&r)
		}); err != nil {
			return err
		}
		h, found, err := readHead(c)
		if err != nil {
			return err
		}
		if err := l.checkEnd(w.last, h, found); err != nil {
			return err
		}
		if !met {
			return damaged("record %d is not the one that you know: the log was replaced by another or an older one", seq)
		}
		report = Report{Records: w.last.seq, Since: w.since, Head: fmt.Sprintf("%d:%x", w.last.seq, w.last.hash)}
		return nil
	})
	return report, wrap("verifying", err)
}

// walk goes along the chain.
type walk struct {
	last  record
	since string
}

// step checks that a record is whole and follows from the last.
func (w *walk) step(r *record) error {
	next := w.last.seq + 1
	switch whole := bytes.Equal(r.sum(), r.hash); {
	case r.seq != next:
		return damaged("record %d is missing", next)
	case !whole:
		return damaged("record %d of %s was changed", r.seq, r.at)
	case !bytes.Equal(r.prev, w.last.hash) && r.seq == 1:
		return damaged("record 1 is not the first one: those before it were removed")
	case !bytes.Equal(r.prev, w.last.hash):
		return damaged("record %d was replaced: record %d does not follow from it", w.last.seq, r.seq)
	case r.action == broken:
		return damaged("before record %d of %s the end of the log was changed: records may be missing there", r.seq, r.at)
	}
	if r.seq == 1 {
		w.since = r.at
	}
	w.last = *r
	return nil
}

// checkEnd checks that nothing is missing behind the last record.
func (l *Log) checkEnd(last record, h head, found bool) error {
	switch {
	case !found && last.seq == 0:
		return nil
	case !found:
		return damaged("the head is missing: records after %d may be, too", last.seq)
	case !l.genuine(h):
		return damaged("the head was changed: records after %d may be missing", last.seq)
	case h.seq > last.seq:
		return damaged("record %d is missing, and those after it to %d: the log was cut off", last.seq+1, h.seq)
	case h.seq < last.seq:
		return damaged("record %d was added by somebody else", h.seq+1)
	case !bytes.Equal(h.hash, last.hash):
		return damaged("record %d was replaced", last.seq)
	}
	return nil
}

func readHead(c store.Conn) (h head, found bool, err error) {
	err = c.Query(`SELECT "seq", "hash", "mac" FROM "_audit_head" WHERE "id" = 1`, nil, func(row store.Row) error {
		found, h = true, head{row.Int(0), bytes.Clone(row.Bytes(1)), bytes.Clone(row.Bytes(2))}
		return nil
	})
	return h, found, err
}

func parseHead(text string) (seq int64, hash []byte, err error) {
	if text == "" {
		return 0, nil, nil
	}
	number, digest, _ := strings.Cut(text, ":")
	seq, err = strconv.ParseInt(number, 10, 64)
	if err == nil {
		hash, err = hex.DecodeString(digest)
	}
	if err != nil || len(hash) == 0 {
		return 0, nil, fault.New(fault.AuditBadFilter, "%q is no head of an audit log; give <number>:<hash>, as `loam audit verify` printed it", text)
	}
	return seq, hash, nil
}

func damaged(format string, args ...any) *fault.Error {
	return fault.New(fault.AuditBroken, format, args...)
}
