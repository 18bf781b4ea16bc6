package move_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/storetest"
	"github.com/loam-dev/loam/internal/testkit"
	"github.com/loam-dev/loam/internal/vault"
)

// app has a column of every type, keys of several, references that lead around in a
// circle, what is unique, what is searched, and fields of the app's own of a user.
const app = `
enum Status { TODO DONE }
type Place { street: String! floors: [Int] }
type Box @model @auth(rules: [{ allow: member }]) @search(fields: ["name", "text"]) {
  name: String! @unique
  text: String
  n: Int
  f: Float
  b: Boolean
  d: AWSDate
  at: AWSDateTime
  t: AWSTime
  ts: AWSTimestamp
  e: AWSEmail
  j: AWSJSON
  status: Status
  tags: [String]
  when: [AWSDateTime]
  place: Place
  insideId: ID
  inside: Box @belongsTo(fields: ["insideId"])
}
type Mark @model @auth(rules: [{ allow: member }]) {
  day: AWSDate! @primaryKey(sortKeyFields: ["at", "rank"])
  at: AWSDateTime!
  rank: Int!
  weight: Float! @default(value: "0.1")
}
type Word @model(scope: GLOBAL) @auth(rules: [{ allow: private }]) { text: String! @unique }
extend type User { nickname: String }
`

// place is where a backend lives.
func place(t testing.TB, d store.Dialect) backend.Options {
	t.Helper()
	v, err := vault.Parse(testkit.MasterKey)
	if err != nil {
		t.Fatal(err)
	}
	o := backend.Options{Name: "test", Data: t.TempDir(), Vault: v, Encrypt: true, Dev: true, Config: config.Default(), Log: slog.New(slog.NewTextHandler(t.Output(), nil))}
	if d == store.PostgreSQL {
		o.Database = storetest.URL(t)
	}
	return o
}

// serve runs a server there for a while.
func serve(t *testing.T, at backend.Options, fn func(t *testing.T, s *testkit.Server)) {
	t.Run("serving "+at.Where()[:4], func(t *testing.T) {
		fn(t, testkit.New(t, app, testkit.In(at.Data), testkit.Encrypted, func(o *backend.Options) { o.Database = at.Database }))
	})
	if t.Failed() {
		t.FailNow()
	}
}

func at(s *testkit.Server, c *testkit.Client) *testkit.Client {
	here := s.Anonymous()
	here.Header, here.Org = c.Header, c.Org
	return here
}

// box is a random one; many are odd.
func box(r *rand.Rand, n int) map[string]any {
	pick := func(values ...any) any { return values[r.IntN(len(values))] }
	return map[string]any{
		"name": fmt.Sprintf("%d-%d é\"\\\n", n, r.Uint64()),
		"text": pick(nil, "", "x", strings.Repeat("long ", 3000), "日本 \U0001F600 'quoted' \\N \t"),
		"n":    pick(nil, 0, -1, math.MaxInt32, r.Int32()), "b": pick(nil, true, false),
		"f":  pick(nil, 0.0, 0.1, 1e300, -1e-300, math.MaxFloat64, 5e-324, r.NormFloat64()),
		"d":  pick(nil, "2026-02-28", "0001-01-01", "9999-12-31"),
		"at": pick(nil, "2026-01-31T14:30:00.123Z", "1969-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"), "t": pick(nil, "12:30:00.000"),
		"ts": pick(nil, 0, 1767225600), "e": pick(nil, "a@example.com"), "j": pick(nil, `{"b":1.50,"a":[null,"\\u0000"]}`, `"x"`, `null`),
		"status": pick(nil, "TODO", "DONE"), "tags": pick(nil, []any{}, []any{"a", nil, "é"}), "when": pick(nil, []any{"2026-01-31T14:30:00Z"}),
		"place": pick(nil, map[string]any{"street": "Main", "floors": []any{1, 2}}),
	}
}

