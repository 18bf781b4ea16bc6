package postgres

import (
	"context"
	"net"
	"time"
)

// Tight are limits that a test sets; what is zero stays as it is.
type Tight struct {
	Statements    int
	ConnectQueue  int
	ConnectWait   time.Duration
	Statement     time.Duration
	GroupStall    time.Duration
	GroupTime     time.Duration
	Standing      time.Duration
	Outage        time.Duration
	Answer        time.Duration
	Ping          time.Duration
	Dial          time.Duration
	Probe         time.Duration
	StatementText int
	OldestServer  int
}

func OpenTight(ctx context.Context, o Options, tight Tight) (*Engine, error) {
	lim := defaultLimits()
	set(&lim.statements, tight.Statements)
	set(&lim.connectQueue, tight.ConnectQueue)
	set(&lim.connectWait, tight.ConnectWait)
	set(&lim.statement, tight.Statement)
	set(&lim.groupStall, tight.GroupStall)
	set(&lim.groupTime, tight.GroupTime)
	set(&lim.standing, tight.Standing)
	set(&lim.outage, tight.Outage)
	set(&lim.startup, tight.Outage)
	set(&lim.answer, tight.Answer)
	set(&lim.ping, tight.Ping)
	set(&lim.dial, tight.Dial)
	set(&lim.probe, tight.Probe)
	set(&lim.statementBytes, tight.StatementText)
	set(&lim.oldestServer, tight.OldestServer)
	return open(ctx, o, lim)
}

func set[T comparable](limit *T, to T) {
	var zero T
	if to != zero {
		*limit = to
	}
}

func Translate(sql string) []string { return split(translate(sql)) }

func RoleOf(database, schema, owner string) string { return roleOf(database, schema, owner) }

// Dialer connects to the server.
func (e *Engine) Dialer() *net.Dialer { return e.dialer() }

// Named tells whether statements are prepared under names.
func (e *Engine) Named() bool { return e.named() }

// Waiting is how many wait for a connection.
func (e *Engine) Waiting() int64 { return e.lending.waiting.Load() }

// Rung returns once nobody listens any more.
func (e *Engine) Rung() { <-e.bell.Load().stopped }

// InLine is how many writes of rows wait.
func (e *Engine) InLine() int { return len(e.grouped.jobs) }
