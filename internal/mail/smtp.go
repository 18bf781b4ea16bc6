package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	netmail "net/mail"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"github.com/loam-dev/loam/internal/jobs"
)

// SMTP is the server that messages go out through.
type SMTP struct {
	Host     string
	Port     int // 0: the usual one
	User     string
	Password Secret
	TLS      string         // starttls, implicit or none; "" is starttls
	Roots    *x509.CertPool // nil: the system's
}

// Secret is a password that is never printed or logged.
type Secret string

// Format hides the secret under every verb of fmt.
func (s Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[secret]") }

// LogValue hides the secret in logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue("[secret]") }

// client makes a client for one delivery. It never falls back to a connection
// that others can read: without TLS a password is sent to this machine only.
func (s SMTP) client() (*gomail.Client, error) {
	options := []gomail.Option{
		gomail.WithTimeout(sendTimeout),
		gomail.WithTLSConfig(&tls.Config{ServerName: s.Host, RootCAs: s.Roots, MinVersion: tls.VersionTLS12}),
	}
	port, auth := s.Port, gomail.SMTPAuthAutoDiscover
	usual := func(n int) {
		if port == 0 {
			port = n
		}
	}
	switch s.TLS {
	case "", "starttls":
		usual(gomail.DefaultPortTLS)
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case "implicit":
		usual(gomail.DefaultPortSSL)
		options = append(options, gomail.WithSSL())
	case "none":
		usual(gomail.DefaultPort)
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
		if s.User != "" && !loopback(s.Host) {
			return nil, errors.New("mail.smtp.tls: none would send the password where others can read it; use starttls or implicit")
		}
		auth = gomail.SMTPAuthPlainNoEnc
	default:
		return nil, fmt.Errorf("mail.smtp.tls is %q; write starttls, implicit or none", s.TLS)
	}
	options = append(options, gomail.WithPort(port))
	if s.User != "" {
		options = append(options, gomail.WithSMTPAuth(auth), gomail.WithUsername(s.User), gomail.WithPassword(string(s.Password)))
	}
	return gomail.NewClient(s.Host, options...)
}

// loopback tells whether a host is this machine.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// post hands a message to the SMTP server. What the server refuses for good is
// not tried again.
func (s *Service) post(ctx context.Context, e envelope, r rendered) error {
	client, err := s.SMTP.client()
	if err != nil {
		return wrap("preparing the connection to the mail server", err)
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	return refusal(client.DialAndSendWithContext(ctx, s.letter(e, r)))
}

// letter is the message as it goes out. Its id is the same at every attempt, so
// that a receiver who got it twice can tell.
func (s *Service) letter(e envelope, r rendered) *gomail.Msg {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(s.from)
	msg.ToMailAddress(&netmail.Address{Name: oneLine(e.Message.Name, maxName), Address: e.Message.To})
	if s.replyTo != nil {
		msg.ReplyToMailAddress(s.replyTo)
	}
	_, domain, _ := strings.Cut(s.from.Address, "@")
	msg.Subject(r.Subject)
	msg.SetDateWithValue(e.At)
	msg.SetMessageIDWithValue(e.ID + "@" + domain)
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader(gomail.HeaderXAutoResponseSuppress, "All")
	msg.SetBodyString(gomail.TypeTextPlain, r.Text)
	msg.AddAlternativeString(gomail.TypeTextHTML, r.HTML)
	return msg
}

// refusal tells a server's lasting refusal of this message from what may pass: a
// connection that broke, a greylisting, a password that is yet to be corrected.
func refusal(err error) error {
	failed, ok := errors.AsType[*gomail.SendError](err)
	if !ok {
		return wrap("handing a message to the mail server", err)
	}
	said := fmt.Errorf("mail: the mail server did not take a message: %s", answer(err))
	ours := failed.Reason == gomail.ErrGetSender || failed.Reason == gomail.ErrGetRcpts || failed.Reason == gomail.ErrNoUnencoded
	if ours || failed.ErrorCode() >= 500 {
		return jobs.Permanent(said)
	}
	return said
}

// answer is what the server said, without the addresses that the library adds.
func answer(err error) string {
	text, _, _ := strings.Cut(err.Error(), ", affected ")
	return text
}
