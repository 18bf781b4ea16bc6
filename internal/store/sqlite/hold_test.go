package sqlite

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/store"
)

var errHeld = errors.New("held")

// holdWriter keeps the writer inside a job until the returned function is
// called, so that what is written meanwhile becomes one group. The job itself
// fails, and so is never in that group.
func holdWriter(t testing.TB, e *Engine) (release func()) {
	t.Helper()
	inside, leave, done := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		done <- e.Write(context.Background(), func(store.Conn) error {
			close(inside)
			<-leave
			return errHeld
		})
	}()
	<-inside
	var once sync.Once
	release = func() {
		once.Do(func() {
			close(leave)
			if err := <-done; err != errHeld {
				t.Error(err)
			}
		})
	}
	t.Cleanup(release)
	return release
}

// waitQueued returns once n writes wait in the queue.
func waitQueued(t testing.TB, e *Engine, n int) {
	t.Helper()
	for range 5000 {
		if len(e.writer.queue) >= n {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatalf("%d writes are waiting, not %d", len(e.writer.queue), n)
}
