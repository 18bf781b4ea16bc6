package mail

import (
	"context"
	"encoding/json"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/store"
)

// Received is a message in the mailbox of development.
type Received struct {
	Summary
	Text string `json:"text"`
	HTML string `json:"html"`
}

// Summary is what a list shows of a message.
type Summary struct {
	ID       string `json:"id"`
	At       string `json:"at"`
	From     string `json:"from"`
	To       string `json:"to"`
	Template string `json:"template"`
	Locale   string `json:"locale"`
	Subject  string `json:"subject"`
	Code     string `json:"code,omitempty"`
	Link     string `json:"link,omitempty"`
}

// keep puts a message into the mailbox instead of sending it.
func (s *Service) keep(c store.Conn, e envelope) error {
	whole, err := json.Marshal(e) // and back: what a job would read
	if err == nil {
		err = json.Unmarshal(whole, &e)
	}
	if err != nil {
		return wrap("encoding a message", err)
	}
	r, err := s.compose(e)
	if err != nil {
		return err
	}
	m := e.Message
	text, err := json.Marshal(Received{Text: r.Text, HTML: r.HTML, Summary: Summary{
		ID: e.ID, At: form.Stamp(e.At), From: s.from.Name + " <" + s.from.Address + ">", To: m.To, Template: m.Template, Locale: m.Locale, Subject: r.Subject,
		Code: textOf(m.Data["Code"]), Link: textOf(m.Data["Link"]),
	}})
	if err != nil {
		return wrap("encoding a message", err)
	}
	if _, err := c.Exec(`INSERT INTO "_mailbox" ("id", "sealed") VALUES (?1, ?2) ON CONFLICT ("id") DO NOTHING`, e.ID, s.sealer.Seal(text, "_mailbox/"+e.ID)); err != nil {
		return wrap("keeping a message", err)
	}
	_, err = c.Exec(`DELETE FROM "_mailbox" WHERE "id" IN (SELECT "id" FROM "_mailbox" ORDER BY "id" DESC LIMIT ?1 OFFSET ?2)`, maxMailbox, maxMailbox)
	return wrap("removing old messages", err)
}

// Mailbox lists what is in the mailbox, newest first: of one recipient, or of all
// for "".
func (s *Service) Mailbox(ctx context.Context, to string) ([]Summary, error) {
	list := []Summary{}
	err := s.Engine.Read(ctx, func(c store.Conn) error {
		list = list[:0]
		return c.Query(`SELECT "id", "sealed" FROM "_mailbox" ORDER BY "id" DESC LIMIT ?1`, []any{maxMailbox}, func(r store.Row) error {
			m, err := s.received(r)
			if err == nil && (to == "" || m.To == to) {
				list = append(list, m.Summary)
			}
			return err
		})
	})
	return list, wrap("listing the mailbox", err)
}

// Read returns a message of the mailbox, or fault.MailNotFound.
func (s *Service) Read(ctx context.Context, id string) (Received, error) {
	found := Received{}
	err := s.Engine.Read(ctx, func(c store.Conn) error {
		return c.Query(`SELECT "id", "sealed" FROM "_mailbox" WHERE "id" = ?1`, []any{id}, func(r store.Row) (err error) {
			found, err = s.received(r)
			return err
		})
	})
	if err == nil && found.ID == "" {
		return found, notFound()
	}
	return found, wrap("reading the mailbox", err)
}

func notFound() error {
	return fault.New(fault.MailNotFound, "the mailbox has no such message; it keeps the newest %d", maxMailbox)
}

// Clear removes a message from the mailbox, or all for "".
func (s *Service) Clear(ctx context.Context, id string) error {
	return wrap("clearing the mailbox", s.Engine.Write(ctx, func(c store.Conn) error {
		n, err := c.Exec(`DELETE FROM "_mailbox" WHERE "id" = ?1 OR ?1 = ''`, id)
		if err == nil && n == 0 && id != "" {
			return notFound()
		}
		return err
	}))
}

func (s *Service) received(r store.Row) (m Received, err error) {
	text, err := s.sealer.Open(r.Bytes(1), "_mailbox/"+r.Text(0))
	if err != nil {
		return m, err
	}
	return m, json.Unmarshal(text, &m)
}
