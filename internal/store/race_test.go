package store_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/storetest"
)

const raced = `
type Box @model @auth(rules: [{ allow: member }]) { name: String  slug: String @unique  parts: [Part] @hasMany  notes: [Note] @hasMany }
type Part @model @auth(rules: [{ allow: member }]) { n: Int  box: Box! @belongsTo(onDelete: CASCADE)  notes: [Note] @hasMany  twin: Part @belongsTo }
type Note @model @auth(rules: [{ allow: member }]) { box: Box @belongsTo(onDelete: RESTRICT)  part: Part @belongsTo }`

// TestWritesBesideEachOther: whatever many callers write at once to the same few
// rows comes out as if one had written after the other. The log of each row is a
// chain from its first image to the one that is there, the sums are those of the
// rows, and nobody hears of anything but what one writer could have told them.
func TestWritesBesideEachOther(t *testing.T) {
	storetest.Each(t, func(t *testing.T, e store.Engine) {
		a := openApp(t, e, raced)
		var workers sync.WaitGroup
		for worker := range 6 {
			workers.Go(func() {
				r := rand.New(rand.NewPCG(7, uint64(worker)))
				for i := range 40 {
					by := *a.by
					by.Org = []string{"o1", "o2"}[r.IntN(2)]
					batch := make([]query.Write, 1+r.IntN(3))
					for j := range batch {
						batch[j] = someWrite(r, fmt.Sprintf("%d-%d-%d", worker, i, j))
					}
					if err := a.writeAs(&by, nil, batch...); err != nil && !expected(err) {
						t.Errorf("%+v: %v", batch, err)
					}
				}
			})
		}
		workers.Wait()
		for _, org := range []string{"o1", "o2"} {
			a.by.Org = org
			a.chained(org)
		}
	})
}

func expected(err error) bool {
	return slices.ContainsFunc([]fault.Code{fault.DataNotFound, fault.DataDuplicate, fault.DataNoReference, fault.DataReferenced, fault.DataVersion, fault.DataCondition},
		func(c fault.Code) bool { return fault.Is(err, c) })
}

// someWrite is one on few rows.
func someWrite(r *rand.Rand, fresh string) query.Write {
	id := func() string { return fmt.Sprint(r.IntN(4)) }
	maybe := func() any {
		if r.IntN(3) == 0 {
			return nil
		}
		return id()
	}
	w := query.Write{Model: []string{"Box", "Part", "Note"}[r.IntN(3)], Op: []query.WriteOp{query.Create, query.Update, query.Update, query.Delete, query.Upsert}[r.IntN(5)], Key: object{"id": id()}}
	switch {
	case w.Op == query.Delete:
		return w
	case w.Model == "Box":
		w.Input = object{"name": fresh, "slug": maybe()}
		if w.Op == query.Update && r.IntN(2) == 0 {
			w.Condition = object{"name": object{"gt": "3"}}
		}
	case w.Model == "Part":
		w.Input = object{"boxId": id(), "twinId": maybe()}
	default:
		w.Input = object{"boxId": maybe(), "partId": maybe()}
	}
	if w.Op != query.Update {
		w.Input["id"] = w.Key["id"]
		w.Key = nil
	}
	return w
}

// chained holds the log of each row of an organization against itself and the row.
func (a *app) chained(org string) {
	a.Helper()
	changes, err := a.store.Changes(a.Context(), store.Following{Limit: 100_000})
	if err != nil {
		a.Fatal(err)
	}
	text := func(im *store.Image) string {
		if im == nil {
			return ""
		}
		return string(im.Text())
	}
	last := map[string]string{}
	sum := store.Usage{}
	for _, ch := range changes.All {
		if ch.Org != org {
			continue
		}
		row := fmt.Sprint(ch.Model.Name, ch.Key)
		if last[row] != text(ch.Before) {
			a.Errorf("%s: entry %d of %s was written over\n%s\nand not over\n%s", org, ch.Seq, row, text(ch.Before), last[row])
		}
		last[row] = text(ch.After)
	}
	there := map[string]string{}
	for row, image := range last {
		if image != "" {
			there[row] = image
			sum.Rows++
			sum.Bytes += int64(len(image))
		}
	}
	for _, m := range a.schema.Models {
		if m.ReadOnly {
			continue
		}
		snapshot, err := a.store.Snapshot(a.Context(), a.grant(query.Read{Model: m.Name, Op: query.List}, nil), 100, true)
		if err != nil {
			a.Fatal(err)
		}
		for _, row := range snapshot.Rows {
			name := fmt.Sprint(m.Name, row.Sort)
			if there[name] != string(row.Text) {
				a.Errorf("%s: %s is\n%s\nand by the log\n%s", org, name, row.Text, there[name])
			}
			delete(there, name)
		}
	}
	if len(there) > 0 {
		a.Errorf("%s: by the log there are also %v", org, there)
	}
	err = a.engine.Read(a.Context(), func(c store.Conn) error {
		got, err := store.UsageOf(c, org)
		if err == nil && got != sum {
			err = fmt.Errorf("%s has %+v by the sums, %+v by the log", org, got, sum)
		}
		return err
	})
	if err != nil {
		a.Error(err)
	}
}

