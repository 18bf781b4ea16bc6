package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/storetest"
)

// dawdling is an engine whose writes do something between their last statement and
// their commit, which may undo them.
type dawdling struct {
	store.Engine
	before func() error
}

func (e dawdling) WriteRows(ctx context.Context, fn func(store.Conn) error) error {
	return e.Engine.WriteRows(ctx, func(c store.Conn) error {
		if err := fn(c); err != nil {
			return err
		}
		return e.before()
	})
}

// trail is what one who follows the log has read.
type trail struct {
	*store.Store
	entries []string
	at      []int64
	undone  bool
	last    map[string]string // the image of each row
	broken  []string
}

func (r *trail) read(t testing.TB, until func() bool) {
	for pos, ended := int64(0), false; !ended; {
		ended = until()
		for more := true; more; {
			page, err := r.Changes(t.Context(), store.Following{After: pos, Limit: 7})
			if err != nil {
				t.Error(err)
				return
			}
			for i := range page.All {
				r.take(&page.All[i])
			}
			pos, more = page.Last, page.More
		}
	}
}

func (r *trail) take(ch *store.Change) {
	text := func(im *store.Image) string {
		if im == nil {
			return ""
		}
		return string(im.Text())
	}
	row := fmt.Sprint(ch.Org, ch.Model.Name, ch.Key)
	if r.last[row] != text(ch.Before) {
		r.broken = append(r.broken, fmt.Sprintf("entry %d of %s was written over %s and not over %s", ch.Seq, row, text(ch.Before), r.last[row]))
	}
	r.last[row] = text(ch.After)
	if ch.After != nil && ch.After.Field(ch.Model.Field("name")) == "undone" {
		r.undone = true
	}
	r.at = append(r.at, ch.Seq)
	r.entries = append(r.entries, fmt.Sprint(ch.Seq, row, text(ch.Before), text(ch.After)))
}

const dawdled = `type Box @model @auth(rules: [{ allow: member }]) { name: String }`

// TestFollowBesideWriters: while many write at once and commit in another order than
// they wrote, one of them long after, those who follow the log, on two nodes, read every
// committed entry once, each row's in order, and none of what was undone.
func TestFollowBesideWriters(t *testing.T) {
	for _, d := range []store.Dialect{store.SQLite, store.PostgreSQL} {
		t.Run([]string{"sqlite", "postgres"}[d], func(t *testing.T) { followBesideWriters(t, storetest.New(t, d)) })
	}
}

func followBesideWriters(t *testing.T, d storetest.Database) {
	e := d.Open(t)
	a := openApp(t, e, dawdled)
	beside, rounds := d.Dialect == store.PostgreSQL, 3
	if beside {
		rounds = 10
	}
	var readers [2]trail
	for i := range readers {
		readers[i] = trail{Store: a.store, last: map[string]string{}}
	}
	if beside {
		readers[1].Store = store.New(d.Open(t), a.schema, time.Now)
	}
	var done atomic.Bool
	var following, writers sync.WaitGroup
	for i := range readers {
		following.Go(func() { readers[i].read(t, done.Load) })
	}
	held, holding := make(chan struct{}), make(chan struct{})
	if beside {
		writers.Go(func() {
			slow, by := *a, *a.by
			by.Org = "held" // the sums of an organization have one writer at a time
			slow.store = store.New(dawdling{e, func() error { close(holding); <-held; return nil }}, a.schema, time.Now)
			if err := slow.writeAs(&by, nil, query.Write{Model: "Box", Op: query.Create, Input: object{"id": "held", "name": "long"}}); err != nil {
				t.Error(err)
			}
		})
		<-holding
	}
	var wrote atomic.Int64
	var others sync.WaitGroup
	for worker := range 20 {
		others.Go(func() { wrote.Add(a.dawdle(e, worker, rounds)) })
	}
	others.Wait()
	close(held)
	writers.Wait()
	done.Store(true)
	following.Wait()
	all := len(a.rowsOf(`SELECT seq FROM "_changes"`))
	for i, r := range readers {
		if len(r.broken) > 0 {
			t.Errorf("reader %d: %d breaks: %s", i, len(r.broken), r.broken[0])
		}
		if len(r.entries) != all || r.undone || !slices.IsSorted(r.at) || len(slices.Compact(slices.Clone(r.at))) != all {
			t.Errorf("reader %d: %d entries of %d, or not each once in order (undone: %v)", i, len(r.entries), all, r.undone)
		}
	}
	if !slices.Equal(readers[0].entries, readers[1].entries) {
		t.Error("the readers have read different things")
	}
	if last := readers[0].last; beside && last["heldBox[held]"] == "" || wrote.Load() < int64(6*rounds) {
		t.Errorf("only %d writes, or not the one that was held", wrote.Load())
	}
}

// dawdle writes to a few rows that others write to as well, and counts what it kept.
func (a *app) dawdle(e store.Engine, worker, rounds int) (kept int64) {
	r := rand.New(rand.NewPCG(11, uint64(worker)))
	slow := *a
	undo := false
	slow.store = store.New(dawdling{e, func() error {
		if r.IntN(2) == 0 {
			time.Sleep(time.Duration(r.IntN(3000)) * time.Microsecond)
		}
		if undo {
			return errInjected
		}
		return nil
	}}, a.schema, time.Now)
	for range rounds {
		undo = r.IntN(5) == 0
		name := "done"
		if undo {
			name = "undone"
		}
		by := *a.by
		by.Org = fmt.Sprint("o", r.IntN(6))
		var batch []query.Write
		for range 1 + r.IntN(3) {
			id := fmt.Sprint(r.IntN(8))
			w := query.Write{Model: "Box", Op: query.Upsert, Input: object{"id": id, "name": name}}
			if r.IntN(4) == 0 {
				w = query.Write{Model: "Box", Op: query.Delete, Key: object{"id": id}}
			}
			batch = append(batch, w)
		}
		switch err := slow.writeAs(&by, nil, batch...); {
		case err == nil:
			kept++
		case !expected(err) && !undo:
			a.Error(err)
		}
	}
	return kept
}

func (a *app) rowsOf(sql string) (out []string) {
	err := a.engine.Read(a.Context(), func(c store.Conn) error {
		out = nil
		return c.Query(sql, nil, func(r store.Row) error { out = append(out, r.Text(0)); return nil })
	})
	if err != nil {
		a.Fatal(err)
	}
	return out
}
