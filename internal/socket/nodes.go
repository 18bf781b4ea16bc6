package socket

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	json "github.com/go-json-experiment/json"

	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/signal"
)

// Asked is which connections somebody wants to see.
type Asked struct {
	Node   string `json:"node"`   // the id of the one that has them; "": all
	Cursor string `json:"cursor"` // of the page before
	Limit  int    `json:"limit"`
}

// Page is what there is of them, oldest first.
type Page struct {
	Items  []Connection
	Cursor string // of the next page; "": there is none
	Nodes  []Node
}

// Node is a server of the database, by what it says of itself at the moment.
type Node struct {
	ID          string `json:"id"`
	Name        string `json:"name"` // of its machine, with the id where several have it
	Connections *int   `json:"connections"`
	Silent      bool   `json:"silent"` // it did not answer: its connections are missing
}

// question is what nodes ask each other: one of these.
type question struct {
	List *Asked  `json:"list,omitzero"`
	End  *ending `json:"end,omitzero"`
}

// ending is a connection that is to be closed, and what is put on record then.
type ending struct {
	Number uint64      `json:"number"`
	Event  audit.Event `json:"event"`
}

// reply is what one node says to it.
type reply struct {
	Connections int          `json:"connections"`
	Items       []Connection `json:"items"`
	More        bool         `json:"more"`
	Ended       bool         `json:"ended"`
}

// Identity is what the others know this node by.
func (s *Server) Identity() signal.Node { return s.node }

// Connect has the server list and end the connections of other nodes, too. It is
// called before anybody asks.
func (s *Server) Connect(p *signal.Peers) { s.peers = p }

// Answer says what this node has to say to a question of another one.
func (s *Server) Answer(ctx context.Context, text []byte) ([]byte, error) {
	var q question
	if err := json.Unmarshal(text, &q); err != nil {
		return nil, err
	}
	var r reply
	var err error
	switch {
	case q.List != nil:
		r, err = s.here(*q.List)
	case q.End != nil:
		r.Ended, err = s.end(ctx, *q.End)
	default:
		err = fmt.Errorf("socket: a question that this version does not know: %s", text)
	}
	if err != nil {
		return nil, err
	}
	return json.Marshal(r)
}

// here is the answer of this node: a page at most, however many connections it has.
func (s *Server) here(q Asked) (r reply, err error) {
	r.Connections = s.count()
	if q.Node != "" && q.Node != s.node.ID {
		return r, nil
	}
	after, err := readCursor(q.Cursor)
	if err == nil {
		r.Items, r.More = s.list(after, q.Limit)
	}
	return r, err
}

// List are connections of all nodes of the database.
func (s *Server) List(ctx context.Context, q Asked) (Page, error) {
	own, err := s.here(q)
	if err != nil {
		return Page{}, err
	}
	answers, err := s.ask(ctx, "", question{List: &q})
	if err != nil {
		return Page{}, err
	}
	p := Page{Items: own.Items, Nodes: []Node{{ID: s.node.ID, Name: s.node.Name, Connections: &own.Connections}}}
	more := own.More
	for _, a := range answers {
		n := Node{ID: a.ID, Name: a.Name, Silent: a.Silent}
		if !a.Silent {
			var r reply
			if err := json.Unmarshal(a.Body, &r); err != nil {
				return Page{}, fmt.Errorf("socket: the answer of %s: %w", a.Name, err)
			}
			n.Connections, more = &r.Connections, more || r.More
			p.Items = append(p.Items, r.Items...)
		}
		p.Nodes = append(p.Nodes, n)
	}
	p.name()
	p.cut(q.Limit, more)
	return p, nil
}

// name tells nodes of one machine apart.
func (p *Page) name() {
	slices.SortFunc(p.Nodes, func(a, b Node) int { return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID)) })
	bearers, names := map[string]int{}, map[string]string{}
	for _, n := range p.Nodes {
		bearers[n.Name]++
	}
	for i, n := range p.Nodes {
		if bearers[n.Name] > 1 {
			p.Nodes[i].Name += " (" + n.ID + ")"
		}
		names[n.ID] = p.Nodes[i].Name
	}
	for i, c := range p.Items {
		id, _, _ := readID(c.ID)
		p.Items[i].Node = names[id]
	}
}

// cut keeps the oldest, as many as a page has; more tells that a node has others. None
// of those comes before one that is kept: each has sent its own oldest, a page of them.
func (p *Page) cut(limit int, more bool) {
	at := func(c Connection) place {
		node, number, _ := readID(c.ID)
		return place{c.Since.UnixMicro(), node, number}
	}
	slices.SortFunc(p.Items, func(a, b Connection) int { return at(a).compare(at(b)) })
	more = more || len(p.Items) > limit
	p.Items = p.Items[:min(len(p.Items), limit)]
	if n := len(p.Items); more && n > 0 {
		p.Cursor = at(p.Items[n-1]).cursor()
	}
}

// ask asks other nodes, where there are any.
func (s *Server) ask(ctx context.Context, node string, q question) ([]signal.Answer, error) {
	if s.peers == nil {
		return nil, nil
	}
	text, err := json.Marshal(q)
	if err != nil {
		return nil, err
	}
	return s.peers.Ask(ctx, node, text)
}

// End closes a connection of whichever node by its id. The node puts the event on
// record before it does, with its own name, so that nothing ends without.
func (s *Server) End(ctx context.Context, id string, e audit.Event) error {
	missing := fault.New(fault.HTTPNotFound, "there is no such connection any more")
	node, number, ok := readID(id)
	if !ok {
		return missing
	}
	what := ending{number, e.From(ctx)}
	if node == s.node.ID {
		if found, err := s.end(ctx, what); err != nil || found {
			return err
		}
		return missing
	}
	answers, err := s.ask(ctx, node, question{End: &what})
	if err != nil {
		return err
	}
	if len(answers) == 0 {
		return missing
	}
	var r reply
	a := answers[0]
	switch {
	case a.Silent:
		return fault.New(fault.Unready, "the server %s, which has the connection, has not answered in time; look whether it is still there, and try again", a.Name)
	case json.Unmarshal(a.Body, &r) != nil:
		return fmt.Errorf("socket: the answer of %s is %q", a.Name, a.Body)
	case !r.Ended:
		return missing
	}
	return nil
}

// end closes a connection of this node, and tells whether it was there.
func (s *Server) end(ctx context.Context, what ending) (bool, error) {
	for _, c := range s.conns(nil) {
		if c.number != what.Number {
			continue
		}
		what.Event.Details = map[string]any{"node": s.node.Name}
		if err := s.Audit.Write(ctx, what.Event); err != nil {
			return false, err
		}
		c.fail(fault.New(fault.RealtimeExpired, "an administrator of the server has closed this connection"))
		return true, nil
	}
	return false, nil
}
