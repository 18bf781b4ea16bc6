package socket

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/loam-dev/loam/internal/fault"
)

// Connection is one that is open, for who looks after the server.
type Connection struct {
	ID           string    `json:"id"`
	Node         string    `json:"node"`    // the name of the one that has it
	Subject      string    `json:"subject"` // "" until the client has said who it is
	Organization string    `json:"organization"`
	Address      string    `json:"address"`
	Protocol     string    `json:"protocol"`
	Since        time.Time `json:"since"`
	// Subscriptions are the lists, the documents or the channels that it follows.
	Subscriptions int `json:"subscriptions"`
}

// place is where a connection stands among those of all nodes: by when it was opened,
// as its own node says.
type place struct {
	opened int64 // Unix microseconds
	node   string
	number uint64
}

func (a place) compare(b place) int {
	return cmp.Or(cmp.Compare(a.opened, b.opened), strings.Compare(a.node, b.node), cmp.Compare(a.number, b.number))
}

func (c *conn) place() place {
	return place{c.opened.UnixMicro(), c.server.node.ID, c.number}
}

// id names the connection among those of all nodes.
func (a place) id() string { return a.node + "." + strconv.FormatUint(a.number, 10) }

// readID reads it.
func readID(id string) (node string, number uint64, ok bool) {
	node, text, _ := strings.Cut(id, ".")
	number, err := strconv.ParseUint(text, 10, 64)
	return node, number, err == nil && node != ""
}

// cursor is that of who goes on after a connection.
func (a place) cursor() string { return strconv.FormatInt(a.opened, 10) + "." + a.id() }

// readCursor reads it; "" is before all.
func readCursor(cursor string) (a place, err error) {
	if cursor == "" {
		return a, nil
	}
	opened, id, _ := strings.Cut(cursor, ".")
	var ok bool
	a.node, a.number, ok = readID(id)
	if a.opened, err = strconv.ParseInt(opened, 10, 64); err != nil || !ok {
		return a, fault.New(fault.QueryBadCursor, "the cursor was not made for this list; start again without it").At("cursor")
	}
	return a, nil
}

// list are connections that are open here, oldest first: so many at most, after a
// place. More tells whether others follow.
func (s *Server) list(after place, limit int) (out []Connection, more bool) {
	all := slices.DeleteFunc(s.conns(nil), func(c *conn) bool { return c.place().compare(after) <= 0 })
	slices.SortFunc(all, func(a, b *conn) int { return a.place().compare(b.place()) })
	more = len(all) > limit
	out = make([]Connection, min(len(all), limit))
	for i, c := range all[:len(out)] {
		out[i] = Connection{ID: c.place().id(), Node: s.node.Name, Address: c.remote, Protocol: c.kind(), Since: c.opened.UTC().Truncate(time.Microsecond), Subscriptions: c.follows()}
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
