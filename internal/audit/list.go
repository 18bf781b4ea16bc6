package audit

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/store"
)

// Record is a stored event as it is shown.
type Record struct {
	ID           string          `json:"id"`            // its hash
	Seq          int64           `json:"seq,omitempty"` // its number, for whoever runs the server: to others it would tell how much others do
	At           string          `json:"at"`
	Action       string          `json:"action"`
	Outcome      string          `json:"outcome"`
	Organization string          `json:"organization,omitempty"`
	Actor        string          `json:"actor"`
	Impersonator string          `json:"impersonator,omitempty"`
	Target       string          `json:"target,omitempty"`
	Address      string          `json:"address,omitempty"`
	Agent        string          `json:"agent,omitempty"`
	Request      string          `json:"requestId,omitempty"`
	Details      json.RawMessage `json:"details"`
	Prev         string          `json:"prev,omitempty"` // as Seq
}

// Filter says which records are wanted; the zero Filter is all of them.
type Filter struct {
	Action string
	Actor  string
	Target string
	Since  time.Time // at or after
	Until  time.Time // before
}

// Page says which part of a list is wanted. The zero Page is the start.
type Page struct {
	Limit  int    // 0: 100; at most 1,000
	Cursor string // the NextCursor of the page before
}

// Records is a page of records. NextCursor is nil on the last.
type Records struct {
	Items      []Record `json:"items"`
	NextCursor *string  `json:"nextCursor"`
}

var actorName = form.Pattern(`^(anonymous|system|[a-z]{1,16}:[A-Za-z0-9_.-]{1,128})$`)

// Check refuses a filter that no record could fit by its form.
func (f Filter) Check() error {
	switch {
	case f.Action != "" && !actionName().MatchString(f.Action):
		return fault.New(fault.AuditBadFilter, "action is %q; it is a name such as auth.sign_in", clean(f.Action)).At("action")
	case f.Actor != "" && !actorName().MatchString(f.Actor):
		return fault.New(fault.AuditBadFilter, "actor is %q; it is user:<id>, key:<id>, anonymous or system", clean(f.Actor)).At("actor")
	case f.Target != "" && !actorName().MatchString(f.Target):
		return fault.New(fault.AuditBadFilter, "target is %q; it is user:<id>, org:<id> or likewise of another thing", clean(f.Target)).At("target")
	}
	return nil
}

// List returns a page of an organization's records, newest first. Who may see
// them is for the caller to know.
func (l *Log) List(ctx context.Context, org string, f Filter, page Page) (Records, error) {
	return l.list(ctx, org, func() *selection { return f.query().where(`"org" = ?`, org) }, f, page)
}

// ListAll is List over all organizations and what belongs to none: for admins of the
// server.
func (l *Log) ListAll(ctx context.Context, f Filter, page Page) (Records, error) {
	return l.list(ctx, everywhere, f.query, f, page)
}

// everywhere is what cursors of ListAll are bound to, as those of List to an
// organization.
const everywhere = "*"

func (l *Log) list(ctx context.Context, of string, from func() *selection, f Filter, page Page) (Records, error) {
	if err := f.Check(); err != nil {
		return Records{}, err
	}
	if page.Limit < 0 || page.Limit > maxPage {
		return Records{}, fault.New(fault.QueryLimit, "limit is from 1 to %d", maxPage).At("limit")
	}
	if page.Limit == 0 {
		page.Limit = defaultPage
	}
	after, err := l.openCursor(of, page.Cursor)
	if err != nil {
		return Records{}, err
	}
	var rows []record
	err = l.engine.Read(ctx, func(c store.Conn) (err error) {
		q := from()
		if after != (place{}) {
			q.where(`("at", "seq") < (?, ?)`, after.at, after.seq)
		}
		rows, err = q.run(c, `ORDER BY "at" DESC, "seq" DESC`, page.Limit+1)
		return err
	})
	if err != nil {
		return Records{}, wrap("listing", err)
	}
	found := Records{Items: []Record{}}
	for i := range rows[:min(len(rows), page.Limit)] {
		found.Items = append(found.Items, rows[i].shown(false))
	}
	if len(rows) > page.Limit {
		last := rows[page.Limit-1]
		cursor := l.sealCursor(of, place{last.at, last.seq})
		found.NextCursor = &cursor
	}
	return found, nil
}

