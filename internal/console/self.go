package console

import (
	"github.com/loam-dev/loam/internal/auth"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/observe"
	"github.com/loam-dev/loam/internal/store"
)

// Self is what the console's page has to know before it shows anything: who asks,
// and what there is to do here.
type Self struct {
	User          auth.User `json:"user"`
	Name          string    `json:"name"` // of the app
	Version       string    `json:"version"`
	Engine        string    `json:"engine"`
	Node          string    `json:"node"`
	Tenancy       bool      `json:"tenancy"`
	Dev           bool      `json:"dev"`
	Data          string    `json:"data"`          // write, read or off: rows as admin
	Impersonation string    `json:"impersonation"` // off, read or write
	Mailbox       bool      `json:"mailbox"`
	ProvedUntil   *string   `json:"provedUntil"` // until then what acts needs no new proof
}

// Self is that for an admin whose proof is fresh until then, "" for not at all.
func (s *Service) Self(user auth.User, provedUntil string) Self {
	c := s.opts.Config
	self := Self{User: user, Name: c.Name, Version: observe.ReadBuild().Version, Engine: s.engineName(), Node: s.opts.Node, Tenancy: c.Organizations, Dev: s.opts.Dev,
		Data: c.Console.Data, Impersonation: c.Auth.Impersonation, Mailbox: s.opts.Dev && c.Mail.SMTP.Host == ""}
	if provedUntil != "" {
		self.ProvedUntil = &provedUntil
	}
	return self
}

// Settings are loam.yaml as it holds, with what else decides what the server does.
type Settings struct {
	observe.Build
	Engine    string           `json:"engine"`
	Node      string           `json:"node"`
	StartedAt string           `json:"startedAt"`
	Uptime    int64            `json:"uptime"` // seconds
	Dev       bool             `json:"dev"`
	URL       string           `json:"url"`
	Data      string           `json:"data"`     // the data directory
	Database  string           `json:"database"` // where rows are
	Settings  []config.InForce `json:"settings"`
}

// Settings shows no secret.
func (s *Service) Settings() Settings {
	o := s.opts
	return Settings{Build: observe.ReadBuild(), Engine: s.engineName(), Node: o.Node, StartedAt: s.StartedAt(), Uptime: int64(o.Now().Sub(s.began).Seconds()),
		Dev: o.Dev, URL: o.Config.URL, Data: o.Data, Database: o.Where, Settings: o.Config.InForce()}
}

// StartedAt is when this server began to serve.
func (s *Service) StartedAt() string { return form.Stamp(s.began) }

func (s *Service) engineName() string {
	if s.opts.Engine.Dialect() == store.PostgreSQL {
		return "postgres"
	}
	return "sqlite"
}
