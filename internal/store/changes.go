package store

import (
	"encoding/json"

	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

const insertChange = `INSERT INTO "_changes"(at,org,model,key,op,before,after,actor) VALUES (?1,?2,?3,?4,?5,?6,?7,?8)`

var opNames = map[query.WriteOp]string{query.Create: "create", query.Update: "update", query.Delete: "delete"}

// log writes the entry of one changed row, in the transaction that changes it, and
// counts it.
// The sequence number is the database's. With one writer it is commit order; beside
// others it is the order of what was written to one row, and sequence.go gives the
// entry its position.
func (w *writing) log(m *schema.Model, key []any, op query.WriteOp, before, after []byte) error {
	keyText, err := json.Marshal(key)
	if err != nil {
		return err
	}
	w.count(m, before, after)
	var org any
	if m.Scope == schema.Tenant {
		org = w.by.Org
	}
	return w.conn.Later(insertChange, form.Stamp(w.store.now()), org, m.Name, string(keyText),
		opNames[op], textOrNull(before), textOrNull(after), w.by.Actor())
}

func textOrNull(text []byte) any {
	if text == nil {
		return nil
	}
	return string(text)
}