// fill signs up some users with organizations and rows of all kinds.
func fill(t *testing.T, s *testkit.Server, rows int) (users []*testkit.Client) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 3 {
		c := s.SignUp(fmt.Sprintf("user%d@example.com", i))
		users = append(users, c)
		last := any(nil)
		for n := range rows {
			b := box(r, n)
			b["insideId"] = last
			answer := c.Do("POST", "/api/boxes", b).Want(http.StatusCreated)
			if n%3 == 0 {
				last = answer.String("id")
			}
			if n%4 == 1 {
				c.Do("PATCH", "/api/boxes/"+answer.String("id"), map[string]any{"text": "changed"}).Want(http.StatusOK)
			}
			if n%21 == 1 {
				c.Do("DELETE", "/api/boxes/"+answer.String("id"), nil).Want(http.StatusNoContent)
			}
			c.Do("POST", "/api/marks", map[string]any{"day": "2026-01-31", "at": fmt.Sprintf("2026-01-31T14:30:00.%03dZ", n), "rank": n - 3}).Want(http.StatusCreated)
		}
		c.Do("POST", "/api/words", map[string]any{"text": fmt.Sprint("w", i)}).Want(http.StatusCreated)
	}
	users[0].Join("guest@example.com", "member")
	return users
}

// told is all that a user reads.
func told(s *testkit.Server, c *testkit.Client) (all []string) {
	for _, path := range []string{"/api/boxes?limit=1000&sort=name", "/api/marks?limit=1000", "/api/words", "/api/users", "/api/boxes?search=changed", "/auth/me", "/auth/sessions", "/auth/organizations"} {
		r := at(s, c).Get(path).Want(http.StatusOK)
		text, _ := json.Marshal(r.Value())
		all = append(all, path+" "+string(text))
	}
	return all
}

// rows are the rows of every table that goes across, by table. Numbers that one engine
// alone has are left out.
func rows(t *testing.T, o backend.Options) map[string][]string {
	t.Helper()
	e := engine(t, o)
	if err := store.New(e, &schema.Schema{}, time.Now).Sequence(t.Context()); err != nil {
		t.Fatal(err)
	}
	columns := `SELECT l.name, c.name, c.type FROM pragma_table_list AS l JOIN pragma_table_info(l.name) AS c WHERE l.schema = 'main' AND l.type = 'table' ORDER BY 1, 2`
	if e.Dialect() == store.PostgreSQL {
		columns = `SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = current_schema() AND table_name NOT IN
			(SELECT table_name FROM information_schema.views) ORDER BY table_name COLLATE "C", column_name COLLATE "C"`
	}
	type column struct{ name, of string }
	tables, all := map[string][]column{}, map[string][]string{}
	err := e.Read(t.Context(), func(c store.Conn) error {
		c.Enter(store.Everyone)
		if err := c.Query(columns, nil, func(r store.Row) error {
			name, of := r.Text(1), strings.ToLower(r.Text(2))
			skip := name == "_rowid" || r.Text(0) == "_changes" && name == "seq" && e.Dialect() == store.PostgreSQL
			if r.Text(0) == "_changes" && name == "pos" {
				name = `pos" AS "seq`
			}
			if !skip {
				tables[r.Text(0)] = append(tables[r.Text(0)], column{name, of})
			}
			return nil
		}); err != nil {
			return err
		}
		for table, columns := range tables {
			switch {
			case slices.Contains([]string{"_building", "_move", "_writer", "_log", "_signals", "_nodes", "_node_questions", "_node_answers", "_upgrades", "_attempts", "_requests", "_channel_nodes", "_channel_presence", "_channel_events", "sqlite_schema", "sqlite_stat1", "sqlite_stat4"}, table), strings.HasPrefix(table, "_moving_"):
				continue
			}
			list := []string{}
			for _, c := range columns {
				list = append(list, `"`+c.name+`"`)
			}
			if err := c.Query("SELECT "+strings.Join(list, ", ")+` FROM "`+table+`"`, nil, func(r store.Row) error {
				var row strings.Builder
				for i, c := range columns {
					switch {
					case r.Null(i):
						row.WriteString(" NULL")
					case c.of == "real" || c.of == "double precision":
						fmt.Fprintf(&row, " %v", r.Float(i))
					case c.of == "integer":
						fmt.Fprintf(&row, " %q", fmt.Sprint(r.Int(i)))
					default:
						fmt.Fprintf(&row, " %q", r.Bytes(i))
					}
				}
				all[table] = append(all[table], row.String())
				return nil
			}); err != nil {
				return err
			}
			slices.Sort(all[table])
		}
		return nil
	})
	if err := errors.Join(err, e.Close()); err != nil {
		t.Fatal(err)
	}
	return all
}

