package audit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/storetest"
	"github.com/loam-dev/loam/internal/vault"
)

const masterKey = "6f1d0c5b8e2a4397b1c60f7ad93e52841c7b6a90e8d3f5247a1b9c0d4e6f8372"

// place is the room over a database on disk.
type place struct {
	*audit.Log
	testing.TB
	engine store.Engine
	clock  time.Time
}

func newPlace(t testing.TB) *place {
	t.Helper()
	engine := storetest.Room(t)
	v, err := vault.Parse(masterKey)
	if err != nil {
		t.Fatal(err)
	}
	p := &place{TB: t, engine: engine, clock: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	for range 2 { // a second start finds everything there
		storetest.Tables(t, engine, audit.Tables(engine.Dialect())...)
	}
	p.Log = audit.New(engine, v, func() time.Time { p.clock = p.clock.Add(time.Second); return p.clock })
	return p
}

// run runs statements as somebody would who has the file.
func (p *place) run(statements ...string) {
	p.Helper()
	if err := p.try(statements...); err != nil {
		p.Fatal(err)
	}
}

func (p *place) try(statements ...string) error {
	return p.engine.Write(context.Background(), func(c store.Conn) error {
		for _, sql := range statements {
			if err := c.Script(sql); err != nil {
				return err
			}
		}
		return nil
	})
}

func (p *place) append(events ...audit.Event) {
	p.Helper()
	for _, e := range events {
		if err := p.Write(context.Background(), e); err != nil {
			p.Fatal(err)
		}
	}
}

// fill adds n events of an organization.
func (p *place) fill(org string, n int) {
	p.Helper()
	for i := range n {
		p.append(audit.Event{Action: "org.role_changed", Org: org, Actor: "user:ada", Target: fmt.Sprintf("user:%d", i), Details: map[string]any{"n": i}})
	}
}

// is checks that an error is a fault of the code, or no error for "".
func is(t testing.TB, what string, err error, want fault.Code) {
	t.Helper()
	if want == "" && err != nil || want != "" && !fault.Is(err, want) {
		t.Errorf("%s: got %v, want %q", what, err, want)
	}
}

// unlock takes the first wall down.
func (p *place) unlock() {
	p.Helper()
	if p.engine.Dialect() == store.PostgreSQL {
		p.run(`DROP TRIGGER "_audit_no_change" ON "_audit"`)
		return
	}
	p.run(`DROP TRIGGER "_audit_no_update"; DROP TRIGGER "_audit_no_delete"`)
}

// TestAttack128_ChangedLog edits the log's tables in every way that comes to
// mind. Each must be found, also after the server has gone on to write.
func TestAttack128_ChangedLog(t *testing.T) {
	// Records 2 to 11 are ours; 1 is the log's start.
	for name, test := range map[string]struct{ sql, want string }{
		"text changed":        {`UPDATE "_audit" SET "actor" = 'user:eve' WHERE "seq" = 4`, "record 4 "},
		"time changed":        {`UPDATE "_audit" SET "at" = '2026-01-02T03:04:06.500Z' WHERE "seq" = 4`, "record 4 "},
		"details changed":     {`UPDATE "_audit" SET "details" = '{}' WHERE "seq" = 4`, "record 4 "},
		"fields moved":        {`UPDATE "_audit" SET "actor" = "actor" || "target", "target" = '' WHERE "seq" = 4`, "record 4 "},
		"hash changed":        {`UPDATE "_audit" SET "hash" = "prev" WHERE "seq" = 4`, "record 4 "},
		"copied over another": {`UPDATE "_audit" SET ("at", "target", "details", "prev", "hash") = (SELECT "at", "target", "details", "prev", "hash" FROM "_audit" WHERE "seq" = 5) WHERE "seq" = 4`, "record 4 "},
		"removed":             {`DELETE FROM "_audit" WHERE "seq" = 4`, "record 4 "},
		"removed, closed up":  {`DELETE FROM "_audit" WHERE "seq" = 4; UPDATE "_audit" SET "seq" = -"seq" + 1 WHERE "seq" > 4; UPDATE "_audit" SET "seq" = -"seq" WHERE "seq" < 0`, "record 4 "},
		"first removed":       {`DELETE FROM "_audit" WHERE "seq" < 3`, "record 1 "},
		"reordered":           {`UPDATE "_audit" SET "seq" = 1000 WHERE "seq" = 4; UPDATE "_audit" SET "seq" = 4 WHERE "seq" = 5; UPDATE "_audit" SET "seq" = 5 WHERE "seq" = 1000`, "record 4 "},
		"cut off":             {`DELETE FROM "_audit" WHERE "seq" > 9`, "record 10 "},
		"cut off, with head":  {`DELETE FROM "_audit" WHERE "seq" > 9; UPDATE "_audit_head" SET ("seq", "hash") = (SELECT "seq", "hash" FROM "_audit" WHERE "seq" = 9)`, "records after 9 "},
		"cut off, no head":    {`DELETE FROM "_audit" WHERE "seq" > 9; DELETE FROM "_audit_head"`, "records after 9 "},
		"head moved on":       {`UPDATE "_audit_head" SET "seq" = 20`, "records after 11 "},
		"emptied":             {`DELETE FROM "_audit"`, "record 1 "},
		"emptied, zero head":  {`UPDATE "_audit_head" SET "seq" = 0, "hash" = (SELECT "prev" FROM "_audit" WHERE "seq" = 1); DELETE FROM "_audit"`, "records after 0 "},
		"added to":            {`INSERT INTO "_audit" SELECT 12, "at", "action", "outcome", "org", "actor", "impersonator", "target", "address", "agent", "request", "details", "prev", "hash" FROM "_audit" WHERE "seq" = 11`, "record 12 "},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			p.fill("acme", 10)
			if r, err := p.Verify(t.Context(), ""); err != nil || r.Records != 11 {
				t.Fatalf("before: %+v, %v", r, err)
			}
			p.unlock()
			p.run(test.sql)
			_, err := p.Verify(t.Context(), "")
			is(t, "after", err, fault.AuditBroken)
			if !strings.Contains(fault.Of(err).Message, test.want) {
				t.Errorf("got %v, want one of %q", err, test.want)
			}
			if name == "added to" || name == "emptied, zero head" {
				return // the first keeps the log from going on; the second is told of by when the log started
			}
			p.fill("acme", 3)
			if _, err := p.Verify(t.Context(), ""); !fault.Is(err, fault.AuditBroken) {
				t.Errorf("forgotten once the server had written more: %v", err)
			}
		})
	}
}

