package config

import (
	"net/mail"
	"net/netip"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strings"

	forms "github.com/loam-dev/loam/internal/form"
)

// form is what a text of loam.yaml must look like.
type form struct {
	read func(text string) (string, bool) // nil: any text will do
	not  string                           // "is no origin of a site"
	help string                           // what to write instead
	like string                           // an example
}

var (
	anyText    = form{like: "My app"}
	originForm = form{read: origin, not: "is no origin of a site", help: "write https://app.example.com, without a path", like: "https://app.example.com"}
	siteForm   = form{read: site, not: "is no origin of a site", help: "write https://app.example.com, without a path", like: "https://app.example.com"}
	returnForm = form{read: returnURL, not: "is no address to return to", like: "https://app.example.com/signed-in",
		help: "write a full https:// address, http://localhost:5173/ for development, or an app's own scheme: com.example.app:/callback"}
	webForm    = form{read: web, not: "is no web address", help: "write https://example.com/path", like: "https://example.com/loam"}
	issuerForm = form{read: issuer, not: "is no address of an issuer", like: "https://login.example.com",
		help: "write the https:// address below which /.well-known/openid-configuration is (http:// is for localhost alone)"}
	targetForm   = form{read: target, not: "is no full path of a directory, nor s3://BUCKET/PREFIX", help: "write /var/backups/app, or s3://app-backups/main?region=eu-central-1", like: "/var/backups/app"}
	fileForm     = form{read: file, not: "is no full path of a file", help: "write /etc/loam/nats.pem", like: "/etc/loam/nats.pem"}
	subjectForm  = matching(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+){0,9}$`, "is no start of a subject", "write loam, or apps.desk: letters, digits, - and _, with dots between", "loam")
	folderForm   = form{read: folder, not: "is no folder from here", help: "write web/src/loam, or ../web/src/loam", like: "src/loam"}
	networkForm  = form{read: network, not: "is no network", help: "write 10.0.0.0/8, or a single address", like: "10.0.0.0/8"}
	mailboxForm  = form{read: mailbox, not: "is no e-mail address", help: "write hello@example.com, or Tracker <hello@example.com>", like: "Tracker <hello@example.com>"}
	languageForm = matching(`^[a-z]{2,3}(-[A-Z]{2})?$`, "is no language", "write en, or de-CH", "en")
	hostForm     = matching(`^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$|^\[?[0-9A-Fa-f:.]+\]?$`, "is no host", "write smtp.example.com, without a port", "smtp.example.com")
	scopeForm    = matching(`^[\x21\x23-\x5B\x5D-\x7E]+$`, "is no scope", "write each scope by itself: [openid, email]", "openid")
	tenantForm   = matching(`^(common|organizations|consumers|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$`, "is no tenant", "write common, organizations, consumers, or the tenant's id", "common")
)

func matching(pattern, not, help, like string) form {
	re := forms.Pattern(pattern)
	return form{read: func(text string) (string, bool) { return text, re().MatchString(text) }, not: not, help: help, like: like}
}

// webURL is a URL of http or https with a host and without credentials.
func webURL(text string) (*url.URL, bool) {
	u, err := url.Parse(text)
	return u, err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && u.User == nil && u.Fragment == ""
}

// folder is a path with slashes from the project's directory.
func folder(text string) (string, bool) {
	clean := path.Clean(text)
	return clean, text != "" && clean != "." && !path.IsAbs(text) && !strings.ContainsAny(text, "\\\x00")
}

// site is scheme://host[:port], in small letters as browsers send it.
func site(text string) (string, bool) {
	u, ok := webURL(text)
	if !ok || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return "", false
	}
	return strings.ToLower(u.Scheme + "://" + u.Host), true
}

// origin is a site, or * for any.
func origin(text string) (string, bool) {
	if text == "*" {
		return text, true
	}
	return site(text)
}

func web(text string) (string, bool) {
	_, ok := webURL(text)
	return text, ok
}

func issuer(text string) (string, bool) {
	u, ok := webURL(text)
	return text, ok && u.RawQuery == "" && (u.Scheme == "https" || loopback(u))
}

// browsersOwn are schemes that a browser runs or opens by itself: a redirect
// must not lead there.
var browsersOwn = []string{"javascript", "data", "vbscript", "file", "filesystem", "blob", "about", "view-source", "ws", "wss", "ftp", "mailto", "tel"}

// returnURL is where a browser may be sent back to: https, http on the same
// machine, or a scheme that an app has registered for itself.
func returnURL(text string) (string, bool) {
	u, err := url.Parse(text)
	if err != nil || u.Fragment != "" || u.User != nil || !u.IsAbs() || strings.Contains(text, "*") {
		return text, false
	}
	switch u.Scheme {
	case "https":
		return text, u.Hostname() != ""
	case "http":
		return text, loopback(u)
	}
	return text, !slices.Contains(browsersOwn, u.Scheme)
}

// loopback tells whether a URL stays on the machine.
func loopback(u *url.URL) bool {
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
}

// target is a path that means the same wherever the server is started, or a bucket.
func target(text string) (string, bool) {
	if strings.HasPrefix(text, "s3://") {
		return text, true
	}
	return filepath.Clean(text), filepath.IsAbs(text)
}

// file is a path that means the same wherever the server is started.
func file(text string) (string, bool) { return filepath.Clean(text), filepath.IsAbs(text) }

func network(text string) (string, bool) {
	if ip, err := netip.ParseAddr(text); err == nil && ip.Zone() == "" {
		return netip.PrefixFrom(ip, ip.BitLen()).String(), true
	}
	p, err := netip.ParsePrefix(text)
	return p.Masked().String(), err == nil
}

func mailbox(text string) (string, bool) {
	a, err := mail.ParseAddress(text)
	return text, err == nil && strings.Contains(a.Address, "@")
}
