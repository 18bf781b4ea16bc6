package config

import (
	"net/url"
	"slices"

	"github.com/loam-dev/loam/internal/schema"
)

// check looks at what settings say together, once each is right by itself. What
// lacks a variable is looked at too, and then taken out.
func (p *configParser) check() {
	for i := range p.config.Auth.Providers {
		p.checkProvider(&p.config.Auth.Providers[i])
	}
	p.checkServer()
	p.checkClients()
	for _, key := range hookKeys {
		p.checkHook(key)
	}
	p.checkRoles()
	p.checkChannels()
	p.checkWaysIn()
	p.checkMail()
	for _, e := range p.entries {
		for path := range p.off {
			if key, ok := entryOf(path, e.path); ok {
				e.off(p.config, key)
			}
		}
	}
	if p.off["mail.smtp"] {
		p.config.Mail.SMTP = Default().Mail.SMTP
	}
}

// checkServer asks for a token that nobody guesses.
func (p *configParser) checkServer() {
	if token := p.config.Server.MetricsToken; token.Given() && len(token.Text()) < shortestSecret {
		p.errorf(p.at("server.metricsToken"), "bad_setting", "write the output of `loam keys generate` into the variable", "`server.metricsToken` has %d characters: with fewer than %d it can be guessed", len(token.Text()), shortestSecret)
	}
}

// checkClients asks for what the apps need that sign their users in here.
func (p *configParser) checkClients() {
	for _, client := range p.config.Auth.Clients {
		if len(client.Redirects) == 0 {
			p.errorf(p.at("auth.clients."+client.ID), "bad_setting", "write redirects: [https://app.example.com/callback]", "`auth.clients.%s` needs `redirects`", client.ID)
		}
		if n := len(client.Secret.Text()); client.Secret.Given() && n < shortestSecret && !p.off["auth.clients."+client.ID] {
			p.errorf(p.at("auth.clients."+client.ID), "bad_setting", "write the output of `loam keys generate` into the variable", "the secret of `auth.clients.%s` has %d characters: with fewer than %d it can be guessed", client.ID, n, shortestSecret)
		}
	}
	if len(p.config.Auth.Clients) > 0 && !p.config.Auth.Sessions.Cookies {
		p.errorf(p.at("auth.clients"), "bad_setting", "write auth.sessions.cookies: on", "`auth.clients` needs `auth.sessions.cookies`: who signs in to an app is known by a cookie")
	}
}

// entryOf is the key of an entry's path below a group.
func entryOf(path, group string) (string, bool) {
	if len(path) > len(group)+1 && path[:len(group)+1] == group+"." {
		return path[len(group)+1:], true
	}
	return "", false
}

// checkProvider gives a provider its kind, and asks for what the kind needs.
func (p *configParser) checkProvider(o *Provider) {
	kinds := []string{"google", "github", "microsoft", "apple", "oidc"}
	if o.Kind == "" {
		o.Kind = "oidc"
		if slices.Contains(kinds, o.ID) {
			o.Kind = o.ID
		}
	}
	if o.Kind == "microsoft" && o.Tenant == "" {
		o.Tenant = "common"
	}
	keys := []struct {
		key    string
		given  bool
		needed []string // by these kinds
		known  []string // to these kinds
	}{
		{"clientId", o.ClientID != "", kinds, kinds},
		{"clientSecret", o.ClientSecret.Given(), []string{"google", "github", "microsoft"}, []string{"google", "github", "microsoft", "oidc"}},
		{"issuer", o.Issuer != "", []string{"oidc"}, []string{"oidc", "github"}},
		{"tenant", o.Tenant != "", nil, []string{"microsoft"}},
		{"teamId", o.TeamID != "", []string{"apple"}, []string{"apple"}},
		{"keyId", o.KeyID != "", []string{"apple"}, []string{"apple"}},
		{"privateKey", o.PrivateKey.Given(), []string{"apple"}, []string{"apple"}},
	}
	for _, k := range keys {
		switch {
		case !k.given && slices.Contains(k.needed, o.Kind):
			help := "write " + k.key + " below it"
			if near := schema.Nearest(o.ID, kinds); k.key == "issuer" && near != "" && near != o.ID {
				help = "did you mean `" + near + "`?"
			}
			p.errorf(p.at("auth.providers."+o.ID), "bad_setting", help, "`auth.providers.%s` is of kind %s, which needs `%s`", o.ID, o.Kind, k.key)
		case k.given && !slices.Contains(k.known, o.Kind):
			p.errorf(p.at("auth.providers."+o.ID+"."+k.key), "bad_setting", "remove it", "`auth.providers.%s` is of kind %s, which has no `%s`", o.ID, o.Kind, k.key)
		}
	}
}

