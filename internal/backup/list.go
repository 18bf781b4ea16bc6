package backup

import (
	"context"
	"time"
)

// Listed is a snapshot with what it leads to.
type Listed struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	Bytes   int64     `json:"bytes"`
	Until   time.Time `json:"until"`   // the last commit of the log after it
	Commits int64     `json:"commits"` // in the log after it, up to there
	Gap     bool      `json:"gap"`     // the log goes on behind a part that is missing
}

// List shows the finished snapshots of a target, oldest first. It needs no key.
func List(ctx context.Context, t Target) ([]Listed, error) {
	c, err := readCatalog(ctx, t)
	if err != nil {
		return nil, err
	}
	all := make([]Listed, 0, len(c.snapshots))
	for _, s := range c.snapshots {
		w := c.wayFrom(s, latest())
		l := Listed{ID: s.String(), At: s.At, Bytes: c.sizes[s], Until: w.reach, Commits: w.next - 1 - s.Commit, Gap: w.broken}
		all = append(all, l)
	}
	return all, nil
}
