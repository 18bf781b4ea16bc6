// Package httpapi is the only room that answers HTTP: every route in one table
// with its guard in a column, and one place that turns an answer or an error
// into bytes. It decodes requests into queries and encodes their answers; it
// decides nothing about who may do what and knows no SQL.
package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/auth"
	"github.com/loam-dev/loam/internal/data"
	"github.com/loam-dev/loam/internal/graphql"
	"github.com/loam-dev/loam/internal/mail"
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
	OpenAPI []byte
}

// Config is what New needs.
type Config struct {
	App       func() *App // the App in force
	Auth      *auth.Service
	Tenant    *tenant.Service
	Audit     *audit.Log
	Mail      *mail.Service
	Anonymous *access.Principal // the caller who shows nothing
	Origins   []string          // allowed by CORS; "*" for all
	Dev       bool              // GraphiQL, and introspection for everybody
	MaxBody   int64             // bytes of a request's body
	Timeout   time.Duration     // of a request
	Ready     func(context.Context) error
	Log       *slog.Logger
}

// API answers the requests of one environment.
type API struct {
	Config
	mux *http.ServeMux
}

// New makes the handler.
func New(c Config) *API {
	a := &API{Config: c, mux: http.NewServeMux()}
	for _, r := range routes {
		a.mux.Handle(r.pattern, &endpoint{a, r})
	}
	return a
}
