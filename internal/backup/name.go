package backup

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"strconv"
	"time"
)

// The directories of a target.
const (
	snapshotDir = "snapshots"
	logDir      = "log"
)

// The ends of names.
const (
	pagesSuffix    = ".pages" // a snapshot: the pages of a database file
	manifestSuffix = ".manifest"
	segmentSuffix  = ".commits"
)

// stampForm is how a time stands in a name: it sorts as it counts.
const stampForm = "20060102T150405.000Z"

func stamp(t time.Time) string { return t.UTC().Format(stampForm) }

// once is in the place of a log's id where a snapshot has none to go on with.
const once = "once"

// SnapshotID names a snapshot: when it was taken, and behind which commit of which log.
type SnapshotID struct {
	At     time.Time
	Log    string // "" without a log
	Commit int64  // the number of the log's last commit that is in it
}

// String is the name that commands show and take.
func (s SnapshotID) String() string {
	log := s.Log
	if log == "" {
		log = once
	}
	return fmt.Sprintf("%s_%s_%012d", stamp(s.At), log, s.Commit)
}

func (s SnapshotID) manifest() string { return snapshotDir + "/" + s.String() + manifestSuffix }

func (s SnapshotID) data() string {
	return snapshotDir + "/" + s.String() + pagesSuffix
}

// segmentID names a stretch of a log.
type segmentID struct {
	Log         string
	First, Last int64     // commits, counted from 1
	From, At    time.Time // of the first and the last one
}

func (s segmentID) name() string {
	return fmt.Sprintf("%s/%s/%012d-%012d_%s_%s%s", logDir, s.Log, s.First, s.Last, stamp(s.From), stamp(s.At), segmentSuffix)
}

// The forms of names, anchored: what does not fit was not written here.
const (
	snapshotForm = `^snapshots/(\d{8}T\d{6}\.\d{3}Z)_(once|[0-9a-f]{12})_(\d{12,18})(\.pages|\.manifest)$`
	segmentForm  = `^log/([0-9a-f]{12})/(\d{12,18})-(\d{12,18})_(\d{8}T\d{6}\.\d{3}Z)_(\d{8}T\d{6}\.\d{3}Z)\.commits$`
)

// names parses names.
type names struct{ snapshot, segment *regexp.Regexp }

func newNames() names {
	return names{regexp.MustCompile(snapshotForm), regexp.MustCompile(segmentForm)}
}

// parseSnapshot reads the name of a snapshot's file, and which of its files it is.
func (n names) parseSnapshot(name string) (id SnapshotID, suffix string, ok bool) {
	m := n.snapshot.FindStringSubmatch(name)
	if m == nil {
		return id, "", false
	}
	at, err := time.Parse(stampForm, m[1])
	commit, wrong := strconv.ParseInt(m[3], 10, 64)
	id = SnapshotID{At: at, Log: m[2], Commit: commit}
	if id.Log == once {
		id.Log = ""
	}
	return id, m[4], err == nil && wrong == nil && path.Clean(name) == name
}

func (n names) parseSegment(name string) (id segmentID, ok bool) {
	m := n.segment.FindStringSubmatch(name)
	if m == nil {
		return id, false
	}
	first, err := strconv.ParseInt(m[2], 10, 64)
	last, wrong := strconv.ParseInt(m[3], 10, 64)
	from, early := time.Parse(stampForm, m[4])
	at, late := time.Parse(stampForm, m[5])
	return segmentID{m[1], first, last, from, at}, errors.Join(err, wrong, early, late) == nil && first >= 1 && first <= last
}