// TestAttack128_FirstWall: what slips is refused by the database itself.
func TestAttack128_FirstWall(t *testing.T) {
	p := newPlace(t)
	p.fill("acme", 2)
	for _, sql := range []string{`UPDATE "_audit" SET "actor" = 'user:eve'`, `DELETE FROM "_audit"`, `DELETE FROM "_audit" WHERE "seq" = 2`} {
		if err := p.try(sql); err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s: %v", sql, err)
		}
	}
	if _, err := p.Verify(t.Context(), ""); err != nil {
		t.Error(err)
	}
}

// TestAttack128_OlderCopy: a whole older database has a head that fits, but not
// the record that its keeper has written down.
func TestAttack128_OlderCopy(t *testing.T) {
	p := newPlace(t)
	p.fill("acme", 3)
	p.run(`CREATE TABLE "old" AS SELECT * FROM "_audit_head"`)
	p.fill("acme", 3)
	known, err := p.Verify(t.Context(), "")
	is(t, "before", err, "")
	p.fill("acme", 1)
	_, err = p.Verify(t.Context(), known.Head)
	is(t, "a known record deep in the log", err, "")

	p.unlock()
	p.run(`DELETE FROM "_audit" WHERE "seq" > 4; UPDATE "_audit_head" SET ("seq", "hash", "mac") = (SELECT "seq", "hash", "mac" FROM "old")`)
	_, err = p.Verify(t.Context(), "")
	is(t, "an older copy", err, "")
	_, err = p.Verify(t.Context(), known.Head)
	is(t, "an older copy, against what is known", err, fault.AuditBroken)
	for _, bad := range []string{"7", "x:00", "7:", "7:zz"} {
		_, err = p.Verify(t.Context(), bad)
		is(t, bad, err, fault.AuditBadFilter)
	}
}

