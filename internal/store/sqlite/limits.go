package sqlite

import (
	"runtime"
	"time"
)

// limits are the bounds of an engine. Tests tighten them; nothing else does.
type limits struct {
	queue          int           // writes that may wait for the writer
	groupJobs      int           // writes that share one commit
	groupTime      time.Duration // how long a group may take in more writes
	readQueue      int           // reads that may wait for a connection
	readerWait     time.Duration // how long a read waits for a free connection
	busyWait       time.Duration // how long SQLite waits for a lock of its own
	writePatience  time.Duration // how long a cancelled statement may still hurt its group
	statements     int           // prepared statements kept per connection
	cacheKiB       int           // page cache per connection
	walSoftPages   int           // a log longer than this is checkpointed in the background
	walHardPages   int           // a log longer than this is restarted by the writer
	walKeptBytes   int           // size that a restarted log file is cut to
	restartWait    time.Duration // how long the writer waits for old readers then
	idleAfter      time.Duration // quiet time before the writer tidies up
	optimizeEvery  time.Duration // least time between two runs of PRAGMA optimize
	roomAfter      time.Duration // without a refusal before a disk is no more said to be full
	holdWait       time.Duration // how long Open waits for another process to let go
	closeWait      time.Duration // how long Close waits for reads to end
	retryAfter     time.Duration // what a refused caller is told
	valueBytes     int           // longest text, blob or row
	statementBytes int           // longest SQL text
}

func defaultLimits() limits {
	return limits{
		queue:          4096,
		groupJobs:      256,
		groupTime:      10 * time.Millisecond,
		readQueue:      4096,
		readerWait:     5 * time.Second,
		busyWait:       5 * time.Second,
		writePatience:  2 * time.Second,
		statements:     256,
		cacheKiB:       8 << 10,
		walSoftPages:   4000,
		walHardPages:   8000,
		walKeptBytes:   20 << 20,
		restartWait:    20 * time.Millisecond,
		idleAfter:      2 * time.Second,
		optimizeEvery:  time.Hour,
		roomAfter:      10 * time.Second,
		holdWait:       time.Second,
		closeWait:      10 * time.Second,
		retryAfter:     time.Second,
		valueBytes:     128 << 20,
		statementBytes: 4 << 20,
	}
}

// holdEvery is the time between two tries to lock the database.
const holdEvery = 20 * time.Millisecond

// probeBytes is what must fit on a disk that is not full.
const probeBytes = 64 << 10

// defaultReaders leaves room for reads that wait for the disk.
func defaultReaders() int { return max(4, 2*runtime.GOMAXPROCS(0)) }