func engine(t *testing.T, o backend.Options) store.Engine {
	t.Helper()
	d := storetest.Database{Dialect: store.PostgreSQL, Where: o.Database}
	if o.Database == "" {
		return encrypted(t, o)
	}
	e, err := d.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func differ(t *testing.T, was, is map[string][]string) {
	t.Helper()
	n := 0
	for table := range was {
		n += len(was[table])
		for i := range max(len(was[table]), len(is[table])) {
			if i >= len(was[table]) || i >= len(is[table]) || was[table][i] != is[table][i] {
				t.Errorf("%s has %d rows, had %d; the first that differs:\n%.500s\n%.500s", table, len(is[table]), len(was[table]), strings.Join(is[table][min(i, len(is[table])):], "\n"), strings.Join(was[table][min(i, len(was[table])):], "\n"))
				break
			}
		}
	}
	if n < 100 {
		t.Errorf("only %d rows were compared", n)
	}
}

func moves(t *testing.T, from, to backend.Options) {
	t.Helper()
	done, err := backend.Move(t.Context(), from, to, func(line string) { t.Log(line) })
	if err != nil {
		t.Fatal(err)
	}
	if done.Rows < 100 || done.Again {
		t.Fatalf("%+v", done)
	}
}

// TestThereAndBack moves a backend to PostgreSQL and back. All rows of all tables are
// the same in the end, and what users hold goes on to be good on each side: tokens,
// passwords, positions of what they follow.
func TestThereAndBack(t *testing.T) {
	t.Setenv("LOAM_TEST_ENGINE", "sqlite") // both are in it
	here, there, back := place(t, store.SQLite), place(t, store.PostgreSQL), place(t, store.SQLite)
	var users []*testkit.Client
	var was []string
	last := ""
	const list = "/api/boxes?limit=5&fields=id,name,text&sort=name"
	serve(t, here, func(t *testing.T, s *testkit.Server) {
		users = fill(t, s, 25)
		users[1].Do("PATCH", "/auth/me", map[string]any{"nickname": "Bob"}).Want(http.StatusOK)
		live := users[0].Follow(list, "")
		live.Next()
		last = live.Last
		live.Close()
		users[0].Do("POST", "/api/boxes", map[string]any{"name": "!first"}).Want(http.StatusCreated)
		was = told(s, users[0])
	})
	before := rows(t, here)
	moves(t, here, there)
	differ(t, before, rows(t, there))

	if _, err := backend.Open(t.Context(), here); !fault.Is(err, fault.StoreMoved) || !strings.Contains(err.Error(), there.Where()) || strings.Contains(err.Error(), "loam@") {
		t.Errorf("opening what has moved: %v", err)
	}
	if err := engineWrite(t, here, `UPDATE "_users" SET "name" = 'x'`); !fault.Is(err, fault.StoreMoved) {
		t.Errorf("writing to what has moved: %v", err)
	}
	if done, err := backend.Move(t.Context(), here, there, nil); err != nil || !done.Again {
		t.Errorf("moving again: %+v %v", done, err)
	}

	serve(t, there, func(t *testing.T, s *testkit.Server) {
		if now := told(s, users[0]); !slices.Equal(now, was) {
			t.Errorf("reads\n%s\nwant\n%s", now, was)
		}
		s.SignIn("user1@example.com")
		resumes(t, at(s, users[0]).Follow(list, last))
		at(s, users[0]).Do("POST", "/api/boxes", map[string]any{"name": "!second", "insideId": "nowhere"}).Want(http.StatusBadRequest)
		at(s, users[0]).Do("POST", "/api/boxes", map[string]any{"name": "!first"}).WantCode(http.StatusConflict, "data/duplicate")
		at(s, users[0]).Do("POST", "/api/boxes", map[string]any{"name": "!second"}).Want(http.StatusCreated)
		if _, err := s.Backend.Audit.Verify(t.Context(), ""); err != nil {
			t.Error(err)
		}
		was = told(s, users[0])
	})
	before = rows(t, there)
	moves(t, there, back)
	differ(t, before, rows(t, back))
	if _, err := backend.Open(t.Context(), there); !fault.Is(err, fault.StoreMoved) {
		t.Errorf("opening what has moved: %v", err)
	}
	serve(t, back, func(t *testing.T, s *testkit.Server) {
		if now := told(s, users[0]); !slices.Equal(now, was) {
			t.Errorf("reads\n%s\nwant\n%s", now, was)
		}
		s.SignIn("user2@example.com")
		resumes(t, at(s, users[0]).Follow(list, last))
		at(s, users[0]).Do("POST", "/api/boxes", map[string]any{"name": "!third"}).Want(http.StatusCreated)
		if _, err := s.Backend.Audit.Verify(t.Context(), ""); err != nil {
			t.Error(err)
		}
	})
}

// resumes reads what was missed, one row that has come and the one that left for it.
func resumes(t *testing.T, live *testkit.Events) {
	t.Helper()
	if out, in := live.Next(), live.Next(); out.Name != "remove" || !strings.Contains(in.Data, "!first") {
		t.Errorf("resumed with %+v, %+v", out, in)
	}
	live.Close()
}

func engineWrite(t *testing.T, o backend.Options, sql string) error {
	t.Helper()
	e := engine(t, o)
	err := e.Write(t.Context(), func(c store.Conn) error {
		c.Enter(store.Everyone)
		_, err := c.Exec(sql)
		return err
	})
	return errors.Join(err, e.Close())
}

// TestTarget refuses a database that is somebody's.
func TestTarget(t *testing.T) {
	t.Setenv("LOAM_TEST_ENGINE", "sqlite")
	here, there := place(t, store.SQLite), place(t, store.PostgreSQL)
	for _, o := range []backend.Options{here, there} {
		serve(t, o, func(t *testing.T, s *testkit.Server) { s.SignUp("ada@example.com") })
	}
	if _, err := backend.Move(t.Context(), here, there, nil); !fault.Is(err, fault.MoveTarget) {
		t.Errorf("%v, want move/target", err)
	}
	if err := backend.CancelMove(t.Context(), here); !fault.Is(err, fault.MoveNone) {
		t.Errorf("%v, want move/none", err)
	}
	for _, o := range []backend.Options{here, there} {
		serve(t, o, func(t *testing.T, s *testkit.Server) { s.SignIn("ada@example.com") })
	}
}

// TestRefusedRow moves a row whose key is too long for an index of PostgreSQL: it is named, and once it is
// another the move goes on.
func TestRefusedRow(t *testing.T) {
	t.Setenv("LOAM_TEST_ENGINE", "sqlite")
	here, there := place(t, store.SQLite), place(t, store.PostgreSQL)
	id := ""
	serve(t, here, func(t *testing.T, s *testkit.Server) {
		users := fill(t, s, 10)
		var long strings.Builder
		for r := rand.New(rand.NewPCG(1, 2)); long.Len() < 20000; {
			fmt.Fprintf(&long, "%x", r.Uint64())
		}
		id = users[2].Do("POST", "/api/boxes", map[string]any{"name": long.String()}).Want(http.StatusCreated).String("id")
	})
	_, err := backend.Move(t.Context(), here, there, nil)
	if !fault.Is(err, fault.MoveRefused) || !strings.Contains(err.Error(), id) {
		t.Fatalf("%v, want the row %s", err, id)
	}
	if _, err := backend.Open(t.Context(), there); !fault.Is(err, fault.MoveUnfinished) {
		t.Errorf("opening half a database: %v", err)
	}
	serve(t, here, func(t *testing.T, s *testkit.Server) {
		s.SignIn("user2@example.com").Do("PATCH", "/api/boxes/"+id, map[string]any{"name": "short"}).Want(http.StatusOK)
	})
	moves(t, here, there)
	differ(t, rows(t, here), rows(t, there))
}

// TestCancel gives a move up: nothing of it is left in the source.
func TestCancel(t *testing.T) {
	t.Setenv("LOAM_TEST_ENGINE", "sqlite")
	for _, d := range []store.Dialect{store.SQLite, store.PostgreSQL} {
		from, to := place(t, d), place(t, 1-d)
		serve(t, from, func(t *testing.T, s *testkit.Server) { fill(t, s, 5) })
		ctx, cancel := context.WithCancel(t.Context())
		if _, err := backend.Move(ctx, from, to, func(line string) {
			if strings.HasPrefix(line, "copied") {
				cancel()
			}
		}); err == nil {
			t.Fatal("it went through")
		}
		if err := backend.CancelMove(t.Context(), from); err != nil {
			t.Fatal(err)
		}
		e := engine(t, from)
		if left := storetest.Dump(t, e); strings.Contains(left, "_mov") {
			t.Error("traces are left")
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		serve(t, from, func(t *testing.T, s *testkit.Server) { s.SignIn("user0@example.com") })
		if _, err := backend.Move(t.Context(), from, to, nil); !fault.Is(err, fault.MoveTarget) {
			t.Errorf("into the half that was left: %v", err)
		}
	}
}
