package channel

import (
	"cmp"
	"context"
	"fmt"

	json "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/store"
)

// Message is what somebody says in a channel.
type Message struct {
	Event string         `json:"event"` // its name: "typing"
	Data  jsontext.Value `json:"data"`  // any JSON; none is null
}

// Send says something in a channel without being in it. It returns the message's id.
func (h *Hub) Send(ctx context.Context, by *access.Principal, name string, m Message) (string, error) {
	s, err := h.stand(by, name)
	if err == nil && !s.send {
		err = denied("send to", name, by)
	}
	if err == nil {
		err = h.row(ctx, by, s)
	}
	if err != nil {
		return "", err
	}
	r := h.enter(address{by.Org, name})
	defer h.exit(r)
	return h.say(ctx, r, s.rule, by, "", m)
}

// Send says something to the other members. It returns the message's id.
func (m *Member) Send(ctx context.Context, what Message) (string, error) {
	m.room.mu.Lock()
	by, may, in := m.by, m.may, m.in
	m.room.mu.Unlock()
	switch {
	case !in:
		return "", m.absent()
	case !may.send:
		return "", denied("send to", m.room.name, by)
	}
	return m.hub.say(ctx, m.room, m.rule, by, m.ref, what)
}

// say tells everybody of a message; ref is the connection that it comes from.
func (h *Hub) say(ctx context.Context, r *room, rule *config.Channel, by *access.Principal, ref string, m Message) (string, error) {
	if !eventName().MatchString(m.Event) {
		return "", fault.New(fault.ChannelName, "a message's event is 1 to 64 letters, digits, and _ - . : with a letter or digit first").At("event")
	}
	if len(m.Data) == 0 {
		m.Data = jsontext.Value("null")
	}
	data, err := value("data", "message", m.Data, h.opts.Limits.Message)
	if err != nil {
		return "", err
	}
	now := h.opts.Now()
	if err := h.pace.take(cmp.Or(ref, by.Subject()), h.opts.Limits.Rate, now); err != nil {
		return "", err
	}
	if rule.Keep > 0 {
		r.keeping.Lock()
		defer r.keeping.Unlock()
	}
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("naming a message: %w", err)
	}
	named := func(id uuid.UUID) Event {
		return Event{Org: r.org, Channel: r.name, Kind: Said, From: ref, ID: id.String(), Body: encode(struct {
			ID    string         `json:"id"`
			Event string         `json:"event"`
			Data  jsontext.Value `json:"data"`
			From  sender         `json:"from"`
			At    string         `json:"at"`
		}{id.String(), m.Event, data, sender{whoIs(by), ref}, form.Stamp(now)})}
	}
	e, carried := named(id), false
	if rule.Keep > 0 {
		if e, err = h.keep(ctx, r.address, rule, by, id, named); err != nil {
			return "", err
		}
		carried = h.bus != nil
	}
	if !carried {
		err = h.publish(e)
	}
	if err == nil {
		h.messages.Add(1)
	}
	return e.ID, err
}

// sender is whom a message is from; Ref is the connection, where it came by one.
type sender struct {
	who
	Ref string `json:"ref,omitempty"`
}

// value is a caller's JSON on one line.
func value(field, limit string, text []byte, most int64) (jsontext.Value, error) {
	if int64(len(text)) > most {
		return nil, fault.New(fault.ChannelTooLarge, "the %s has %d bytes, more than the %d that limits.channels.%s allows", field, len(text), most, limit).At(field)
	}
	v := jsontext.Value(append([]byte(nil), text...))
	if err := v.Compact(); err != nil || !v.IsValid() {
		return nil, fault.New(fault.QueryMalformed, "the %s is no JSON", field).At(field)
	}
	return v, nil
}

func encode(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic("channel: an event always encodes: " + err.Error())
	}
	return text
}

