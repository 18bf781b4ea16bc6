package store

import "sync"

// Listeners are those whom an engine tells of commits. The zero value has none. It is
// safe for concurrent use.
type Listeners struct {
	mu  sync.Mutex
	all []chan<- struct{}
}

// Add has one more told.
func (l *Listeners) Add(c chan<- struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, c)
}

// Tell sends each a signal, but for who has not looked since the last one.
func (l *Listeners) Tell() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.all {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}
