package replica

import "time"

// OpenSoon is Open for a test, which looks often and waits for little.
func OpenSoon(o Options) (*Set, error) {
	return open(o, limits{every: 20 * time.Millisecond, settle: time.Millisecond, patience: time.Second, pruning: time.Hour})
}
