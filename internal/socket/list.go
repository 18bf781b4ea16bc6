package socket

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/loam-dev/loam/internal/fault"
)

// Connection is one that is open, for who looks after the server.
type Connection struct {
	ID           string    `json:"id"`
	Subject      string    `json:"subject"` // "" until the client has said who it is
	Organization string    `json:"organization"`
	Address      string    `json:"address"`
	Protocol     string    `json:"protocol"`
	Since        time.Time `json:"since"`
	// Subscriptions are the lists, the documents or the channels that it follows.
	Subscriptions int `json:"subscriptions"`
}

// List are connections that are open here, oldest first: at most so many after the one
// of a number, 0 for the oldest. More tells whether others follow.
func (s *Server) List(after uint64, limit int) (out []Connection, more bool) {
	all := slices.DeleteFunc(s.conns(nil), func(c *conn) bool { return c.number <= after })
	slices.SortFunc(all, func(a, b *conn) int { return cmp.Compare(a.number, b.number) })
	more = len(all) > limit
	out = make([]Connection, min(len(all), limit))
	for i, c := range all[:len(out)] {
		out[i] = Connection{ID: strconv.FormatUint(c.number, 10), Address: c.remote, Protocol: c.kind(), Since: c.opened.UTC(), Subscriptions: c.follows()}
		if by := c.by.Load(); by != nil {
			out[i].Subject, out[i].Organization = by.Subject(), by.Org
		}
	}
	return out, more
}

// follows counts what a connection is told of.
func (c *conn) follows() int {
	switch p := c.protocol.(type) {
	case *graphQL:
		p.mu.Lock()
		defer p.mu.Unlock()
		return len(p.ops)
	case *live:
		return len(p.all())
	case *channels:
		return len(p.all())
	}
	return 1 // an answer of events is of one thing
}

// End closes a connection by its id, and tells whether it was there.
func (s *Server) End(id string) bool {
	for _, c := range s.conns(nil) {
		if strconv.FormatUint(c.number, 10) == id {
			c.fail(fault.New(fault.RealtimeExpired, "an administrator of the server has closed this connection"))
			return true
		}
	}
	return false
}

// kind names the protocol.
func (c *conn) kind() string {
	switch c.protocol.(type) {
	case *graphQL:
		return "graphql"
	case *live:
		return "loam-live"
	case *channels, *presence:
		return "loam-channels"
	case *stream:
		return "sse"
	}
	return "other"
}
