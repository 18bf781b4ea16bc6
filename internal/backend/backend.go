// Package backend is one environment, wired by hand: the only place where all
// rooms meet. A server may hold several; nothing here is global.
package backend

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/admin"
	"github.com/loam-dev/loam/internal/attempt"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/auth"
	"github.com/loam-dev/loam/internal/backup"
	"github.com/loam-dev/loam/internal/bus"
	"github.com/loam-dev/loam/internal/channel"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/console"
	"github.com/loam-dev/loam/internal/data"
	"github.com/loam-dev/loam/internal/federation"
	"github.com/loam-dev/loam/internal/hooks"
	"github.com/loam-dev/loam/internal/httpapi"
	"github.com/loam-dev/loam/internal/jobs"
	"github.com/loam-dev/loam/internal/mail"
	"github.com/loam-dev/loam/internal/move"
	"github.com/loam-dev/loam/internal/observe"
	"github.com/loam-dev/loam/internal/outbound"
	"github.com/loam-dev/loam/internal/provider"
	"github.com/loam-dev/loam/internal/realtime"
	"github.com/loam-dev/loam/internal/replica"
	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/signal"
	"github.com/loam-dev/loam/internal/socket"
	"github.com/loam-dev/loam/internal/stats"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/migrate"
	"github.com/loam-dev/loam/internal/store/postgres"
	"github.com/loam-dev/loam/internal/store/sqlite"
	"github.com/loam-dev/loam/internal/tenant"
	"github.com/loam-dev/loam/internal/vault"
)

// Options say what an environment is made of.
type Options struct {
	Name     string         // of the environment; names it in its tokens
	Data     string         // the data directory
	Database string         // the URL of a PostgreSQL database; "": a file in the data directory
	Replicas []string       // URLs of that one's standbys, for reads that ask for them
	NATS     string         // the URL of what wakes its other servers; "": as loam.yaml says
	Vault    *vault.Vault   // holds the master key
	Encrypt  bool           // the database file, with a key of the vault's
	Config   *config.Config // loam.yaml
	Dev      bool           // explorers, the mailbox, and introspection for everybody
	Idle     bool           // leaves background jobs to a server: for commands, which may lack its secrets
	Mail     fs.FS          // the project's own mail templates; nil for none
	Demo     fs.FS          // the app at /demo, as it is built; nil for none
	Draft    func() string  // the schema's file as it is being edited; nil outside of development
	Log      *slog.Logger
	Now      func() time.Time // nil: the clock

	Resolver tenant.Resolver // of domains' DNS records; nil: the system's
}

// Backend is an open environment. It is safe for concurrent use.
type Backend struct {
	Auth     *auth.Service
	Tenant   *tenant.Service
	Audit    *audit.Log
	Mail     *mail.Service
	Migrator *migrate.Migrator

	opts     Options
	engine   store.Engine
	bus      *bus.Bus // nil: none
	jobs     *jobs.Queue
	usage    store.UsageLimit // of an organization
	api      *httpapi.API
	provider *provider.Service
	console  *console.Service
	stats    *stats.Recorder // nil: requests are not counted
	outbound *outbound.Client
	hooks    *hooks.Hooks
	metrics  *observe.Metrics
	hub      *realtime.Hub
	sockets  *socket.Server
	channels *channel.Hub
	replicas *replica.Set    // nil: there are none
	signals  *signal.Reader  // nil: nobody else changes what is remembered
	peers    *signal.Peers   // nil: there is nobody else
	backup   *backup.Service // nil: loam.yaml asks for none
	schedule *schedule       // of backups of a database on a server; nil: loam.yaml asks for none
	copying  sync.Mutex      // held while the rows are copied for a backup
	app      atomic.Pointer[httpapi.App]
	force    force
	closing  atomic.Bool
	hangUp   sync.Once
	shipped  sync.Once // the last commits, to the backup
}

// Open opens the database and prepares its system tables. It serves no schema
// until Use.
func Open(ctx context.Context, o Options) (*Backend, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Resolver == nil {
		o.Resolver = net.DefaultResolver
	}
	engine, err := o.open(ctx, false)
	if err != nil {
		return nil, err
	}
	b := &Backend{opts: o, engine: engine, metrics: observe.New()}
	err = move.Permit(ctx, engine)
	if err == nil {
		err = b.join(ctx)
	}
	if err == nil {
		err = b.wire(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, b.leave())
	}
	if !o.Idle {
		if err := errors.Join(b.replicate(), b.keepBackups(ctx)); err != nil {
			return nil, errors.Join(err, b.Close())
		}
		b.heed()
		b.stats.Start(ctx)
		b.jobs.Start(ctx)
	}
	return b, nil
}