// View is a channel as it is now.
type View struct {
	Here     []Person         `json:"here,omitempty"` // for those alone who may see it
	Messages []jsontext.Value `json:"messages"`       // those that were kept
}

// Look shows a channel to who may join it.
func (h *Hub) Look(ctx context.Context, by *access.Principal, name string) (View, error) {
	s, err := h.stand(by, name)
	if err == nil && !s.join {
		err = denied("join", name, by)
	}
	if err == nil {
		err = h.row(ctx, by, s)
	}
	if err != nil {
		return View{}, err
	}
	r := h.enter(address{by.Org, name})
	defer h.exit(r)
	out := View{Messages: []jsontext.Value{}}
	if s.presence {
		var others []present
		if h.bus != nil {
			if others, _, err = h.bus.Others(ctx, r.org, r.name, true); err != nil {
				return View{}, err
			}
		}
		r.mu.Lock()
		out.Here = r.here(others)
		r.mu.Unlock()
	}
	kept, err := h.kept(ctx, r.address, s.rule, "")
	for _, e := range kept {
		out.Messages = append(out.Messages, e.Body)
	}
	return out, err
}

// Tables returns the room's system tables: see audit.Tables. What nodes tell each other
// is worth nothing after a crash, so that it is not logged.
func Tables(d store.Dialect) []string {
	var shared []string
	if d == store.PostgreSQL {
		shared = []string{
			`CREATE UNLOGGED TABLE IF NOT EXISTS "_channel_nodes" ("id" text COLLATE "C" PRIMARY KEY, "turn" bigint NOT NULL, "at" timestamptz NOT NULL)`,
			`CREATE UNLOGGED TABLE IF NOT EXISTS "_channel_presence" (
				"org" text COLLATE "C" NOT NULL, "channel" text COLLATE "C" NOT NULL, "ref" text COLLATE "C" NOT NULL,
				"node" text COLLATE "C" NOT NULL, "body" text NOT NULL, "gone" text NOT NULL,
				PRIMARY KEY ("org", "channel", "ref")
			)`,
			`CREATE UNLOGGED TABLE IF NOT EXISTS "_channel_events" (
				"tx" xid8 NOT NULL DEFAULT pg_current_xact_id(), "seq" bigint GENERATED BY DEFAULT AS IDENTITY, "at" timestamptz NOT NULL DEFAULT now(),
				"org" text COLLATE "C" NOT NULL, "channel" text COLLATE "C" NOT NULL, "kind" text COLLATE "C" NOT NULL, "ref" text COLLATE "C" NOT NULL,
				"id" text COLLATE "C" NOT NULL, "body" text NOT NULL, "node" text COLLATE "C" NOT NULL, "turn" bigint NOT NULL,
				PRIMARY KEY ("tx", "seq")
			)`,
		}
	}
	return append(shared,
		`CREATE TABLE IF NOT EXISTS "_channel_messages" (
			"org" TEXT NOT NULL REFERENCES "_orgs" ("id") ON DELETE CASCADE,
			"channel" TEXT NOT NULL,
			"id" TEXT NOT NULL,
			"user_id" TEXT REFERENCES "_users" ("id") ON DELETE CASCADE,
			"until" INTEGER NOT NULL,
			"body" TEXT NOT NULL,
			PRIMARY KEY ("org", "channel", "id")
		) STRICT, WITHOUT ROWID`,
		`CREATE INDEX IF NOT EXISTS "_channel_messages_until" ON "_channel_messages" ("until")`,
		`CREATE INDEX IF NOT EXISTS "_channel_messages_org" ON "_channel_messages" ("org", "until")`,
		`CREATE INDEX IF NOT EXISTS "_channel_messages_user" ON "_channel_messages" ("user_id")`,
	)
}

