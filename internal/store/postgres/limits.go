package postgres

import (
	"runtime"
	"time"
)

// limits are the bounds of an engine. Tests tighten them; nothing else does.
type limits struct {
	connections    int           // where neither Options nor the URL says
	connectQueue   int           // transactions that may wait for a connection
	connectWait    time.Duration // how long one waits for it
	writeQueue     int           // writes that may wait for their turn
	writeWait      time.Duration // how long one waits for it
	groupJobs      int           // writes of rows that share a commit; PostgreSQL remembers 64 savepoints cheaply
	waryGroups     int           // in which nothing is awaited, after one that had to be done again
	groupTime      time.Duration // after which a group takes no further one
	groupStatement time.Duration // how long a statement of a group may run, and
	groupLock      time.Duration // how long it may wait for a lock: a write that needs longer goes on alone
	groupStall     time.Duration // how long a group may take over one write before those behind it go on alone
	dial           time.Duration // how long connecting to one host may take, where the URL doesn't say
	statement      time.Duration // how long one statement may run; the server ends it then
	standing       time.Duration // how long a transaction may stand idle; the server ends it then, and its locks
	answer         time.Duration // how much longer than statement an answer may take on its way
	commitWait     time.Duration // how long COMMIT may take
	conflicts      int           // times that a transaction is run for conflicts with others
	conflictPause  time.Duration // before it runs again, at most, growing with each time
	losses         int           // times that a transaction is run for connections that broke: it may be what breaks them
	outage         time.Duration // how long a transaction tries to find a server that works: less than a request may take
	startup        time.Duration // how long Open does
	probe          time.Duration // how long Writable looks
	ping           time.Duration // how long a connection that may be broken has to show that it is not
	silence        time.Duration // how long a host may leave what it was sent unacknowledged
	outagePause    time.Duration // between two tries
	ringPause      time.Duration // between two times that the others are told
	relayPause     time.Duration // between two times that a relay has this server look
	listenPause    time.Duration // from the loss of the connection that listens to another
	idleAfter      time.Duration // an unused connection is closed
	fullEvery      time.Duration // between two times that the log says so of the server's disk
	statements     int           // prepared statements kept per connection
	constraints    int           // constraints whose columns are remembered
	closeWait      time.Duration // how long Close waits for transactions to end
	retryAfter     time.Duration // what a refused caller is told
	valueBytes     int           // longest argument
	statementBytes int           // longest SQL text
	oldestServer   int           // least server_version_num
}

func defaultLimits() limits {
	return limits{
		connections:    max(8, 4*runtime.GOMAXPROCS(0)),
		connectQueue:   4096,
		connectWait:    5 * time.Second,
		writeQueue:     4096,
		writeWait:      10 * time.Second,
		groupJobs:      48,
		waryGroups:     4,
		groupTime:      20 * time.Millisecond,
		groupStatement: 100 * time.Millisecond,
		groupLock:      20 * time.Millisecond,
		groupStall:     250 * time.Millisecond,
		dial:           2 * time.Second,
		statement:      30 * time.Second,
		standing:       10 * time.Second,
		answer:         5 * time.Second,
		commitWait:     30 * time.Second,
		conflicts:      8,
		conflictPause:  5 * time.Millisecond,
		losses:         3,
		outage:         6 * time.Second,
		startup:        30 * time.Second,
		probe:          2 * time.Second,
		ping:           time.Second,
		silence:        4 * time.Second,
		outagePause:    100 * time.Millisecond,
		ringPause:      5 * time.Millisecond,
		relayPause:     10 * time.Millisecond,
		listenPause:    time.Second,
		idleAfter:      5 * time.Minute,
		fullEvery:      time.Minute,
		statements:     256,
		constraints:    4096,
		closeWait:      10 * time.Second,
		retryAfter:     time.Second,
		valueBytes:     128 << 20,
		statementBytes: 4 << 20,
		oldestServer:   150000,
	}
}
