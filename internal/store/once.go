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
}

// The key is claimed before anything is written: who comes second waits for the
// first one's end, where the engine lets them write side by side.
const (
	claimKey = `INSERT INTO "_idempotency"(caller,key,request,answer,at) VALUES (?1,?2,?3,?4,?5)
		ON CONFLICT (caller,key) DO UPDATE SET request=excluded.request, answer=excluded.answer, at=excluded.at WHERE "_idempotency".at<=?6`
	findAnswer   = `SELECT request, answer FROM "_idempotency" WHERE caller=?1 AND key=?2`
	keepAnswer   = `UPDATE "_idempotency" SET answer=?3 WHERE caller=?1 AND key=?2`
	forgetAnswer = `DELETE FROM "_idempotency" WHERE (caller,key) IN (SELECT caller,key FROM "_idempotency" WHERE at<=?1 LIMIT 100`
)

// begin claims the key, or finds the earlier answer. A nil Once never has one.
func (o *Once) begin(c Conn, now time.Time, skip string) (answer []Written, done bool, err error) {
	if o == nil {
		return nil, false, nil
	}
	horizon := now.Add(-keepAnswers).Unix()
	claimed, err := c.Exec(claimKey, o.Caller, o.Key, o.Request, []byte{}, now.Unix(), horizon)
	if err != nil {
		return nil, false, err
	}
	if claimed > 0 {
		_, err = c.Exec(forgetAnswer+skip+")", horizon)
		return nil, false, err
	}
	err = c.Query(findAnswer, []any{o.Caller, o.Key}, func(r Row) error {
		if !bytes.Equal(r.Bytes(0), o.Request) {
			return fault.New(fault.DataKeyReused, "this Idempotency-Key belongs to another request; use a new one")
		}
		done = true
		return json.Unmarshal(r.Bytes(1), &answer)
	})
	return answer, done, err
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
	_, err = c.Exec(keepAnswer, o.Caller, o.Key, text)
	return err
}
