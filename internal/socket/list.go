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
}

// List are the connections that are open here, oldest first.
func (s *Server) List() []Connection {
	all := s.conns(nil)
	slices.SortFunc(all, func(a, b *conn) int { return cmp.Compare(a.number, b.number) })
	out := make([]Connection, len(all))
	for i, c := range all {
		out[i] = Connection{ID: strconv.FormatUint(c.number, 10), Address: c.remote, Protocol: c.kind(), Since: c.opened.UTC()}
		if by := c.by.Load(); by != nil {
			out[i].Subject, out[i].Organization = by.Subject(), by.Org
		}
	}
	return out
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
