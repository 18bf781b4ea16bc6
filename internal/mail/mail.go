// Package mail sends messages to people: templates in several languages, under an
// organization's name and colour, through an SMTP server or, in development, into a
// mailbox that a page shows. A message goes out if the transaction that sends it
// commits. The room does not know what a code or a link is good for.
package mail

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	netmail "net/mail"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/jobs"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/vault"
)

// The limits of the room.
const (
	maxName     = 100       // characters of a name in a message
	maxSubject  = 200       // characters
	maxLink     = 2048      // bytes
	maxValue    = 4096      // bytes of any one value of a message
	maxValues   = 50        // values of a message
	maxTemplate = 128 << 10 // bytes of a template file
	maxFiles    = 500       // in the project's directory of templates
	maxMailbox  = 200       // messages that the mailbox of development keeps
	sendTimeout = 45 * time.Second
	accessRuns  = 9 // attempts at a message with a code or link: about twenty minutes, after which it is of no use
)

const jobKind = "mail/send"

// Brands is what mail needs to know of organizations; the tenant room has it, and
// backend joins them.
type Brands interface {
	// Brand returns how an organization's messages look, inside the caller's
	// transaction.
	Brand(c store.Conn, org string) (Brand, error)
}

// Options are what New needs.
type Options struct {
	Engine    store.Engine
	Jobs      *jobs.Queue
	Vault     *vault.Vault
	Project   string // names it where no organization does
	Brands    Brands // nil: every message is the project's
	Templates fs.FS  // the project's own; nil for none
	From      string // "Acme <no-reply@acme.example>"
	ReplyTo   string // "" is none
	Language  string // of a recipient who has chosen none; "" is English
	SMTP      SMTP   // without a Host nothing is sent
	Dev       bool   // without an SMTP host messages go into the mailbox
	Idle      bool   // the queue is a server's, which knows where messages go: all wait there
	Limits    Limits
	Log       *slog.Logger
	Now       func() time.Time // nil: the clock
}

// Service sends messages. It is safe for concurrent use.
type Service struct {
	Options
	templates func() (*Templates, error) // those from the start
	sealer    *vault.Sealer
	counts    *vault.MAC
	from      *netmail.Address
	replyTo   *netmail.Address
}

// New makes the service and registers its work with the queue, which must not have
// started. A template or a setting that can't work is an error.
func New(o Options) (*Service, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Project == "" {
		o.Project = "Loam"
	}
	o.Limits = o.Limits.orStandard()
	s := &Service{Options: o, sealer: o.Vault.Sealer("mail/message"), counts: o.Vault.MAC("mail/recipient")}
	var err error
	if s.templates, err = prepared(o.Templates); err != nil {
		return nil, err
	}
	if s.from, err = s.sender(); err != nil {
		return nil, err
	}
	if o.ReplyTo != "" {
		if s.replyTo, err = netmail.ParseAddress(o.ReplyTo); err != nil {
			return nil, fault.New(fault.MailSettings, "mail.replyTo %q is no address; write it as Acme <hello@acme.example>", o.ReplyTo)
		}
	}
	if o.SMTP.Host != "" {
		if _, err := o.SMTP.client(); err != nil {
			return nil, fault.New(fault.MailSettings, "the mail.smtp settings can't be used: %s", err)
		}
	}
	o.Jobs.Handle(jobKind, s.deliver)
	o.Jobs.Every("mail/prune", time.Hour, s.prune)
	return s, nil
}

// sender reads the address that messages come from.
func (s *Service) sender() (*netmail.Address, error) {
	if s.From == "" && s.SMTP.Host == "" {
		return &netmail.Address{Name: s.Project, Address: "no-reply@localhost"}, nil
	}
	from, err := netmail.ParseAddress(s.From)
	if err != nil {
		return nil, fault.New(fault.MailSettings, "mail.from %q is no address; write it as Acme <no-reply@acme.example>", s.From)
	}
	return from, nil
}

// Message is what to tell whom.
type Message struct {
	Template string // one of those that Loam comes with
	To       string // an address in its canonical spelling
	Name     string // of the recipient, "" if unknown
	Locale   string // such as de-AT; "" is Options.Language
	Org      string // whose brand it carries; "" is the project's
	Network  string // whose request causes it, in one spelling; "" is not limited
	// Data are the template's values: Code, Link, Expires (a text, or a
	// time.Duration that is said in the message's language), Inviter, Organization,
	// Agent, Address, and whatever a project's own templates use.
	Data map[string]any
}

// envelope is a message on its way: what is sealed.
type envelope struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	Message Message   `json:"message"`
	Brand   Brand     `json:"brand"`
}

