package mail

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/store"
)

// Limits bound what others can make the server send, so that nobody fills a
// stranger's mailbox through it. A window begins with its first message.
type Limits struct {
	PerAddress int // messages of one class an hour to one address, and perDay times as many a day; 0: 10
	PerNetwork int // messages an hour that the requests of one network cause; 0: 100
}

const (
	short  = time.Hour
	long   = 24 * time.Hour
	perDay = 3 // times the hour's
)

func (l Limits) orStandard() Limits {
	return Limits{cmp.Or(l.PerAddress, 10), cmp.Or(l.PerNetwork, 100)}
}

// count adds a message in both windows, unless one is full: then it changes no
// row. A window that begins in the future was written by a clock that has been
// set back since.
const count = `INSERT INTO "_mail_counts" AS m ("key", "class", "short_at", "short", "long_at", "long") VALUES (?1, ?2, ?3, 1, ?3, 1)
	ON CONFLICT ("key", "class") DO UPDATE SET
		"short" = CASE WHEN m."short_at" <= ?4 OR m."short_at" > ?3 THEN 1 ELSE m."short" + 1 END,
		"short_at" = CASE WHEN m."short_at" <= ?4 OR m."short_at" > ?3 THEN ?3 ELSE m."short_at" END,
		"long" = CASE WHEN m."long_at" <= ?5 OR m."long_at" > ?3 THEN 1 ELSE m."long" + 1 END,
		"long_at" = CASE WHEN m."long_at" <= ?5 OR m."long_at" > ?3 THEN ?3 ELSE m."long_at" END
	WHERE (m."short" < ?6 OR m."short_at" <= ?4 OR m."short_at" > ?3) AND (m."long" < ?7 OR m."long_at" <= ?5 OR m."long_at" > ?3)`

// Spend counts a message without sending it, with Send's fault.MailTooMany: for an
// answer that must not tell whether there was anybody to send one to. Of the
// message it takes the template, the address and the network.
func (s *Service) Spend(c store.Conn, m Message) error {
	if err := s.spend(c, s.recipient(m.To), string(known[m.Template]), s.Limits.PerAddress, "this address gets at most %d such messages %s (limits.mail.perAddress%s)"); err != nil || m.Network == "" {
		return err
	}
	return s.spend(c, s.proof(m.Network), "network", s.Limits.PerNetwork, "requests from your network send at most %d messages %s (limits.mail.perNetwork%s)")
}

func (s *Service) spend(c store.Conn, key, class string, hourly int, message string) error {
	now := s.Now()
	n, err := c.Exec(count, key, class, form.Stamp(now), form.Stamp(now.Add(-short)), form.Stamp(now.Add(-long)), hourly, perDay*hourly)
	if err != nil || n > 0 {
		return wrap("counting a message", err)
	}
	return c.Query(`SELECT "short_at", "long_at", "long" FROM "_mail_counts" WHERE "key" = ?1 AND "class" = ?2`, []any{key, class}, func(r store.Row) error {
		began, window, said := r.Text(0), short, fmt.Sprintf(message, hourly, "an hour", "")
		if int(r.Int(2)) >= perDay*hourly {
			began, window, said = r.Text(1), long, fmt.Sprintf(message, perDay*hourly, "a day", fmt.Sprintf(" times %d", perDay))
		}
		at, err := time.Parse(time.RFC3339, began)
		if err != nil {
			return wrap("reading a count", err)
		}
		wait := max(at.Add(window).Sub(now), time.Second)
		return fault.New(fault.MailTooMany, "%s; look into the mailbox, or try again in %s", said, inWords(wait)).After(wait)
	})
}

// recipient is whom an address reaches, as far as can be told: what comes after a
// plus sign makes no other mailbox. The table holds a proof of it, no address.
func (s *Service) recipient(to string) string {
	at := strings.LastIndexByte(to, '@')
	local, domain := to[:max(at, 0)], to[max(at, 0):]
	local, _, _ = strings.Cut(local, "+")
	return s.proof(strings.ToLower(local + domain))
}

func (s *Service) proof(of string) string {
	return base64.RawURLEncoding.EncodeToString(s.counts.Sum([]byte(of)))
}

// inWords is a duration for an English message.
func inWords(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%d seconds", int((d+time.Second-1)/time.Second))
	}
	return lasting((d + time.Minute - 1).Truncate(time.Minute), standard)
}

// prune removes counts that no longer hold anybody back.
func (s *Service) prune(ctx context.Context) error {
	now := s.Now()
	return wrap("removing old counts", s.Engine.Write(ctx, func(c store.Conn) error {
		_, err := c.Exec(`DELETE FROM "_mail_counts" WHERE "long_at" <= ?1 AND "short_at" <= ?2`, form.Stamp(now.Add(-long)), form.Stamp(now.Add(-short)))
		return err
	}))
}
