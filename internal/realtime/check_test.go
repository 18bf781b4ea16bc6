package realtime_test

import (
	"encoding/json"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/realtime"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/storetest"
)

// TestCheckedBetween takes a subscriber's rights away and writes, both just after it was
// looked whether the rights hold: nothing of what is written is told.
func TestCheckedBetween(t *testing.T) {
	storetest.Each(t, func(t *testing.T, e store.Engine) {
		n := newNotebook(t, e)
		for round, read := range n.reads() {
			p := &page{notebook: n, read: read}
			write := func(rank string) {
				input := map[string]any{"id": rank, "rank": json.Number(rank)}
				if _, err := n.plain.Write(t.Context(), n.by, []*query.Write{{Model: "Note", Op: query.Upsert, Input: input}}, nil); err != nil {
					t.Error(err)
				}
			}
			var armed, revoked atomic.Bool
			h, err := realtime.New(realtime.Options{Key: make([]byte, 32), Wake: n.wake, Log: slog.New(slog.DiscardHandler), Now: time.Now,
				Limits: realtime.Limits{PerUser: 100, PerOrganization: 100, All: 100},
				Check: func() {
					if revoked.Load() {
						p.sub.Close()
					} else if armed.Load() && !revoked.Swap(true) {
						write("2")
					}
				}})
			if err != nil {
				t.Fatal(err)
			}
			h.Use(n.plain)
			n.hub = h
			p.join("")
			armed.Store(true)
			write("1")
			for h.Stats().Position == 0 || !revoked.Load() || h.Stats().Subscriptions > 0 {
				select {
				case n.wake <- struct{}{}:
				default:
				}
				time.Sleep(time.Millisecond)
			}
			h.Close()
			if text := strings.Join(p.rows, ","); strings.Contains(text, `"rank":2`) {
				t.Errorf("round %d: told %s", round, text)
			}
			if _, err := n.plain.Write(t.Context(), n.by, []*query.Write{{Model: "Note", Op: query.Delete, Key: map[string]any{"id": "2"}}}, nil); err != nil {
				t.Error(err)
			}
		}
	})
}
