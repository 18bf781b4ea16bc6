package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"

	"github.com/loam-dev/loam/internal/store"
)

// record is a row of the log.
type record struct {
	seq                                           int64
	at, action, outcome, org, actor, impersonator string
	target, address, agent, request, details      string
	prev, hash                                    []byte
}

// Two actions are the log's own.
const (
	started = "audit.started" // the first record
	broken  = "audit.broken"  // the server found the head not to be its own
)

// chainForm is what a hash begins with. Another encoding gets another.
const chainForm = "loam audit record 1"

// sum is the hash of a record: SHA-256 over every field and the hash of the
// record before, each with its length in front, so that no two records share an
// encoding.
func (r *record) sum() []byte {
	h := sha256.New()
	var number [8]byte
	part := func(b []byte) {
		binary.BigEndian.PutUint64(number[:], uint64(len(b)))
		h.Write(number[:])
		h.Write(b)
	}
	part([]byte(chainForm))
	part(r.prev)
	part(binary.BigEndian.AppendUint64(nil, uint64(r.seq)))
	for _, text := range []string{r.at, r.action, r.outcome, r.org, r.actor, r.impersonator,
		r.target, r.address, r.agent, r.request, r.details} {
		part([]byte(text))
	}
	return h.Sum(nil)
}

// head is the newest record, vouched for by a key that is not in the database:
// who cuts the log's end off can't make a head that fits.
type head struct {
	seq       int64
	hash, mac []byte
}

func (l *Log) vouch(seq int64, hash []byte) []byte {
	return l.mac.Sum(binary.BigEndian.AppendUint64(nil, uint64(seq)), hash)
}

func (l *Log) genuine(h head) bool {
	return l.mac.Check(h.mac, binary.BigEndian.AppendUint64(nil, uint64(h.seq)), h.hash)
}

// extend chains a record to the log. Where the head is not one of ours, a record
// that says so comes first: the log goes on, and tells of it for good.
func (l *Log) extend(c store.Conn, r record) error {
	h, err := l.take(c)
	if err != nil {
		return err
	}
	if !l.genuine(h) {
		if h, err = end(c, h); err != nil {
			return err
		}
		mark := record{at: r.at, action: started, outcome: Success, actor: System, details: "{}"}
		if h.seq > 0 {
			mark.action, mark.outcome = broken, Failure
		}
		if h, err = l.chain(c, h, mark); err != nil {
			return err
		}
	}
	h, err = l.chain(c, h, r)
	if err != nil {
		return err
	}
	_, err = c.Exec(`UPDATE "_audit_head" SET "seq" = ?1, "hash" = ?2, "mac" = ?3 WHERE "id" = 1`, h.seq, h.hash, h.mac)
	return err
}

// take reads the head by an UPDATE, which makes every other writer wait until
// the transaction ends, on every engine. The first writer of all makes one
// without a proof.
func (l *Log) take(c store.Conn) (h head, err error) {
	const lock = `UPDATE "_audit_head" SET "seq" = "seq" WHERE "id" = 1 RETURNING "seq", "hash", "mac"`
	found := false
	scan := func(row store.Row) error {
		found, h = true, head{row.Int(0), bytes.Clone(row.Bytes(1)), bytes.Clone(row.Bytes(2))}
		return nil
	}
	if err = c.Query(lock, nil, scan); err != nil || found {
		return h, err
	}
	if _, err = c.Exec(`INSERT INTO "_audit_head" ("id", "seq", "hash", "mac") VALUES (1, 0, ?1, ?1) ON CONFLICT ("id") DO NOTHING`, origin()); err != nil {
		return h, err
	}
	return h, c.Query(lock, nil, scan)
}

// origin is what the first record has for the hash of the one before.
func origin() []byte { return make([]byte, sha256.Size) }

// end is where to go on from a head that is not ours: the log's last record, so
// that the log can go on at all.
func end(c store.Conn, h head) (head, error) {
	err := c.Query(`SELECT "seq", "hash" FROM "_audit" ORDER BY "seq" DESC LIMIT 1`, nil, func(row store.Row) error {
		if row.Int(0) >= h.seq {
			h = head{seq: row.Int(0), hash: bytes.Clone(row.Bytes(1))}
		}
		return nil
	})
	if h.seq == 0 {
		h.hash = origin()
	}
	return h, err
}

// chain stores a record after the head and returns the head that it makes.
func (l *Log) chain(c store.Conn, after head, r record) (head, error) {
	r.seq, r.prev = after.seq+1, after.hash
	r.hash = r.sum()
	_, err := c.Exec(`INSERT INTO "_audit" ("seq", "at", "action", "outcome", "org", "actor", "impersonator",
		"target", "address", "agent", "request", "details", "prev", "hash")
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)`,
		r.seq, r.at, r.action, r.outcome, r.org, r.actor, r.impersonator,
		r.target, r.address, r.agent, r.request, r.details, r.prev, r.hash)
	return head{r.seq, r.hash, l.vouch(r.seq, r.hash)}, err
}

const selectRecord = `SELECT "seq", "at", "action", "outcome", "org", "actor", "impersonator",
	"target", "address", "agent", "request", "details", "prev", "hash" FROM "_audit" `

func scanRecord(r store.Row) record {
	return record{
		seq: r.Int(0), at: r.Text(1), action: r.Text(2), outcome: r.Text(3), org: r.Text(4), actor: r.Text(5), impersonator: r.Text(6),
		target: r.Text(7), address: r.Text(8), agent: r.Text(9), request: r.Text(10), details: r.Text(11),
		prev: bytes.Clone(r.Bytes(12)), hash: bytes.Clone(r.Bytes(13)),
	}
}
