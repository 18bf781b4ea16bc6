package attempt

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"
)

func TestLimiterIsBounded(t *testing.T) {
	l := New(Limits{Free: 1, Most: time.Minute, Forget: time.Hour, Queue: 1, Keys: 100}, time.Now, nil)
	for i := range 1000 {
		end, err := l.Begin(context.Background(), fmt.Sprint(i))
		if err != nil {
			t.Fatal(err)
		}
		end(Failed)
	}
	if n := len(l.entries); n > 100 {
		t.Errorf("%d counters", n)
	}
}

// TestPassedLeavesNothing: attempts that pass, at once, are let through one after
// another, and no counter of theirs stays in memory.
func TestPassedLeavesNothing(t *testing.T) {
	l := New(Limits{Free: 1, Most: time.Minute, Forget: time.Hour, Resets: true, Queue: 100, Keys: 100}, time.Now, nil)
	var group sync.WaitGroup
	for range 64 {
		group.Go(func() {
			end, err := l.Begin(t.Context(), "ada")
			if err != nil {
				t.Error(err)
				return
			}
			end(Passed)
		})
	}
	group.Wait()
	if n := len(l.entries); n != 0 {
		t.Errorf("%d counters are left", n)
	}
}
