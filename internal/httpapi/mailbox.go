package httpapi

import (
	"embed"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/mail"
)

// The page of /_mail: what development sends, for whoever develops. It takes its
// base from the page of /api.
//
//go:embed mailbox
var mailboxFiles embed.FS

const (
	// mailboxPolicy is pagePolicy with a frame for the message.
	mailboxPolicy = pagePolicy + "; frame-src 'self'"

	// messagePolicy lets a message show itself as a mail program would: style of its
	// own, pictures, links that open elsewhere; nothing that runs, and no origin.
	messagePolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)

func mailboxPage(c *call) (reply, error) { return c.mailboxFile("index.html") }

func mailboxAsset(c *call) (reply, error) { return c.mailboxFile(c.PathValue("file")) }

func (c *call) mailboxFile(name string) (reply, error) {
	if err := c.mailbox(); err != nil {
		return reply{}, err
	}
	mime := map[string]string{".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}[path.Ext(name)]
	body, err := mailboxFiles.ReadFile("mailbox/" + name)
	if err != nil || mime == "" {
		return reply{}, fault.New(fault.HTTPNotFound, "there is nothing at %s", c.URL.Path)
	}
	c.out.Set("Content-Security-Policy", mailboxPolicy)
	c.out.Set("Referrer-Policy", "no-referrer")
	return reply{status: http.StatusOK, body: body, mime: mime}, nil
}

// mailbox lets pass who may see the mailbox: in development, a page of this server
// or a tool beside it. The messages let people in, so that no page of another
// origin may read them, nor one that has pointed a name of its own to this address
// (DNS rebinding): the host is asked for as a number or as localhost.
func (c *call) mailbox() error {
	if !c.api.Dev || c.api.Mail == nil {
		return fault.New(fault.HTTPNotFound, "there is nothing at %s", c.URL.Path)
	}
	refused := fault.New(fault.HTTPForeign, "the mailbox answers pages of this server, under http://localhost or the server's IP address")
	if !unrebindable(c.Host) {
		return refused
	}
	if origin := c.Header.Get("Origin"); origin != "" {
		u, err := url.Parse(origin)
		if err != nil || u.Host != c.Host {
			return refused
		}
	}
	site := c.Header.Get("Sec-Fetch-Site")
	followed := c.Header.Get("Sec-Fetch-Mode") == "navigate" && c.Header.Get("Sec-Fetch-Dest") == "document" && c.Method == http.MethodGet // a link to the page, which shows its reader nothing
	if site != "" && site != "same-origin" && site != "none" && !followed {
		return refused
	}
	return nil
}

// unrebindable tells a host that no name server can point elsewhere.
func unrebindable(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	_, err := netip.ParseAddr(host)
	return err == nil || host == "localhost" || strings.HasSuffix(host, ".localhost")
}

func listMessages(c *call) (reply, error) {
	if err := c.mailbox(); err != nil {
		return reply{}, err
	}
	list, err := c.api.Mail.Mailbox(c.Context(), c.URL.Query().Get("to"))
	if err != nil {
		return reply{}, err
	}
	return messages(struct {
		Items []mail.Summary `json:"items"`
		SMTP  string         `json:"smtp,omitempty"` // where messages go instead
	}{list, c.api.Mail.SMTP.Host})
}

func getMessage(c *call) (reply, error) {
	m, err := c.message()
	if err != nil {
		return reply{}, err
	}
	return messages(m)
}

// showMessage answers with a message's HTML alone, for a frame.
func showMessage(c *call) (reply, error) {
	m, err := c.message()
	if err != nil {
		return reply{}, err
	}
	c.out.Set("Content-Security-Policy", messagePolicy)
	c.out.Set("Referrer-Policy", "no-referrer")
	return reply{status: http.StatusOK, body: []byte(m.HTML), mime: "text/html; charset=utf-8"}, nil
}

func (c *call) message() (mail.Received, error) {
	if err := c.mailbox(); err != nil {
		return mail.Received{}, err
	}
	return c.api.Mail.Read(c.Context(), c.PathValue("id"))
}

func clearMessages(c *call) (reply, error) {
	if err := c.mailbox(); err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusNoContent}, c.api.Mail.Clear(c.Context(), c.PathValue("id"))
}

func messages(value any) (reply, error) {
	body, err := json.Marshal(value)
	return reply{status: http.StatusOK, body: body}, err
}
