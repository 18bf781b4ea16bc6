// Package httpapi is the only room that answers HTTP: every route in one table
// with its guard in a column, and one place that turns an answer or an error
// into bytes. It decodes requests into queries and encodes their answers; it
// decides nothing about who may do what and knows no SQL.
package httpapi

import (
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/admin"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/auth"
	"github.com/loam-dev/loam/internal/channel"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/console"
	"github.com/loam-dev/loam/internal/data"
	"github.com/loam-dev/loam/internal/federation"
	"github.com/loam-dev/loam/internal/graphql"
	"github.com/loam-dev/loam/internal/mail"
	"github.com/loam-dev/loam/internal/observe"
	"github.com/loam-dev/loam/internal/provider"
	"github.com/loam-dev/loam/internal/realtime"
	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/socket"
	"github.com/loam-dev/loam/internal/stats"
	"github.com/loam-dev/loam/internal/tenant"
)

// The limits of one request.
const (
	maxQuery       = 16 << 10 // bytes of a URL's query
	maxIdempotency = 255      // characters of an Idempotency-Key
)

// App is what follows from the schema. A new schema is a new App; a request
// sees one App from start to end.
type App struct {
	Data    *data.Service
	GraphQL *graphql.Executor
	OpenAPI func() []byte // the document, made when it is first asked for
	Refuses error         // why nothing of it is served for now; nil: it is
}

// Config is what New needs.
type Config struct {
	App            func() *App // the App in force
	Auth           *auth.Service
	Tenant         *tenant.Service
	Federation     *federation.Service
	Admin          *admin.Service
	Audit          *audit.Log
	Mail           *mail.Service
	Console        *console.Service
	Stats          *stats.Recorder // nil: requests are not counted
	Project        *config.Config  // loam.yaml, for what a sign-in page needs of it
	Provider       *provider.Service
	Hub            *realtime.Hub
	Sockets        *socket.Server
	Metrics        *observe.Metrics
	Channels       *channel.Hub
	Anonymous      *access.Principal // the caller who shows nothing
	Origins        []string          // allowed by CORS; "*" for all
	Dev            bool              // GraphiQL, and introspection for everybody
	Demo           fs.FS             // the app at /demo, as it is built; nil for none
	MaxBody        int64             // bytes of a request's body
	Timeout        time.Duration     // of a request
	MaxLag         time.Duration     // of a replica that answers
	Ready          func(context.Context) error
	Backups        Backups
	Log            *slog.Logger
	Cookies        bool           // browsers may have their tokens in cookies
	SessionIdle    time.Duration  // how long a session lives without use
	HTTPS          bool           // users reach the server by it
	TrustedProxies []netip.Prefix // whose X-Forwarded headers are believed
}

// API answers the requests of one environment.
type API struct {
	Config
	mux   *http.ServeMux
	sites *http.CrossOriginProtection // who may send cookies along with a change
	door  *socket.Door
	talk  *socket.ChannelDoor
	lists *socket.LiveDoor
	spare sync.Pool // of *scratch
}

// New makes the handler.
func New(c Config) *API {
	a := &API{Config: c, mux: http.NewServeMux(), sites: http.NewCrossOriginProtection()}
	for _, origin := range c.Origins {
		if origin != "*" {
			_ = a.sites.AddTrustedOrigin(origin) // loam.yaml was checked: each is one
		}
	}
	a.door = &socket.Door{Execute: a.execute, Show: a.shown, Hub: c.Hub, Timeout: c.Timeout}
	a.talk = &socket.ChannelDoor{Hub: c.Channels, Show: a.shown, Admit: a.mayTalk, Timeout: c.Timeout}
	a.lists = &socket.LiveDoor{Hub: c.Hub, Show: a.shown, Admit: a.mayTalk, Read: a.listAt, Timeout: c.Timeout}
	for _, r := range routes() {
		a.mux.Handle(r.pattern, &endpoint{a, r, r.countable()})
	}
	return a
}

// model is a model of the schema in force, nil without it or before there is one.
func (a *App) model(name string) *schema.Model {
	if a == nil {
		return nil
	}
	return a.Data.Schema().Model(name)
}
