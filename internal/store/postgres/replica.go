package postgres

import (
	"context"
	"net"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// Replica is a standby that is read from, under the same role and policies as its
// primary. What it can't answer at once it leaves to whoever asks: it waits for no
// server that is away. Whether it is a standby, and how far behind, is not its concern.
type Replica struct {
	engine *Engine
	where  string
}

// OpenReplica connects to a standby when it is first asked for something. The role is
// the primary's AppRole.
func OpenReplica(o Options, role string) (*Replica, error) {
	lim := defaultLimits()
	lim.conflicts = 2 // what it replays may be in a statement's way
	lim.losses, lim.outage = 1, -1
	e, config, err := newEngine(o, lim)
	if err != nil {
		return nil, err
	}
	conn := config.ConnConfig
	if slices.ContainsFunc(conn.Fallbacks, func(f *pgconn.FallbackConfig) bool { return f.Host != conn.Host || f.Port != conn.Port }) {
		return nil, fault.New(fault.StoreUnsuitable, "the URL of a replica names one host: how far it is behind is asked of each by itself; list the others as replicas of their own")
	}
	conn.ValidateConnect = nil
	e.role, e.asServer = role, enteringAs(role)
	r := &Replica{e, net.JoinHostPort(conn.Host, strconv.Itoa(int(conn.Port)))}
	return r, e.connect(context.Background(), config)
}

// Where is the replica's host and port.
func (r *Replica) Where() string { return r.where }

// Read runs fn over one snapshot.
func (r *Replica) Read(ctx context.Context, fn func(store.Conn) error) error {
	return r.engine.Read(ctx, fn)
}

// ReadOne is Read for a single statement.
func (r *Replica) ReadOne(ctx context.Context, fn func(store.Conn) error) error {
	return r.engine.ReadOne(ctx, fn)
}

// Close lets what is under way end, and closes the connections.
func (r *Replica) Close() error {
	if err := r.engine.lending.close(r.engine.closeWait); err != nil {
		go r.engine.pool.Close() // it waits for them
		return err
	}
	r.engine.pool.Close()
	return nil
}