// Send sends a message if the caller's transaction commits. Where the recipient had
// too many of its class it is fault.MailTooMany, where no mail server is
// configured in production fault.MailOff.
func (s *Service) Send(c store.Conn, m Message) error {
	if s.SMTP.Host == "" && !s.Dev && !s.Idle {
		return off()
	}
	if err := sound(m); err != nil {
		return err
	}
	if err := s.Spend(c, m); err != nil {
		return err
	}
	m.Locale = cmp.Or(m.Locale, s.Language, standard)
	e := envelope{ID: uuid.Must(uuid.NewV7()).String(), At: s.Now().UTC(), Message: m}
	if m.Org != "" && s.Brands != nil {
		var err error
		if e.Brand, err = s.Brands.Brand(c, m.Org); err != nil {
			return wrap("looking for an organization's brand", err)
		}
	}
	if s.SMTP.Host == "" && !s.Idle {
		return s.keep(c, e)
	}
	payload, err := s.seal(e)
	if err != nil {
		return err
	}
	j := jobs.Job{Kind: jobKind, Payload: payload}
	if known[m.Template] == access {
		j.MaxAttempts = accessRuns
	}
	return s.Jobs.Add(c, j)
}

func off() error {
	return fault.New(fault.MailOff, "this server can't send mail: set mail.from and mail.smtp.host in loam.yaml")
}

// sound refuses what no message can be made of. A template or a value of ours that
// is wrong is our mistake; an address may be the caller's.
func sound(m Message) error {
	if known[m.Template] == "" {
		return fmt.Errorf("mail: there is no template %q", m.Template)
	}
	if len(m.Data) > maxValues {
		return fmt.Errorf("mail: a message has at most %d values", maxValues)
	}
	for key, value := range m.Data {
		if text, ok := value.(string); ok && len(text) > maxValue {
			return fmt.Errorf("mail: a value of a message has at most %d bytes; %s has %d", maxValue, key, len(text))
		}
	}
	// A name or a second address beside the one would go out as a header.
	if to, err := netmail.ParseAddress(m.To); err != nil || to.Address != m.To || strings.ContainsAny(m.To, "\r\n\t\x00 <>,;\"") {
		return fault.New(fault.MailAddress, "no message can go to this address; write it as name@example.com")
	}
	return nil
}

// sealed is a job's payload: codes and links let people in, so that the database
// must not show them.
type sealed struct {
	ID     string `json:"id"`
	Sealed []byte `json:"sealed"`
}

func (s *Service) seal(e envelope) ([]byte, error) {
	plain, err := json.Marshal(e)
	if err != nil {
		return nil, wrap("encoding a message", err)
	}
	return json.Marshal(sealed{e.ID, s.sealer.Seal(plain, "_jobs/"+e.ID)})
}

func (s *Service) open(payload []byte) (e envelope, err error) {
	var p sealed
	if err := json.Unmarshal(payload, &p); err != nil {
		return e, wrap("reading a message", err)
	}
	plain, err := s.sealer.Open(p.Sealed, "_jobs/"+p.ID)
	if err != nil {
		return e, err
	}
	return e, wrap("reading a message", json.Unmarshal(plain, &e))
}

// deliver is the job of one message.
func (s *Service) deliver(ctx context.Context, payload []byte) error {
	e, err := s.open(payload)
	if err != nil {
		return jobs.Permanent(err)
	}
	switch {
	case s.SMTP.Host == "" && s.Dev: // of a command that ran beside the stopped server
		return s.Engine.Write(ctx, func(c store.Conn) error { return s.keep(c, e) })
	case s.SMTP.Host == "":
		return off() // the settings have changed since; they may change back
	}
	r, err := s.compose(e)
	if err != nil {
		return jobs.Permanent(err)
	}
	return s.post(ctx, e, r)
}

// compose renders a message.
func (s *Service) compose(e envelope) (rendered, error) {
	m := e.Message
	v := view{To: m.To, Name: nameOf(m.Name), Brand: e.Brand, Data: m.Data}
	v.Brand.Name = nameOf(v.Brand.Name)
	v.Brand = v.Brand.clean(s.Project)
	for key, field := range map[string]*string{"Code": &v.Code, "Link": &v.Link, "Expires": &v.Expires, "Agent": &v.Agent, "Address": &v.Address} {
		*field = oneLine(textOf(m.Data[key]), maxLink)
	}
	v.Inviter, v.Organization = nameOf(textOf(m.Data["Inviter"])), nameOf(textOf(m.Data["Organization"]))
	t, err := s.current()
	if err != nil {
		return rendered{}, err
	}
	return t.render(m.Template, m.Locale, v)
}

// current are the templates in force: in development those in the files as they
// are now, unless they have mistakes.
func (s *Service) current() (*Templates, error) {
	if !s.Dev || s.Templates == nil {
		return s.templates()
	}
	t, err := ParseTemplates(s.Templates)
	if err != nil {
		s.Log.Error("the mail templates have mistakes; using those from the start", "error", err)
		return s.templates()
	}
	return t, nil
}

func textOf(value any) string {
	text, _ := value.(string)
	return text
}

// MarshalJSON says durations in the message's language; a Message is read back as
// texts.
func (m Message) MarshalJSON() ([]byte, error) {
	type plain Message
	said := make(map[string]any, len(m.Data))
	for key, value := range m.Data {
		if d, ok := value.(time.Duration); ok {
			value = lasting(d, m.Locale)
		}
		said[key] = value
	}
	m.Data = said
	return json.Marshal(plain(m))
}

// wrap names the operation that failed, for the log.
func wrap(operation string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("mail: %s: %w", operation, err)
}