// open opens the database, as one that is being filled where it is.
func (o *Options) open(ctx context.Context, filling bool) (store.Engine, error) {
	if o.Database != "" {
		return postgres.Open(ctx, postgres.Options{URL: o.Database, Log: o.Log})
	}
	var key []byte
	if o.Encrypt {
		key = o.Vault.Key("store/database").Bytes()
	}
	return sqlite.Open(ctx, sqlite.Options{Path: filepath.Join(o.Data, "loam.db"), Key: key, Filling: filling, Log: o.Log})
}

// migrator takes a database to the shape that all rooms need.
func (o *Options) migrator(e store.Engine) *migrate.Migrator {
	return migrate.New(e, migrate.Options{
		SystemTables: slices.Concat(attempt.Tables(e.Dialect()), auth.Tables(), tenant.Tables(), tenant.RateTables(e.Dialect()), federation.Tables(), audit.Tables(e.Dialect()), jobs.Tables(), mail.Tables(), provider.Tables(), channel.Tables(e.Dialect()), console.Tables(), stats.Tables(), replica.Tables(e.Dialect()), signal.Tables(e.Dialect())),
		Upgrades:     slices.Concat(auth.Upgrades(), tenant.Upgrades()),
		Views:        tenant.Views(),
		Now:          o.Now,
		Loam:         observe.ReadBuild().Version,
		Node:         nodeName(),
	})
}

// wire joins the rooms.
func (b *Backend) wire(ctx context.Context) error {
	o := b.opts
	b.Migrator = o.migrator(b.engine)
	if err := b.Migrator.Prepare(ctx); err != nil {
		return err
	}
	b.jobs = jobs.New(jobs.Options{Engine: b.engine, Log: o.Log, Now: o.Now})
	b.outbound = outbound.New(outbound.Options{AllowPrivate: o.Config.Outbound.AllowPrivate || o.Dev})
	b.Audit = audit.New(b.engine, o.Vault, o.Now)
	register := tenant.Register{Off: !o.Config.Organizations, Audit: b.Audit, Roles: o.Config.Roles, Limits: &o.Config.Limits.Organization,
		PerUser: o.Config.Limits.User.Organizations, AdminsFound: o.Config.Orgs.Create == "admins", NoDomains: !o.Config.Orgs.Domains, Jobs: b.jobs, Shared: b.engine.Dialect() == store.PostgreSQL, Now: o.Now}
	var err error
	if b.Mail, err = mail.New(b.mail(register)); err != nil {
		return err
	}
	if b.hooks, err = b.joinHooks(); err != nil {
		return err
	}
	ways, err := b.federation(register)
	if err != nil {
		return err
	}
	b.jobs.Every("federation/prune", tidyEvery, func(ctx context.Context) error { _, err := ways.Prune(ctx); return err })
	b.Auth, err = auth.New(ctx, auth.Config{Engine: b.engine, Vault: o.Vault, Organizations: register, Audit: b.Audit, Gate: ways,
		Attempts: b.attempts(), Mailer: b.Mail, Queue: b.jobs, Hooks: b.hooks, Settings: o.Config.Auth, Limits: o.Config.Limits, Issuer: "loam:" + o.Name, URL: o.Config.URL,
		Factors: factors(o.Config, o.Dev), Now: o.Now})
	if err != nil {
		return err
	}
	b.jobs.Handle(auth.PostJob, b.Auth.Post)
	b.jobs.Handle(auth.RowsJob, b.removeRows)
	b.jobs.Every("realtime/prune", tidyEvery, b.pruneLog)
	b.jobs.Every("auth/prune", tidyEvery, b.tidy)
	b.Tenant = tenant.New(b.engine, register, b.Auth, b.outside())
	b.usage = b.Tenant.UsageLimit
	anonymous := &access.Principal{}
	if !o.Config.Organizations {
		anonymous.Org = tenant.None
		if err := b.engine.Write(ctx, register.Enroll); err != nil {
			return err
		}
	}
	b.provider = provider.New(provider.Options{Engine: b.engine, Vault: o.Vault, Auth: b.Auth, Audit: b.Audit,
		Issuer: o.Config.URL, Clients: o.Config.Auth.Clients, Now: o.Now})
	if b.console, err = console.New(b.consoleOptions()); err != nil {
		return err
	}
	if err := b.follow(); err != nil {
		return err
	}
	if !o.Idle {
		b.stats = stats.New(stats.Options{Engine: b.engine, Node: nodeName() + " " + rand.Text()[:6], Connections: func() int { return b.sockets.Stats().Connections }, Log: o.Log, Now: o.Now})
		b.jobs.Every("stats/tidy", tidyEvery, b.stats.Tidy)
	}
	b.observe()
	b.api = httpapi.New(httpapi.Config{
		App: b.app.Load, Hub: b.hub, Sockets: b.sockets, Channels: b.channels, Metrics: b.metrics, Auth: b.Auth, Tenant: b.Tenant, Federation: ways, Mail: b.Mail, Provider: b.provider,
		Console: b.console, Stats: b.stats, Admin: admin.New(b.engine, b.Auth, b.Tenant, b.Audit, b.jobs, o.Now), Project: o.Config, Anonymous: anonymous,
		Cookies: o.Config.Auth.Sessions.Cookies, SessionIdle: o.Config.Auth.Sessions.RefreshToken,
		HTTPS: strings.HasPrefix(o.Config.URL, "https://"), TrustedProxies: o.Config.Server.TrustedProxies,
		Origins: o.Config.API.Origins, MaxBody: o.Config.Limits.Request.Body, Timeout: o.Config.Limits.Request.Timeout, MaxLag: o.Config.Database.MaxLag,
		Audit: b.Audit, Dev: o.Dev, Demo: o.Demo, Ready: b.ready, Backups: backups{b}, Log: o.Log,
	})
	return nil
}

