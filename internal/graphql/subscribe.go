package graphql

import (
	"encoding/json"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/query"
)

// Subscription is what a subscription document asks to follow, and the shape in
// which each event is answered. It is immutable.
type Subscription struct {
	Read  *query.Read   // Op query.Follow
	Kind  OperationKind // OnCreate, OnUpdate, OnDelete or OnChange
	Since string        // OnChange: a position, or "" for now
	parts []part
	end   string
}

// part is a text, and the member of an event that follows it.
type part struct {
	text, member string
}

// Event is what happened to one row.
type Event struct {
	Op     string // of ModelChangeOp
	ID     string // "" for none
	Row    []byte // in the shape of the subscription's Read, or nil
	Cursor func([]byte) []byte
}

// Append appends the answer to an event: an object with data.
func (s *Subscription) Append(b []byte, e *Event) []byte {
	for _, p := range s.parts {
		b = append(b, p.text...)
		switch p.member {
		case "op":
			b = append(append(append(b, '"'), e.Op...), '"')
		case "id":
			b = appendText(b, e.ID)
		case "cursor":
			b = append(e.Cursor(append(b, '"')), '"') // base64url: nothing to escape
		case "row":
			if e.Row == nil {
				b = append(b, "null"...)
			} else {
				b = append(b, e.Row...)
			}
		}
	}
	return append(b, s.end...)
}

func appendText(b []byte, s string) []byte {
	if s == "" {
		return append(b, "null"...)
	}
	text, err := json.Marshal(s)
	if err != nil {
		panic("graphql: a text always encodes: " + err.Error())
	}
	return append(b, text...)
}

// subscribe turns a subscription's document into what to follow.
func (e *execution) subscribe(op *ast.OperationDefinition) *Answer {
	fields := e.collect(op.SelectionSet, "Subscription")
	if len(fields) != 1 {
		return Refuse(fault.New(fault.GraphQLSubscription, "a subscription has exactly one root field, and this has %d", len(fields)))
	}
	f := fields[0]
	def := e.api.Subscriptions[f.Name]
	if def == nil {
		return Refuse(fault.New(fault.GraphQLSubscription, "%s can't be subscribed to", f.Name))
	}
	s, err := e.follow(f, def)
	if err != nil {
		entry := fromFault(err)
		entry.Path = []any{f.Alias}
		return &Answer{Errors: []Error{entry}}
	}
	return &Answer{Follow: s}
}

func (e *execution) follow(f field, op *Operation) (*Subscription, error) {
	args := e.arguments(f)
	filter, _ := args["filter"].(map[string]any)
	renamed, err := e.api.Rename(op.Model, filter)
	if err != nil {
		return nil, err
	}
	var all []any
	if len(renamed) > 0 {
		all = append(all, renamed)
	}
	for _, owner := range op.Owners {
		if v := args[owner.Name]; v != nil {
			all = append(all, map[string]any{owner.Name: map[string]any{"eq": v}})
		}
	}
	s := &Subscription{Read: &query.Read{Model: op.Model.Name, Op: query.Follow}, Kind: op.Kind}
	if len(all) > 0 {
		s.Read.Filter = map[string]any{"and": all}
	}
	s.Since, _ = args["since"].(string)
	if op.Kind == OnChange {
		return s, e.change(s, f, op)
	}
	s.parts, s.end = []part{{`{"data":{"` + f.Alias + `":`, "row"}}, "}}"
	s.Read.Select, err = e.selection(f.set, op.Model)
	return s, err
}

// change makes the shape of an event with the members that were asked for. The row
// is encoded once for all who follow it, and so in one selection alone.
func (e *execution) change(s *Subscription, f field, op *Operation) error {
	typeName := f.Definition.Type.Name()
	text, rows := `{"data":{"`+f.Alias+`":{`, 0
	for i, member := range e.collect(f.set, typeName) {
		if i > 0 {
			text += ","
		}
		text += `"` + member.Alias + `":`
		switch member.Name {
		case "__typename":
			text += `"` + typeName + `"`
			continue
		case "row":
			var err error
			if s.Read.Select, err = e.selection(member.set, op.Model); err != nil {
				return err
			}
			rows++
		}
		s.parts, text = append(s.parts, part{text, member.Name}), ""
	}
	s.end = text + "}}}"
	switch rows {
	case 0:
		s.Read.Select = []query.Field{{Name: op.Model.Key[0].Name}}
	case 1:
	default:
		return fault.New(fault.GraphQLSubscription, "row is selected %d times; select it once, with all its fields", rows)
	}
	return nil
}