func (a *app) writeAs(by *access.Principal, once *store.Once, writes ...query.Write) error {
	grants := make([]access.WriteGrant, len(writes))
	for i := range writes {
		bound, err := query.BindWrite(a.schema, &writes[i], a.stamp(), query.DefaultLimits)
		if err != nil {
			return err
		}
		if grants[i], err = a.policy.Write(by, bound); err != nil {
			return err
		}
	}
	_, err := a.store.Write(a.Context(), grants, once)
	return err
}

// TestOnceBesideItself: of many requests with one Idempotency-Key one is done.
func TestOnceBesideItself(t *testing.T) {
	storetest.Each(t, func(t *testing.T, e store.Engine) {
		a := openApp(t, e, raced)
		var workers sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			workers.Go(func() {
				once := &store.Once{Caller: "o1 ada", Key: "k", Request: []byte("r")}
				errs[i] = a.writeAs(a.by, once, query.Write{Model: "Box", Op: query.Create, Input: object{"name": "x"}})
			})
		}
		workers.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Error(err)
		}
		if text, _ := a.read(query.Read{Model: "Box", Op: query.Aggregate}, nil); text != `{"group":{},"count":1,"sum":{},"avg":{},"min":{},"max":{}} 0 []interface {}(nil)` {
			t.Error(text)
		}
	})
}

// TestUpsertBesideItself: who comes second changes what the first one has made.
func TestUpsertBesideItself(t *testing.T) {
	storetest.Each(t, func(t *testing.T, e store.Engine) {
		a := openApp(t, e, raced)
		var workers sync.WaitGroup
		errs := make([]error, 40)
		for i := range errs {
			workers.Go(func() {
				errs[i] = a.writeAs(a.by, nil, query.Write{Model: "Box", Op: query.Upsert, Input: object{"id": fmt.Sprint(i % 5), "name": fmt.Sprint(i)}})
			})
		}
		workers.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Error(err)
		}
		a.chained("o1")
	})
}

// TestLimitBesideItself: what many write at once stays within the limit.
func TestLimitBesideItself(t *testing.T) {
	storetest.Each(t, func(t *testing.T, e store.Engine) {
		a := openApp(t, e, raced)
		a.store = a.store.Limited(func(store.Conn, string) (store.Usage, error) { return store.Usage{Rows: 7}, nil })
		var workers sync.WaitGroup
		errs := make([]error, 20)
		for i := range errs {
			workers.Go(func() {
				errs[i] = a.writeAs(a.by, nil, query.Write{Model: "Box", Op: query.Create, Input: object{"name": "x"}})
			})
		}
		workers.Wait()
		refused := 0
		for _, err := range errs {
			switch {
			case fault.Is(err, fault.TenantLimit):
				refused++
			case err != nil:
				t.Error(err)
			}
		}
		if refused != 13 {
			t.Errorf("%d of 20 were refused with a limit of 7", refused)
		}
		a.chained("o1")
	})
}

const led = `
type Team @model @auth(rules: [{ allow: member }]) { lead: String  tasks: [Task] @hasMany }
type Task @model @auth(rules: [{ allow: where, filter: { team: { lead: { eq: "$user.id" } } } }]) { n: Int  team: Team! @belongsTo }`

// TestRuleBesideItsRow: while the row that a rule looks at changes, what the rule
// lets through stands in the log where the rule holds.
func TestRuleBesideItsRow(t *testing.T) {
	storetest.Each(t, func(t *testing.T, e store.Engine) {
		a := openApp(t, e, led)
		for _, w := range []query.Write{{Model: "Team", Op: query.Create, Input: object{"id": "x", "lead": "ada"}}, {Model: "Task", Op: query.Create, Input: object{"id": "0", "teamId": "x"}}} {
			if _, err := a.write(w); err != nil {
				t.Fatal(err)
			}
		}
		var workers sync.WaitGroup
		done := 0
		workers.Go(func() {
			for i := range 60 {
				if err := a.writeAs(a.by, nil, query.Write{Model: "Team", Op: query.Update, Key: object{"id": "x"}, Input: object{"lead": []string{"eve", "ada"}[i%2]}}); err != nil {
					t.Error(err)
				}
			}
		})
		workers.Go(func() {
			for i := range 120 {
				w := query.Write{Model: "Task", Op: query.Update, Key: object{"id": "0"}, Input: object{"n": json.Number(fmt.Sprint(i))}}
				if i%3 == 0 {
					w = query.Write{Model: "Task", Op: query.Create, Input: object{"teamId": "x"}}
				}
				err := a.writeAs(a.by, nil, w)
				switch {
				case err == nil:
					done++
				case !fault.Is(err, fault.AccessDenied) && !expected(err):
					t.Error(err)
				}
			}
		})
		workers.Wait()
		if done == 0 {
			t.Error("no task was written")
		}
		changes, err := a.store.Changes(t.Context(), store.Following{Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		lead := ""
		for _, ch := range changes.All {
			if ch.Model.Name == "Team" {
				lead, _ = ch.After.Field(ch.Model.Field("lead")).(string)
			} else if lead != "ada" {
				t.Errorf("ada wrote a task where %s was in the lead: entry %d", lead, ch.Seq)
			}
		}
	})
}