func TestConcurrentWritersMakeOneChain(t *testing.T) {
	p := newPlace(t)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 20 {
				e := audit.Event{Action: "auth.sign_in", Actor: fmt.Sprintf("user:%d", i)}
				if err := p.engine.Write(t.Context(), func(c store.Conn) error {
					if err := p.Append(c, e); err != nil || i > 0 {
						return err
					}
					return fmt.Errorf("undone")
				}); err != nil && i > 0 {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if r, err := p.Verify(t.Context(), ""); err != nil || r.Records != 7*20+1 {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestAttack129_Injection writes what would forge lines, move a terminal's
// cursor or end a JSON value, and secrets that somebody left in details.
func TestAttack129_Injection(t *testing.T) {
	p := newPlace(t)
	evil := "x\r\n{\"action\":\"forged\"}\x1b[2J\x00\u202e\u2028\xff\",\"actor\":\"user:eve\"<script>"
	secrets := []string{"hunter2-canary", "loam_0123456789abcdef0123_canary", "loamr_canary", "loamt_canary", "loami_canary", "loamc_canary", "whsec_canary", "eyJhbGciOiJFZERTQSJ9.canary",
		"$argon2id$v=19$canary"}
	ctx := audit.WithOrigin(t.Context(), audit.Origin{Addr: netip.MustParseAddr("::ffff:192.0.2.1"), Agent: evil + strings.Repeat("a", 1<<16), Request: "r1"})
	if err := p.Write(ctx, audit.Event{Action: "auth.sign_in_failed", Org: "acme", Actor: "anonymous", Target: evil, Outcome: audit.Failure, Details: map[string]any{
		evil: evil, "password": secrets[0], "newPassword": secrets[0], "Authorization": secrets[0], "code": secrets[0], "refreshToken": secrets[0],
		"nested": map[string]any{"clientSecret": secrets[0], "list": []any{secrets[1], "see " + secrets[2], secrets[3], secrets[4], secrets[5], secrets[6], secrets[7], secrets[8]}},
		"roles":  []string{"admin", evil}, "long": strings.Repeat("b", 1000),
	}}); err != nil {
		t.Fatal(err)
	}
	p.append(audit.Event{Action: "auth.sign_in", Org: "acme", Actor: "user:ada", Details: map[string]any{"many": make([]int, 1000), "big": bulk(4000)}})
	var out bytes.Buffer
	if err := p.ExportAll(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) != 3 {
		t.Fatalf("3 records make %d lines:\n%s", len(lines), out.String())
	}
	for _, line := range lines {
		var r audit.Record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Errorf("%v: %s", err, line)
		}
		if len(line) > 6<<10 {
			t.Errorf("a record has %d bytes", len(line))
		}
	}
	for _, c := range out.String() {
		if c != '\n' && (c < ' ' || c == 0x7f || c == '\u202e' || c == '\u2028') {
			t.Errorf("the export has the control character %q", c)
		}
	}
	if strings.Contains(out.String(), "canary") {
		t.Errorf("the export has a secret:\n%s", out.String())
	}
	if !strings.Contains(lines[1], `"address":"192.0.2.1"`) || !strings.Contains(lines[1], `"requestId":"r1"`) {
		t.Errorf("the origin is lost: %s", lines[1])
	}
	if _, err := p.Verify(t.Context(), ""); err != nil {
		t.Error(err)
	}
}

func bulk(n int) map[string]any {
	out := map[string]any{}
	for i := range n {
		out[fmt.Sprint("k", i)] = strings.Repeat("c", 300)
	}
	return out
}

func TestPagesAndFilters(t *testing.T) {
	p := newPlace(t)
	for i := range 25 {
		p.append(
			audit.Event{Action: "auth.sign_in", Org: "acme", Actor: "user:ada", Details: map[string]any{"n": i}},
			audit.Event{Action: "org.member_added", Org: "acme", Actor: "user:bob"},
			audit.Event{Action: "auth.sign_in", Org: "other", Actor: "user:ada"},
		)
	}
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, test := range map[string]struct {
		filter audit.Filter
		want   int
	}{
		"all":    {audit.Filter{}, 50},
		"action": {audit.Filter{Action: "auth.sign_in"}, 25},
		"actor":  {audit.Filter{Actor: "user:bob"}, 25},
		"both":   {audit.Filter{Action: "auth.sign_in", Actor: "user:bob"}, 0},
		"since":  {audit.Filter{Since: start.Add(40 * time.Second)}, 24},
		"until":  {audit.Filter{Until: start.Add(40 * time.Second)}, 26},
		"empty":  {audit.Filter{Since: start.Add(time.Hour)}, 0},
	} {
		seen, last, cursor := map[string]bool{}, "9", ""
		for pages := 0; ; pages++ {
			page, err := p.List(t.Context(), "acme", test.filter, audit.Page{Limit: 7, Cursor: cursor})
			if err != nil || pages > 10 {
				t.Fatalf("%s: page %d: %v", name, pages, err)
			}
			for _, r := range page.Items {
				if seen[r.ID] || r.At > last || r.Organization != "acme" || r.Seq != 0 || r.Prev != "" {
					t.Errorf("%s: twice, out of order, foreign or with its number: %+v", name, r)
				}
				seen[r.ID], last = true, r.At
			}
			if page.NextCursor == nil {
				break
			}
			cursor = *page.NextCursor
			if _, err := p.List(t.Context(), "other", test.filter, audit.Page{Cursor: cursor}); !fault.Is(err, fault.QueryBadCursor) {
				t.Errorf("%s: another organization's cursor: %v", name, err)
			}
		}
		var out bytes.Buffer
		if err := p.Export(t.Context(), "acme", test.filter, &out, func(context.Context) error { return nil }); err != nil {
			t.Error(err)
		}
		if lines := bytes.Count(out.Bytes(), []byte("\n")); len(seen) != test.want || lines != test.want {
			t.Errorf("%s: %d records listed, %d exported, want %d", name, len(seen), lines, test.want)
		}
	}
	for _, bad := range []audit.Filter{{Action: "auth.*"}, {Action: "x' OR 1"}, {Actor: "ada"}, {Actor: "user:"}, {Actor: "user:\n"}} {
		_, err := p.List(t.Context(), "acme", bad, audit.Page{})
		is(t, fmt.Sprintf("%q", bad), err, fault.AuditBadFilter)
	}
	for _, page := range []audit.Page{{Limit: -1}, {Limit: 1001}} {
		_, err := p.List(t.Context(), "acme", audit.Filter{}, page)
		is(t, fmt.Sprint(page), err, fault.QueryLimit)
	}
	for _, cursor := range []string{"x", "!", strings.Repeat("A", 100)} {
		_, err := p.List(t.Context(), "acme", audit.Filter{}, audit.Page{Cursor: cursor})
		is(t, cursor, err, fault.QueryBadCursor)
	}
}

// TestExportInParts: an export that is longer than it holds at once is whole,
// and ends where its reader may no longer read.
func TestExportInParts(t *testing.T) {
	p := newPlace(t)
	if err := p.engine.Write(t.Context(), func(c store.Conn) error {
		for range 1100 {
			if err := p.Append(c, audit.Event{Action: "auth.sign_in", Org: "acme", Actor: "user:ada"}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := p.Export(t.Context(), "acme", audit.Filter{}, &out, func(context.Context) error { return nil }); err != nil || bytes.Count(out.Bytes(), []byte("\n")) != 1100 {
		t.Errorf("%d lines, %v", bytes.Count(out.Bytes(), []byte("\n")), err)
	}
	asked := 0
	out.Reset()
	err := p.Export(t.Context(), "acme", audit.Filter{}, &out, func(context.Context) error {
		if asked++; asked == 2 {
			return fault.New(fault.TenantNotFound, "no longer")
		}
		return nil
	})
	is(t, "removed meanwhile", err, fault.TenantNotFound)
	if n := bytes.Count(out.Bytes(), []byte("\n")); n != 500 {
		t.Errorf("%d lines were written", n)
	}
}

func TestEventsAreWhole(t *testing.T) {
	p := newPlace(t)
	for _, e := range []audit.Event{{}, {Action: "auth.sign_in"}, {Actor: "user:ada"}, {Action: "Sign in", Actor: "user:ada"}} {
		if err := p.Write(t.Context(), e); err == nil {
			t.Errorf("%+v is recorded", e)
		}
	}
	var none *audit.Log
	if err := none.Write(t.Context(), audit.Event{}); err != nil {
		t.Error(err)
	}
}

// TestRefusalsAreBounded: who is refused can't fill the disk by it.
func TestRefusalsAreBounded(t *testing.T) {
	p := newPlace(t)
	deny := func(actor string, n int) (count int, last audit.Record) {
		for range n {
			if err := p.Deny(t.Context(), audit.Event{Action: "access.denied", Org: "acme", Actor: actor, Details: map[string]any{"route": "x"}}); err != nil {
				t.Fatal(err)
			}
		}
		found, err := p.List(t.Context(), "acme", audit.Filter{Actor: actor}, audit.Page{Limit: 1000})
		if err != nil || len(found.Items) == 0 {
			t.Fatal(err)
		}
		return len(found.Items), found.Items[0]
	}
	if n, last := deny("user:eve", 100); n != 30 || last.Outcome != audit.Denied || !strings.Contains(string(last.Details), "not recorded") || !strings.Contains(string(last.Details), "route") {
		t.Errorf("%d records, the last %+v", n, last)
	}
	if n, last := deny("user:bob", 1); n != 1 || strings.Contains(string(last.Details), "not recorded") {
		t.Errorf("another's: %d, %+v", n, last)
	}
	p.clock = p.clock.Add(time.Hour)
	if n, _ := deny("user:eve", 1); n != 31 {
		t.Errorf("an hour later: %d", n)
	}
}

// BenchmarkAppend appends records to one transaction, which is what they add to the
// work that they tell of; and each with a commit of its own.
func BenchmarkAppend(b *testing.B) {
	p := newPlace(b)
	e := audit.Event{Action: "auth.sign_in", Org: "acme", Actor: "user:ada", Target: "session:1", Details: map[string]any{"method": "password"}}
	b.Run("in a transaction", func(b *testing.B) {
		if err := p.engine.Write(context.Background(), func(c store.Conn) error {
			for b.Loop() {
				if err := p.Append(c, e); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			b.Fatal(err)
		}
	})
	b.Run("with its commit", func(b *testing.B) {
		for b.Loop() {
			p.append(e)
		}
	})
}
