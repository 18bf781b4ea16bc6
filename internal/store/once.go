package store

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/loam-dev/loam/internal/fault"
)

// Once makes a request safe to repeat: the first one with the key writes and
// keeps its answer, in the same transaction; later ones get that answer.
type Once struct {
	Caller  string // whose key it is
	Key     string // the Idempotency-Key
	Request []byte // a digest of the request

	at int64 // Unix seconds
}

const (
	findAnswer   = `SELECT request, answer FROM "_idempotency" WHERE caller=?1 AND key=?2 AND at>?3`
	keepAnswer   = `INSERT OR REPLACE INTO "_idempotency"(caller,key,request,answer,at) VALUES (?1,?2,?3,?4,?5)`
	forgetAnswer = `DELETE FROM "_idempotency" WHERE rowid IN (SELECT rowid FROM "_idempotency" WHERE at<=?1 LIMIT 100)`
)

// begin looks for an earlier answer. A nil Once never has one.
func (o *Once) begin(c Conn, now time.Time) (answer []Written, done bool, err error) {
	if o == nil {
		return nil, false, nil
	}
	horizon := now.Add(-keepAnswers).Unix()
	err = c.Query(findAnswer, []any{o.Caller, o.Key, horizon}, func(r Row) error {
		if !bytes.Equal(r.Bytes(0), o.Request) {
			return fault.New(fault.DataKeyReused, "this Idempotency-Key belongs to another request; use a new one")
		}
		done = true
		return json.Unmarshal(r.Bytes(1), &answer)
	})
	if err != nil || done {
		return answer, done, err
	}
	if _, err = c.Exec(forgetAnswer, horizon); err != nil {
		return nil, false, err
	}
	o.at = now.Unix()
	return nil, false, nil
}

// finish keeps the answer for later requests with the key.
func (o *Once) finish(c Conn, answer []Written) error {
	if o == nil {
		return nil
	}
	text, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	_, err = c.Exec(keepAnswer, o.Caller, o.Key, o.Request, text, o.at)
	return err
}
