package backup

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/loam-dev/loam/internal/fault"
)

// catalog is what a target holds, by its names alone.
type catalog struct {
	snapshots []SnapshotID // that are finished, oldest first
	sizes     map[SnapshotID]int64
	begun     []Object               // files of snapshots that are not finished
	segments  map[string][]segmentID // of each log, in the order of their commits; before those that it was put together from comes the one that was
	lengths   map[segmentID]int64    // bytes
}

func readCatalog(ctx context.Context, t Target) (*catalog, error) {
	c := &catalog{sizes: map[SnapshotID]int64{}, segments: map[string][]segmentID{}, lengths: map[segmentID]int64{}}
	snapshots, err := t.List(ctx, snapshotDir)
	if err != nil {
		return nil, err
	}
	segments, err := t.List(ctx, logDir)
	if err != nil {
		return nil, err
	}
	names := newNames()
	data := map[string]SnapshotID{}
	objects := map[string]Object{}
	for _, o := range snapshots {
		if id, suffix, ok := names.parseSnapshot(o.Name); ok && suffix != manifestSuffix {
			data[id.String()], objects[id.String()] = id, o
		}
	}
	for _, o := range snapshots {
		named, suffix, ok := names.parseSnapshot(o.Name)
		if !ok || suffix != manifestSuffix {
			continue
		}
		id, whole := data[named.String()]
		if !whole {
			c.begun = append(c.begun, o)
			continue
		}
		c.snapshots = append(c.snapshots, id)
		c.sizes[id] = o.Size + objects[id.String()].Size
		delete(data, id.String())
	}
	for id := range data {
		c.begun = append(c.begun, objects[id])
	}
	slices.SortFunc(c.snapshots, func(a, b SnapshotID) int { return a.At.Compare(b.At) })
	for _, o := range segments {
		if id, ok := names.parseSegment(o.Name); ok {
			c.segments[id.Log], c.lengths[id] = append(c.segments[id.Log], id), o.Size
		}
	}
	for _, log := range c.segments {
		slices.SortFunc(log, func(a, b segmentID) int { return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(b.Last, a.Last)) })
	}
	return c, nil
}

// way is how to restore a moment: a snapshot and what comes after it.
type way struct {
	snapshot SnapshotID
	segments []segmentID
	next     int64     // the commit behind them
	reach    time.Time // the last moment that they lead to
	beyond   bool      // they lead past the moment
	broken   bool      // the log goes on behind a gap
}

// wayFrom follows the log behind a snapshot up to a moment.
func (c *catalog) wayFrom(s SnapshotID, at time.Time) way {
	w := way{snapshot: s, next: s.Commit + 1, reach: s.At}
	if s.Log == "" {
		return w
	}
	for _, seg := range c.segments[s.Log] {
		if seg.Last < w.next {
			continue
		}
		if seg.From.After(at) {
			w.beyond = seg.First == w.next
			w.broken = !w.beyond
			break
		}
		if seg.First > w.next {
			w.broken = true
			break
		}
		w.segments, w.next = append(w.segments, seg), seg.Last+1
		if seg.At.After(w.reach) {
			w.reach = seg.At
		}
		if seg.At.After(at) {
			w.beyond = true
			break
		}
	}
	return w
}

// latest is later than any moment.
func latest() time.Time { return time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) }

// wayTo finds how to restore a moment, from one snapshot or, where none is named, from
// the one that leads furthest. It fails where what was then is not known.
func (c *catalog) wayTo(at time.Time, named string) (way, error) {
	var best way
	found := false
	for _, s := range c.snapshots {
		if s.At.After(at) || named != "" && s.String() != named {
			continue
		}
		w := c.wayFrom(s, at)
		if !found || earlier(w.reach, at).Compare(earlier(best.reach, at)) >= 0 {
			best, found = w, true
		}
	}
	switch {
	case !found && named != "":
		return best, fault.New(fault.BackupNone, "there is no snapshot %s of that time or before it; `loam backup list` shows what there is", named)
	case !found && len(c.snapshots) == 0:
		return best, fault.New(fault.BackupNone, "there is no finished backup here; make one with `loam backup`")
	case !found:
		return best, fault.New(fault.BackupNone, "the first backup is of %s; that is the earliest moment that can be restored", show(c.snapshots[0].At))
	case best.beyond, !at.After(best.reach):
		return best, nil
	case best.broken:
		return best, c.gap(best, at)
	case named == "" && !c.known(best, at):
		return best, c.gap(best, at)
	}
	return best, nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// known tells whether nothing was committed between the end of a way and a moment, as
// far as the target can tell: where a later snapshot is, it says so.
func (c *catalog) known(w way, at time.Time) bool {
	for _, s := range c.snapshots {
		if s.At.After(at) {
			return s.Log != "" && s.Log == w.snapshot.Log && s.Commit == w.next-1
		}
	}
	return true
}

// gap is the error for a moment of which nothing is known.
func (c *catalog) gap(w way, at time.Time) error {
	until := show(w.reach)
	for _, s := range c.snapshots {
		if s.At.After(at) {
			return fault.New(fault.BackupGap, "of what was committed between %s and %s a part is missing; restore --to-time %s or before it, or %s or after it", until, show(s.At), until, show(s.At))
		}
	}
	return fault.New(fault.BackupGap, "of what was committed after %s a part is missing; restore --to-time %s or before it", until, until)
}

// show writes a moment as --to-time takes it.
func show(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// spare lists what is not needed to restore any moment since a horizon. The newest
// snapshot stays, whatever its age.
func (c *catalog) spare(horizon time.Time) []string {
	keep := 0
	for i, s := range c.snapshots {
		if !s.At.After(horizon) {
			keep = i
		}
	}
	var names []string
	first := map[string]int64{} // the earliest commit that is needed of each log
	for i, s := range c.snapshots {
		if i < keep {
			names = append(names, s.manifest(), s.data()) // in this order: what is half gone is not there
			continue
		}
		if from, ok := first[s.Log]; !ok || s.Commit < from {
			first[s.Log] = s.Commit
		}
	}
	for log, segments := range c.segments {
		from, needed := first[log]
		for _, seg := range segments {
			if needed && seg.Last <= from || !needed && seg.At.Before(horizon) {
				names = append(names, seg.name())
			}
		}
	}
	return names
}
