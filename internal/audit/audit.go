// Package audit keeps the record of every security event: who did what to whom,
// from where, and how it ended. Records are only ever added, inside the
// transaction of what they tell of, so that there is neither an action without
// its record nor a record without its action. Each is chained to the one before
// by its hash, and the newest is vouched for by a key of the vault: Verify finds
// any change. It is not the change log of rows (store), and decides nothing
// about who may read it.
package audit

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/vault"
)

// The limits of the room. What is over one is cut, and says so by its end.
const (
	maxText      = 256     // characters of a text
	maxDetails   = 4 << 10 // bytes of a record's details
	maxKeys      = 32      // of one object of details
	maxItems     = 32      // of one list of details
	maxDepth     = 4       // levels of details
	defaultPage  = 100     // records a page
	maxPage      = 1000
	exportedPage = 500 // records that an export holds in memory
)

// The outcomes.
const (
	Success = "success"
	Failure = "failure" // tried, and did not succeed: a wrong password
	Denied  = "denied"  // not allowed to
)

// System is the actor where no caller is: the command line, seeds, the server itself.
const System = "system"

// Event is what happened. Action and Actor are needed. No field may hold a
// secret; the text of any may come from a caller.
type Event struct {
	Action       string // "room.what_happened"
	Outcome      string // "": Success
	Org          string // whose owners and admins see the record; "": nobody's
	Actor        string // access.Principal.Subject, or System
	Impersonator string // who acts as the actor, in the same form
	Target       string // what it was done to, in the same form: "user:<id>"
	Address      string // From fills these in
	Agent        string
	Request      string
	Details      map[string]any // texts, numbers, booleans, lists and objects of them
}

// Origin is where a request comes from.
type Origin struct {
	Addr    netip.Addr
	Agent   string // User-Agent
	Request string // the request's id
}

type (
	originKey       struct{}
	impersonatorKey struct{}
)

// WithOrigin lets the events of a request know where it comes from.
func WithOrigin(ctx context.Context, o Origin) context.Context {
	return context.WithValue(ctx, originKey{}, &o)
}

// WithImpersonator lets the events of a request name who acts as the caller, by
// their subject.
func WithImpersonator(ctx context.Context, subject string) context.Context {
	return context.WithValue(ctx, impersonatorKey{}, subject)
}

// From returns the event with the origin and the impersonator that ctx has, where
// it has them.
func (e Event) From(ctx context.Context) Event {
	if subject, ok := ctx.Value(impersonatorKey{}).(string); ok && e.Impersonator == "" {
		e.Impersonator = subject
	}
	o, ok := ctx.Value(originKey{}).(*Origin)
	if !ok {
		return e
	}
	if o.Addr.IsValid() {
		e.Address = o.Addr.Unmap().WithZone("").String()
	}
	e.Agent, e.Request = o.Agent, o.Request
	return e
}

// Log is the audit log of one environment. It is safe for concurrent use. A nil
// Log records nothing.
type Log struct {
	engine  store.Engine
	mac     *vault.MAC
	cursors *vault.Sealer
	now     func() time.Time
	denied  refusals
}

// New makes the log. The system tables must exist. Now may be nil: the clock.
func New(engine store.Engine, v *vault.Vault, now func() time.Time) *Log {
	if now == nil {
		now = time.Now
	}
	return &Log{engine: engine, mac: v.MAC("audit/head"), cursors: v.Sealer("audit/cursor"), now: now}
}

var actionName = form.Pattern(`^[a-z]+(\.[a-z_]+){1,2}$`)

// Append adds a record inside the caller's transaction. An error is to undo the
// whole of it: what can't be recorded does not happen.
func (l *Log) Append(c store.Conn, e Event) error {
	if l == nil {
		return nil
	}
	if !actionName().MatchString(e.Action) || e.Actor == "" {
		return fmt.Errorf("audit: an event has no action or no actor: %q by %q", e.Action, e.Actor)
	}
	r, err := l.record(e)
	if err != nil {
		return err
	}
	return wrap("recording "+e.Action, l.extend(c, r))
}

// Write is Append in a transaction of its own: for what changed nothing, such as
// a sign-in that failed.
func (l *Log) Write(ctx context.Context, e Event) error {
	if l == nil {
		return nil
	}
	return l.engine.Write(ctx, func(c store.Conn) error { return l.Append(c, e.From(ctx)) })
}

// record is the event in the form in which it is stored.
func (l *Log) record(e Event) (record, error) {
	if e.Outcome == "" {
		e.Outcome = Success
	}
	details, err := encode(e.Details)
	if err != nil {
		return record{}, err
	}
	return record{
		at: form.Stamp(l.now()), action: e.Action, outcome: clean(e.Outcome), org: clean(e.Org),
		actor: clean(e.Actor), impersonator: clean(e.Impersonator), target: clean(e.Target),
		address: clean(e.Address), agent: clean(e.Agent), request: clean(e.Request), details: details,
	}, nil
}

// wrap names the operation that failed, for the log.
func wrap(operation string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("audit: %s: %w", operation, err)
}

func badCursor() *fault.Error {
	return fault.New(fault.QueryBadCursor, "the cursor was not made for this list; start again without it").At("cursor")
}