// Export writes an organization's records as JSON Lines, oldest first, up to
// those of the moment when it begins. It holds a few of them at a time, and no
// connection while w waits; before each part it asks may, which ends the export
// by an error.
func (l *Log) Export(ctx context.Context, org string, f Filter, w io.Writer, may func(context.Context) error) error {
	if err := f.Check(); err != nil {
		return err
	}
	return l.export(ctx, func() *selection { return f.query().where(`"org" = ?`, org) }, false, w, may)
}

// ExportAll writes every record, with what it takes to check the chain: for
// whoever runs the server.
func (l *Log) ExportAll(ctx context.Context, w io.Writer) error {
	return l.export(ctx, func() *selection { return &selection{} }, true, w, func(context.Context) error { return nil })
}

func (l *Log) export(ctx context.Context, from func() *selection, whole bool, w io.Writer, may func(context.Context) error) error {
	var end head
	if err := l.engine.Read(ctx, func(c store.Conn) (err error) {
		end, _, err = readHead(c)
		return err
	}); err != nil {
		return wrap("exporting", err)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for after := int64(0); ; {
		if err := may(ctx); err != nil {
			return err
		}
		var rows []record
		err := l.engine.Read(ctx, func(c store.Conn) (err error) {
			rows, err = from().where(`"seq" > ?`, after).where(`"seq" <= ?`, end.seq).run(c, `ORDER BY "seq"`, exportedPage)
			return err
		})
		if err != nil {
			return wrap("exporting", err)
		}
		for i := range rows {
			if err := enc.Encode(rows[i].shown(whole)); err != nil {
				return wrap("exporting", err)
			}
		}
		if len(rows) < exportedPage {
			return nil
		}
		after = rows[len(rows)-1].seq
	}
}

// shown is the record for a reader; whole, with its place in the chain.
func (r *record) shown(whole bool) Record {
	out := Record{
		ID: hex.EncodeToString(r.hash), At: r.at, Action: r.action, Outcome: r.outcome, Organization: r.org, Actor: r.actor,
		Impersonator: r.impersonator, Target: r.target, Address: r.address, Agent: r.agent, Request: r.request,
		Details: json.RawMessage(r.details),
	}
	if !json.Valid(out.Details) { // changed in the file: Verify says so, a list must not fail
		out.Details = json.RawMessage("{}")
	}
	if whole {
		out.Seq, out.Prev = r.seq, hex.EncodeToString(r.prev)
	}
	return out
}

// selection is a statement on the log that grows by conditions.
type selection struct {
	sql  string
	args []any
}

// where adds a condition, with a ? for each argument.
func (q *selection) where(condition string, args ...any) *selection {
	q.sql += " AND "
	for i, text := range strings.Split(condition, "?") {
		if i > 0 {
			q.args = append(q.args, args[i-1])
			q.sql += fmt.Sprintf("?%d", len(q.args))
		}
		q.sql += text
	}
	return q
}

func (q *selection) run(c store.Conn, order string, limit int) (rows []record, err error) {
	q.args = append(q.args, limit)
	sql := selectRecord + "WHERE TRUE" + q.sql + " " + order + fmt.Sprintf(" LIMIT ?%d", len(q.args))
	err = c.Query(sql, q.args, func(row store.Row) error {
		rows = append(rows, scanRecord(row))
		return nil
	})
	return rows, err
}

func (f Filter) query() *selection {
	q := &selection{}
	if f.Action != "" {
		q.where(`"action" = ?`, f.Action)
	}
	if f.Actor != "" {
		q.where(`"actor" = ?`, f.Actor)
	}
	if f.Target != "" {
		q.where(`"target" = ?`, f.Target)
	}
	if !f.Since.IsZero() {
		q.where(`"at" >= ?`, form.Stamp(f.Since))
	}
	if !f.Until.IsZero() {
		q.where(`"at" < ?`, form.Stamp(f.Until))
	}
	return q
}

// place is where a page ended.
type place struct {
	at  string
	seq int64
}

// sealCursor hides the number in it, which counts everybody's records.
func (l *Log) sealCursor(of string, p place) string {
	sealed := l.cursors.Seal(fmt.Appendf(nil, "%s %d", p.at, p.seq), of)
	return base64.RawURLEncoding.EncodeToString(sealed)
}

func (l *Log) openCursor(of, cursor string) (p place, err error) {
	if cursor == "" {
		return p, nil
	}
	sealed, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return p, badCursor()
	}
	text, err := l.cursors.Open(sealed, of)
	if err != nil {
		return p, badCursor()
	}
	if _, err := fmt.Sscanf(string(text), "%s %d", &p.at, &p.seq); err != nil {
		return p, badCursor().Because(err)
	}
	return p, nil
}