func (b *Backend) consoleOptions() console.Options {
	o := b.opts
	return console.Options{Engine: b.engine, Audit: b.Audit, Config: o.Config, Dev: o.Dev, People: b.Auth.Standing, Node: nodeName(), Data: o.Data, Where: o.Where(), Now: o.Now,
		Migrator: console.Migrator{Applied: b.Migrator.History, Next: b.pending}, Files: console.Files{
			InForce: func() string {
				b.force.Lock()
				defer b.force.Unlock()
				return b.force.schema.Source
			},
			Draft: o.Draft,
			Diagnose: func(source string) schema.Diagnostics {
				_, diags := Compile("schema.graphql", source, o.Config.Roles.Keys())
				return diags
			},
		}}
}

// pending is the migration that the schema's file would lead to: in development as it
// was last saved, unless that has mistakes.
func (b *Backend) pending(ctx context.Context) (*migrate.Migration, error) {
	b.force.Lock()
	c := b.force.schema
	b.force.Unlock()
	if b.opts.Draft != nil {
		if draft, _ := Compile("schema.graphql", b.opts.Draft(), b.opts.Config.Roles.Keys()); draft != nil {
			c = draft
		}
	}
	return b.Migrator.Next(ctx, c.Schema)
}

// nodeName is what this server is called among others.
func nodeName() string {
	name, err := os.Hostname()
	if err != nil {
		name = "unknown"
	}
	return name
}

// outside is what the tenant room reaches beyond the database.
func (b *Backend) outside() tenant.Outside {
	return tenant.Outside{Mailer: b.Mail, Resolver: b.opts.Resolver, Rows: tenantRows{b}, Link: func(token string) string {
		return b.opts.Config.URL + "/account/invitation#token=" + token // behind the #, no server logs it
	}}
}

// mail is how messages are sent, as loam.yaml says.
func (b *Backend) mail(brands mail.Brands) mail.Options {
	o, m := b.opts, b.opts.Config.Mail
	return mail.Options{
		Engine: b.engine, Jobs: b.jobs, Vault: o.Vault, Project: o.Config.Name, Brands: brands, Templates: o.Mail,
		From: m.From, ReplyTo: m.ReplyTo, Language: m.Language,
		SMTP:   mail.SMTP{Host: m.SMTP.Host, Port: m.SMTP.Port, User: m.SMTP.User, Password: mail.Secret(m.SMTP.Password.Text()), TLS: m.SMTP.TLS},
		Limits: mail.Limits{PerAddress: o.Config.Limits.Mail.PerAddress, PerNetwork: o.Config.Limits.Mail.PerNetwork},
		Dev:    o.Dev, Idle: o.Idle, Log: o.Log, Now: o.Now,
	}
}

// Data answers queries under the schema in force; for seeds and tests.
func (b *Backend) Data() *data.Service { return b.app.Load().Data }