// keep stores a message, and drops what the channel keeps no more. Its id comes after
// those that are there, whatever the clock of another node said.
func (h *Hub) keep(ctx context.Context, a address, rule *config.Channel, by *access.Principal, id uuid.UUID, named func(uuid.UUID) Event) (e Event, err error) {
	now := h.opts.Now()
	var user any
	if by.Kind == access.User {
		user = by.UserID
	}
	err = h.opts.Engine.Write(ctx, func(c store.Conn) error {
		id := id
		err := c.Query(`SELECT MAX("id") FROM "_channel_messages" WHERE "org" = ?1 AND "channel" = ?2`, []any{a.org, a.name}, func(r store.Row) error {
			id = after(id, r.Text(0))
			return nil
		})
		e = named(id)
		if err == nil {
			_, err = c.Exec(`INSERT INTO "_channel_messages" ("org", "channel", "id", "user_id", "until", "body") VALUES (?1, ?2, ?3, ?4, ?5, ?6)`,
				e.Org, e.Channel, e.ID, user, now.Add(rule.KeepFor).UnixMilli(), string(e.Body))
		}
		if err == nil {
			_, err = c.Exec(`DELETE FROM "_channel_messages" WHERE "org" = ?1 AND "channel" = ?2 AND "id" <=
				(SELECT "id" FROM "_channel_messages" WHERE "org" = ?1 AND "channel" = ?2 ORDER BY "id" DESC LIMIT 1 OFFSET ?3)`, e.Org, e.Channel, rule.Keep)
		}
		if err == nil && h.bus != nil {
			err = h.bus.Keep(c, e)
		}
		if err != nil {
			return fmt.Errorf("keeping a message: %w", err)
		}
		var stored int64
		err = c.Query(`SELECT COUNT(*) FROM "_channel_messages" WHERE "org" = ?1 AND "until" > ?2`, []any{e.Org, now.UnixMilli()}, func(r store.Row) error {
			stored = r.Int(0)
			return nil
		})
		if most := h.opts.Limits.Kept; err == nil && stored > int64(most) {
			return fault.New(fault.ChannelLimit, "your organization keeps %d messages in its channels, the most that limits.channels.kept allows", most)
		}
		return err
	})
	return e, err
}

// after is an id, or the one next to the last where that is not before it.
func after(id uuid.UUID, last string) uuid.UUID {
	was, err := uuid.Parse(last)
	if err != nil || id.String() > last {
		return id
	}
	for i := len(was) - 1; i >= 0; i-- {
		if was[i]++; was[i] != 0 {
			break
		}
	}
	return was
}

// kept are the messages that a channel keeps, oldest first.
func (h *Hub) kept(ctx context.Context, a address, rule *config.Channel, since string) (all []Event, err error) {
	if rule.Keep == 0 {
		return nil, nil
	}
	err = h.opts.Engine.Read(ctx, func(c store.Conn) error {
		all = nil
		return c.Query(`SELECT "id", "body" FROM (SELECT "id", "body" FROM "_channel_messages"
			WHERE "org" = ?1 AND "channel" = ?2 AND "id" > ?3 AND "until" > ?4 ORDER BY "id" DESC LIMIT ?5) m ORDER BY "id"`,
			[]any{a.org, a.name, since, h.opts.Now().UnixMilli(), rule.Keep}, func(r store.Row) error {
				all = append(all, Event{Org: a.org, Channel: a.name, Kind: Said, ID: r.Text(0), Body: []byte(r.Text(1))})
				return nil
			})
	})
	return all, err
}

// Prune removes messages whose time is over.
func (h *Hub) Prune(ctx context.Context) error {
	return h.opts.Engine.Write(ctx, func(c store.Conn) error {
		_, err := c.Exec(`DELETE FROM "_channel_messages" WHERE "until" <= ?1`, h.opts.Now().UnixMilli())
		if err == nil && h.bus != nil {
			_, err = c.Exec(`DELETE FROM "_channel_events" WHERE "at" < now() - CAST(?1 AS interval)`, nodesKept.String())
		}
		return err
	})
}
