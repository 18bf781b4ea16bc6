package mail_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/loam-dev/loam/internal/mail"
	"github.com/loam-dev/loam/internal/store"
)

// post is a real SMTP server that keeps what it takes. It answers the n-th
// message with the n-th of its refusals, where there is one.
type post struct {
	addr     *net.TCPAddr
	roots    *x509.CertPool
	password string // "" lets everybody in
	refusals []error
	early    bool // refuse the recipient, not the message

	mu      sync.Mutex
	asked   int
	letters []letter
}

type letter struct {
	from, to string
	secure   bool
	data     string
}

func (p *post) kept() []letter {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.letters
}

func (p *post) refusal() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.asked++; p.asked <= len(p.refusals) {
		return p.refusals[p.asked-1]
	}
	return nil
}

// NewSession begins a connection.
func (p *post) NewSession(c *smtp.Conn) (smtp.Session, error) {
	_, secure := c.TLSConnectionState()
	return &session{post: p, conn: c.Conn(), in: p.password == "", letter: letter{secure: secure}}, nil
}

// errBroken breaks the connection in the middle of a message.
var errBroken = errors.New("broken")

type session struct {
	*post
	conn   net.Conn
	in     bool
	letter letter
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if s.in = user == "loam" && password == s.password; !s.in {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if !s.in {
		return smtp.ErrAuthRequired
	}
	s.letter.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.letter.to = to
	if s.early {
		return s.refusal()
	}
	return nil
}

func (s *session) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if !s.early {
		if err := s.refusal(); err == errBroken {
			return errors.Join(err, s.conn.Close())
		} else if err != nil {
			return err
		}
	}
	s.letter.data = string(text)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.letters = append(s.letters, s.letter)
	return nil
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

// serve starts the server: with a certificate for STARTTLS, or from the first byte.
func serve(t testing.TB, p *post, implicit bool) *post {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	p.roots = x509.NewCertPool()
	p.roots.AddCert(cert)
	server := smtp.NewServer(p)
	server.Domain, server.AllowInsecureAuth, server.ErrorLog = "localhost", true, log.New(io.Discard, "", 0)
	server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.addr = ln.Addr().(*net.TCPAddr)
	if implicit {
		ln = tls.NewListener(ln, server.TLSConfig)
	}
	go server.Serve(ln)
	t.Cleanup(func() { server.Close() })
	return p
}

// through makes a place whose messages go through the server.
func (p *post) through(t testing.TB, change func(*mail.SMTP)) *place {
	t.Helper()
	s := mail.SMTP{Host: "127.0.0.1", Port: p.addr.Port, Roots: p.roots}
	if p.password != "" {
		s.User, s.Password = "loam", mail.Secret(p.password)
	}
	if change != nil {
		change(&s)
	}
	at := newPlace(t, func(o *mail.Options) {
		o.From, o.ReplyTo, o.SMTP, o.Dev = "Loam & Co <no-reply@loam.example>", "Help <help@loam.example>", s, false
	})
	at.queue.Start(context.Background())
	t.Cleanup(at.queue.Close)
	return at
}

// settles waits until a condition holds, and moves the clock on meanwhile, so that
// what is to be tried again is.
func (p *place) settles(what string, holds func() bool) {
	p.Helper()
	for range 500 {
		if holds() {
			return
		}
		time.Sleep(10 * time.Millisecond)
		p.pass(10 * time.Second)
		p.queue.Wake()
	}
	p.Errorf("%s did not come about; the log:\n%s", what, p.log)
}

func (p *place) waiting() (n int64) {
	p.Helper()
	err := p.engine.Read(context.Background(), func(c store.Conn) error {
		return c.Query(`SELECT COUNT(*) FROM "_jobs" WHERE "dead_at" IS NULL`, nil, func(r store.Row) error { n = r.Int(0); return nil })
	})
	if err != nil {
		p.Fatal(err)
	}
	return n
}

func TestDelivery(t *testing.T) {
	for name, test := range map[string]struct {
		tls      string
		password string
		secure   bool
	}{
		"starttls":              {"", "hunter2-canary", true},
		"starttls without auth": {"starttls", "", true},
		"implicit":              {"implicit", "hunter2-canary", true},
		"none":                  {"none", "", false},
		"none, to this machine": {"none", "hunter2-canary", false},
	} {
		t.Run(name, func(t *testing.T) {
			server := serve(t, &post{password: test.password}, test.tls == "implicit")
			p := server.through(t, func(s *mail.SMTP) { s.TLS = test.tls })
			m := code("ada@example.com")
			m.Locale, m.Name = "de", `Ada "x" <eve@example.com>, Łovelace`
			if err := p.send(m); err != nil {
				t.Fatal(err)
			}
			p.settles("the delivery", func() bool { return len(server.kept()) == 1 && p.waiting() == 0 })
			if t.Failed() {
				return
			}
			got := server.kept()[0]
			if got.from != "no-reply@loam.example" || got.to != "ada@example.com" || got.secure != test.secure {
				t.Errorf("%+v", got)
			}
			check(t, got.data)
			lacks(t, "the log", p.log.String(), "hunter2", "483920", "ada@example.com")
		})
	}
}

// check reads a letter as a mail program does.
func check(t *testing.T, data string) {
	t.Helper()
	msg, err := netmail.ReadMessage(strings.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	to, err := msg.Header.AddressList("To")
	if err != nil || len(to) != 1 || to[0].Address != "ada@example.com" || to[0].Name != `Ada "x" <eve@example.com>, Łovelace` {
		t.Errorf("to %v, %v", to, err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject"))
	if err != nil || subject != "Bestätigen Sie Ihre E-Mail-Adresse für Demo" {
		t.Errorf("subject %q, %v", subject, err)
	}
	if date, err := msg.Header.Date(); err != nil || date.Year() != 2026 {
		t.Errorf("date %s, %v", date, err)
	}
	for header, want := range map[string]string{"Auto-Submitted": "auto-generated", "Message-Id": "@loam.example>", "Reply-To": "help@loam.example", "From": `"Loam & Co" <no-reply@loam.example>`} {
		if got := msg.Header.Get(header); !strings.Contains(got, want) {
			t.Errorf("%s: %q", header, got)
		}
	}
	_, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := multipart.NewReader(msg.Body, params["boundary"])
	for _, want := range []struct{ kind, text string }{{"text/plain", "Geben Sie diesen Code ein, um Ihre E-Mail-Adresse zu bestätigen:"}, {"text/html", "483920</p>"}} {
		part, err := parts.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil || !strings.HasPrefix(part.Header.Get("Content-Type"), want.kind) {
			t.Errorf("%v, %v", part.Header, err)
		}
		wants(t, want.kind, string(text), want.text)
	}
}

func TestRefusals(t *testing.T) {
	later := &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "greylisted"}
	never := &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
	for name, test := range map[string]struct {
		refusals  []error
		early     bool
		delivered int
		asked     int
	}{
		"greylisted twice, then taken": {[]error{later, later}, false, 1, 3},
		"greylisted at the address":    {[]error{later}, true, 1, 2},
		"broken off twice, then taken": {[]error{errBroken, errBroken}, false, 1, 3},
		"refused":                      {[]error{never, nil}, false, 0, 1},
		"refused at the address":       {[]error{never, nil}, true, 0, 1},
		"late, then refused":           {[]error{later, never, nil}, false, 0, 2},
	} {
		t.Run(name, func(t *testing.T) {
			server := serve(t, &post{refusals: test.refusals, early: test.early}, false)
			p := server.through(t, nil)
			if err := p.send(code("ada@example.com")); err != nil {
				t.Fatal(err)
			}
			p.settles("an end", func() bool { return p.waiting() == 0 })
			dead, err := p.queue.List(t.Context(), true, "", 10)
			if err != nil || len(server.kept()) != test.delivered || len(dead) != 1-test.delivered || server.asked != test.asked {
				t.Errorf("%d delivered, asked %d times, dead %+v, %v", len(server.kept()), server.asked, dead, err)
			}
			if len(dead) == 1 {
				wants(t, "why", dead[0].Error, "550", "no such user")
				lacks(t, "why", dead[0].Error, "ada@example.com", "483920")
			}
		})
	}
}

// What a correction of the settings mends is tried again: a wrong password, a
// certificate of somebody else, no server at all.
func TestWrongSettingsAreNotFinal(t *testing.T) {
	for name, change := range map[string]func(*mail.SMTP){
		"password":    func(s *mail.SMTP) { s.Password = "wrong" },
		"certificate": func(s *mail.SMTP) { s.Roots = x509.NewCertPool() },
		"port":        func(s *mail.SMTP) { s.Port = 1 },
		"no TLS":      func(s *mail.SMTP) { s.TLS = "implicit" },
	} {
		server := serve(t, &post{password: "right"}, false)
		p := server.through(t, change)
		if err := p.send(code("ada@example.com")); err != nil {
			t.Fatal(err)
		}
		p.settles(name, func() bool { return strings.Count(p.log.String(), "will run again") >= 2 })
		lacks(t, name, p.log.String(), "right", "483920")
		if n := len(server.kept()); n != 0 {
			t.Errorf("%s: %d delivered", name, n)
		}
	}
}

// A server that offers no TLS gets nothing, not even the sender.
func TestNoFallbackToPlainText(t *testing.T) {
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &post{addr: ln.Addr().(*net.TCPAddr)}
	plain := smtp.NewServer(server)
	plain.Domain, plain.ErrorLog = "localhost", log.New(io.Discard, "", 0)
	go plain.Serve(ln)
	t.Cleanup(func() { plain.Close() })
	p := server.through(t, nil)
	if err := p.send(code("ada@example.com")); err != nil {
		t.Fatal(err)
	}
	p.settles("a refusal", func() bool { return strings.Contains(p.log.String(), "will run again") })
	if n := len(server.kept()); n != 0 {
		t.Errorf("%d went out in plain text", n)
	}
}

func TestPasswordsAreNotPrinted(t *testing.T) {
	o := mail.Options{SMTP: mail.SMTP{Password: "canary"}}
	for _, text := range []string{fmt.Sprintf("%v %+v", o.SMTP, o.SMTP), fmt.Sprintf("%#v %s %q", o.SMTP.Password, o.SMTP.Password, o.SMTP.Password), errors.Join(fmt.Errorf("%v", o.SMTP)).Error()} {
		lacks(t, "print", text, "canary")
	}
}