// Hub follows the change log; for tests.
func (b *Backend) Hub() *realtime.Hub { return b.hub }

// Send sends a message by itself; for tests, and to try the settings.
func (b *Backend) Send(ctx context.Context, m mail.Message) error {
	return b.engine.Write(ctx, func(c store.Conn) error { return b.Mail.Send(c, m) })
}

// Handler answers HTTP.
func (b *Backend) Handler() http.Handler { return b.api }

// Local answers who runs the server, without credentials: see httpapi.API.Local.
func (b *Backend) Local() http.Handler { return b.api.Local() }

// ready says whether requests would be answered.
func (b *Backend) ready(ctx context.Context) error {
	if b.closing.Load() {
		return errors.New("the server is stopping")
	}
	if app := b.app.Load(); app != nil && app.Refuses != nil {
		return app.Refuses
	}
	if server, ok := b.engine.(interface{ Writable(context.Context) error }); ok {
		return server.Writable(ctx)
	}
	return b.engine.Read(ctx, func(c store.Conn) error {
		return c.Query("SELECT 1", nil, nil)
	})
}

// Retire makes the environment say that it is not ready any more, so that a load
// balancer sends no new requests.
func (b *Backend) Retire() { b.closing.Store(true) }

// Drain does so and ends the connections that stay.
func (b *Backend) Drain() {
	b.Retire()
	b.hangUp.Do(b.sockets.Close)
}

// follow starts what follows the change log, and what holds the connections.
func (b *Backend) follow() error {
	wake := make(chan struct{}, 1)
	b.engine.Notify(wake)
	b.sockets = socket.New(socket.Options{Limits: b.opts.Config.Limits.Realtime, Generation: b.Auth.Forgotten, Node: nodeName(), Audit: b.Audit, Log: b.opts.Log})
	var err error
	limits := b.opts.Config.Limits.Realtime
	poll := time.Duration(0)
	if b.engine.Dialect() == store.PostgreSQL {
		poll = pollEvery
	}
	b.hub, err = realtime.New(realtime.Options{Key: b.opts.Vault.Key("realtime/position").Bytes(), Wake: wake, Poll: poll, Check: b.sockets.Check,
		Limits: realtime.Limits{PerUser: limits.OfUser, PerOrganization: limits.OfOrganization, All: limits.OfServer},
		Lag:    b.metrics.Times("loam_realtime_lag_seconds", "From the writing of a change until all subscribers were told."), Log: b.opts.Log, Now: b.opts.Now})
	b.channels = channel.New(channel.Options{Rules: b.opts.Config.Channels, Limits: b.opts.Config.Limits.Channels, Rows: channelRows{b}, Engine: b.engine, Now: b.opts.Now})
	return err
}

// pollEvery is how late a change may be that another node made and did not tell of.
const pollEvery = 200 * time.Millisecond

// tidyEvery is how often sessions that have ended are removed.
const tidyEvery = time.Hour

// tidy removes what nobody needs any more.
func (b *Backend) tidy(ctx context.Context) error {
	_, err := b.Auth.Prune(ctx)
	return errors.Join(err, b.provider.Prune(ctx), b.channels.Prune(ctx), b.Tenant.PruneRates(ctx), b.console.Prune(ctx))
}

// pruneLog removes what nobody resumes from any more.
func (b *Backend) pruneLog(ctx context.Context) error {
	return b.Data().PruneLog(ctx, b.opts.Now().Add(-b.opts.Config.Realtime.Retention))
}

// factors says how users prove who they are. In development, pages of this machine
// ask for passkeys, wherever the app will be served.
func factors(c *config.Config, dev bool) auth.Factors {
	f := auth.Factors{App: c.Name, Second: auth.SecondFactor(c.Auth.SecondFactor), NoTOTP: !c.Auth.TOTP, NoPasskeys: !c.Auth.Passkeys, MaxPasskeys: c.Limits.User.Passkeys}
	if !dev {
		f.Sites = c.WebAuthnOrigins()
	}
	return f
}

// Close ends the environment; no request may be under way.
func (b *Backend) Close() (err error) {
	b.hangUp.Do(b.sockets.Close)
	b.channels.Close()
	if b.signals != nil {
		b.signals.Close()
		b.peers.Close()
	}
	b.hub.Close()
	b.jobs.Close()
	_ = b.stats.Close(context.Background()) // a minute's figures are worth no failure
	if b.replicas != nil {
		err = b.replicas.Close()
	}
	return errors.Join(err, b.endBackups(), b.leave())
}