func (p *configParser) checkHook(key string) {
	path, hook := "auth.hooks."+key, p.config.Auth.hook(key)
	if _, written := p.places[path]; !written {
		return
	}
	if hook.URL == "" {
		p.errorf(p.at(path), "bad_setting", "write url: https://example.com/hook", "`%s` needs `url`", path)
	} else if u, err := url.Parse(hook.URL); err == nil && u.Scheme == "http" && !loopback(u) && !p.config.Outbound.AllowPrivate {
		p.errorf(p.at(path+".url"), "bad_setting", "write https://", "`%s.url` would send what it says of users in clear", path)
	}
	if !hook.Secret.Given() {
		p.errorf(p.at(path), "bad_setting", "write secret: ${HOOK_SECRET}", "`%s` needs `secret`, by which its receiver knows that a call is yours", path)
	}
}

func (p *configParser) checkRoles() {
	if at, written := p.places["organizations.roles."+RoleOwner]; written {
		p.errorf(at, "bad_setting", "remove it, or choose another name", "the role `owner` has every permission, and can't be changed")
	}
	if at, written := p.places["organizations"]; written && !p.config.Organizations {
		p.warnf(at, "unused_setting", "remove it, or write tenancy: organizations", "with `tenancy: off` there is one organization, which nobody manages")
	}
}

func (p *configParser) checkWaysIn() {
	a := &p.config.Auth
	if !a.Password.Enabled && !a.Email.Code && !a.Email.Link && len(a.Providers) == 0 {
		p.warnf(p.at("auth.password.enabled"), "no_way_in", "write auth.email.code: on, or name a provider", "without a password, a mailed code or link, and a provider nobody can sign up")
	}
	if a.SecondFactor != "optional" && !a.TOTP && !a.Passkeys {
		p.errorf(p.at("auth.secondFactor"), "bad_setting", "write auth.totp: on, or auth.passkeys: on", "`auth.secondFactor` asks for a second factor, and there is none to add")
	}
}

func (p *configParser) checkMail() {
	m := &p.config.Mail
	_, written := p.places["mail.smtp"]
	switch {
	case written && m.SMTP.Host == "":
		p.errorf(p.at("mail.smtp"), "bad_setting", "write host: smtp.example.com", "`mail.smtp` needs `host`")
	case m.SMTP.Host != "" && m.From == "" && !p.off["mail.from"]:
		p.errorf(p.at("mail.smtp"), "bad_setting", "write mail.from: Tracker <hello@example.com>", "mail needs somebody that it is from: `mail.from`")
	}
	p.checkDelivery(written)
	if m.SMTP.User != "" && m.SMTP.TLS == "none" {
		p.warnf(p.at("mail.smtp.tls"), "clear_secret", "write mail.smtp.tls: starttls", "the password goes to the mail server in clear")
	}
}

// checkDelivery warns of what can't reach its users when it is served: mail
// without a server for it, and links that lead to an address of the machine's own.
func (p *configParser) checkDelivery(server bool) {
	if p.env.Lenient {
		return // development has a mailbox of its own, and its users are here
	}
	a := &p.config.Auth
	_, url := p.places["url"]
	for _, s := range []struct {
		path         string
		mails, links bool
	}{
		{"auth.email.confirm", a.Email.Confirm != "none", a.Email.Confirm == "link"}, {"auth.email.code", a.Email.Code, false},
		{"auth.email.link", a.Email.Link, a.Email.Link}, {"auth.providers", false, len(a.Providers) > 0}, {"auth.clients", false, len(a.Clients) > 0},
	} {
		if s.mails && !server {
			p.warnf(p.at(s.path), "no_mail", "write mail.smtp, with its host and so on below it", "`%s` sends mail, and there is no mail server", s.path)
		}
		if s.links && !url {
			p.warnf(p.at(s.path), "no_url", "write url: https://app.example.com", "`%s` sends browsers to this server, and `url` does not say where it is", s.path)
		}
	}
}
