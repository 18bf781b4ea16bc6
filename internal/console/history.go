package console

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/data"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/resturl"
	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/store"
)

// The limits of a page, of a row's history or of connections.
const (
	defaultPage   = 30
	maxPage       = 200
	historyWithin = 20_000 // entries of the model that are looked through for it
)

// History is a page of what happened to a row, newest first. One without items may have
// others after it.
type History struct {
	Items      []Past  `json:"items"`
	NextCursor *string `json:"nextCursor"`
	Retention  string  `json:"retention"` // for how long changes are kept
}

// Past is one change.
type Past struct {
	At           string          `json:"at"`
	Operation    string          `json:"operation"`
	Actor        string          `json:"actor"`
	ActorName    string          `json:"actorName"` // an address; "" where there is none any more
	AsAdmin      bool            `json:"asAdmin"`
	Impersonator string          `json:"impersonator"` // who acted as the actor; "" for nobody
	Changes      []FieldChange   `json:"changes"`
	Before       json.RawMessage `json:"before"`
	After        json.RawMessage `json:"after"`
}

// FieldChange is what became of a field.
type FieldChange struct {
	Field  string          `json:"field"`
	Before json.RawMessage `json:"before"`
	After  json.RawMessage `json:"after"`
}

// History reads it as an admin who looks into the organization.
func (s *Service) History(ctx context.Context, d *data.Service, admin *access.Principal, org, path, id, cursor string, limit int) (History, error) {
	m := d.Schema().ModelAt(path)
	switch {
	case m == nil:
		return History{}, fault.New(fault.QueryUnknownModel, "there is no /api/%s", path)
	case m.Scope == schema.Tenant && org == "":
		return History{}, fault.New(fault.AccessNoOrganization, "%s belongs to an organization: say which, ?organization=<id>", m.Name).At("organization")
	}
	before, err := strconv.ParseInt("0"+cursor, 10, 64)
	if err != nil {
		return History{}, fault.New(fault.QueryBadCursor, "the cursor was not made for this list; start again without it").At("cursor")
	}
	key, err := resturl.Key(m, id)
	if err != nil {
		return History{}, err
	}
	if err := s.look(ctx, admin.Superuser(org), "id"); err != nil {
		return History{}, err
	}
	found, next, err := d.History(ctx, m, org, key, store.Asked{Before: before, Limit: limit, Within: historyWithin})
	if err != nil {
		return History{}, wrap("reading a row's history", err)
	}
	out := History{Items: []Past{}, Retention: s.opts.Config.Realtime.Retention.String()}
	if next > 0 {
		cursor := strconv.FormatInt(next, 10)
		out.NextCursor = &cursor
	}
	name := s.Namer(ctx)
	for _, p := range found {
		one := Past{At: p.At, Operation: p.Op, Before: shown(m, p.Before), After: shown(m, p.After), Changes: []FieldChange{}}
		one.Actor, one.AsAdmin = strings.CutSuffix(p.Actor, " as admin")
		if by, as, both := strings.Cut(one.Actor, " as "); both {
			one.Impersonator, one.Actor = by, as
		}
		one.ActorName = name(one.Actor)
		one.Changes = append(one.Changes, changesOf(m, one.Before, one.After)...)
		out.Items = append(out.Items, one)
	}
	return out, nil
}

// Namer finds the addresses of users by their subjects, each once; "" is for who is gone,
// or is none.
func (s *Service) Namer(ctx context.Context) func(subject string) string {
	known := map[string]string{}
	return func(subject string) string {
		id, isUser := strings.CutPrefix(subject, "user:")
		if !isUser {
			return ""
		}
		if name, ok := known[id]; ok {
			return name
		}
		known[id] = ""
		if by, err := s.opts.People(ctx, id, ""); err == nil {
			known[id] = by.Email
		}
		return known[id]
	}
}

// Limit reads how many items a page is to have; "" leaves it to the server.
func (s *Service) Limit(text string) (int, error) {
	if text == "" {
		return defaultPage, nil
	}
	limit, err := strconv.Atoi(text)
	if err != nil || limit < 1 || limit > maxPage {
		return 0, fault.New(fault.QueryLimit, "limit is %q; it is from 1 to %d", text, maxPage).At("limit")
	}
	return limit, nil
}

// shown is a row of the log without what is on no door.
func shown(m *schema.Model, row []byte) json.RawMessage {
	if row == nil {
		return nil
	}
	fields := fieldsIn(row)
	for name := range fields {
		if f := m.Field(name); f == nil || f.Hidden {
			delete(fields, name)
		}
	}
	text, err := json.Marshal(fields)
	if err != nil {
		return nil
	}
	return text
}

func fieldsIn(row []byte) map[string]json.RawMessage {
	fields := map[string]json.RawMessage{}
	_ = json.Unmarshal(row, &fields) // a row of ours is an object
	return fields
}

// changesOf are the fields that differ, in the order of the model. When a row was
// changed last is no change of its own.
func changesOf(m *schema.Model, before, after json.RawMessage) []FieldChange {
	if before == nil || after == nil {
		return nil
	}
	was, is := fieldsIn(before), fieldsIn(after)
	var out []FieldChange
	for _, f := range m.Fields {
		if f == m.UpdatedAt || f == m.Version || bytes.Equal(was[f.Name], is[f.Name]) {
			continue
		}
		out = append(out, FieldChange{f.Name, orNull(was[f.Name]), orNull(is[f.Name])})
	}
	return out
}

func orNull(v json.RawMessage) json.RawMessage {
	if v == nil {
		return json.RawMessage("null")
	}
	return v
}
