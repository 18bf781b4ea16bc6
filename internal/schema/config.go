package schema

import (
	"fmt"
	"time"
)

// Config is loam.yaml: what is not data. It is immutable once parsed.
type Config struct {
	Name          string // of the app, for titles and the token's issuer; "" where it is not given
	Organizations bool   // tenancy: organizations; otherwise all rows belong to one
	Auth          AuthConfig
	API           APIConfig
}

// AuthConfig says how users sign in.
type AuthConfig struct {
	Confirm      string        // auth.email.confirm: none, code or link
	AccessToken  time.Duration // how long an access token is valid
	RefreshToken time.Duration // how long a session lives without use
}

// APIConfig says what the doors allow.
type APIConfig struct {
	GraphQL string   // api.graphql: auto, native or amplify
	Origins []string // of browsers that may call: "https://app.example.com", or "*"
	Limits  APILimits
}

// APILimits are the limits of one request.
type APILimits struct {
	Body     int64         // bytes of a request's body
	PageSize int           // rows of a page at most
	Depth    int           // relations inside each other
	Filter   int           // conditions of a filter
	Batch    int           // operations of a batch
	Timeout  time.Duration // of a request
}

// settingKind is the form of a setting.
type settingKind uint8

const (
	settingText     settingKind = iota
	settingWord                 // one of setting.words
	settingDuration             // 15m, 30d
	settingBytes                // 1MiB
	settingNumber
	settingOrigins
)

// setting is one key of loam.yaml. The parser, the JSON Schema and the
// reference are made from the same table.
type setting struct {
	path     string // "auth.email.confirm"
	kind     settingKind
	words    []string
	later    []string // words that are known and not served yet
	min, max int64    // of a number, of bytes, of seconds
	standard string   // what holds where the key is missing, as written
	doc      string
	set      func(*Config, any) // string, int64 (of time.Duration too), or []string
}

func settings() []setting {
	const second, minute, hour, day = 1, 60, 60 * 60, 24 * 60 * 60
	return []setting{
		{path: "name", kind: settingText, doc: "the app's name, shown to users",
			set: func(c *Config, v any) { c.Name = v.(string) }},
		{path: "tenancy", kind: settingWord, words: []string{"organizations", "off"}, standard: "organizations",
			doc: "`organizations`: users belong to organizations, and rows to one of them; `off`: all users share all rows, as far as the rules let them",
			set: func(c *Config, v any) { c.Organizations = v == "organizations" }},
		{path: "auth.email.confirm", kind: settingWord, words: []string{"none", "code", "link"}, later: []string{"code", "link"}, standard: "none",
			doc: "how a new user shows that the address is theirs", set: func(c *Config, v any) { c.Auth.Confirm = v.(string) }},
		{path: "auth.sessions.accessToken", kind: settingDuration, min: minute, max: day, standard: "15m", doc: "how long an access token is valid",
			set: func(c *Config, v any) { c.Auth.AccessToken = time.Duration(v.(int64)) }},
		{path: "auth.sessions.refreshToken", kind: settingDuration, min: hour, max: 400 * day, standard: "30d", doc: "how long a session lives without use",
			set: func(c *Config, v any) { c.Auth.RefreshToken = time.Duration(v.(int64)) }},
		{path: "api.graphql", kind: settingWord, words: []string{"auto", "native", "amplify"}, standard: "auto",
			doc: "the names of the GraphQL door: `amplify` also serves the names that AWS Amplify would have generated, for its clients; `auto` does so for a schema with AWS scalars, or with nothing in it that only Loam knows",
			set: func(c *Config, v any) { c.API.GraphQL = v.(string) }},
		{path: "api.cors.origins", kind: settingOrigins, doc: "the sites whose browsers may call the API: `https://app.example.com`, or `*` for any",
			set: func(c *Config, v any) { c.API.Origins = v.([]string) }},
		{path: "api.limits.body", kind: settingBytes, min: 1 << 10, max: 64 << 20, standard: "1MiB", doc: "bytes of a request's body",
			set: func(c *Config, v any) { c.API.Limits.Body = v.(int64) }},
		{path: "api.limits.pageSize", kind: settingNumber, min: 1, max: 10_000, standard: "1000", doc: "rows of a page at most",
			set: func(c *Config, v any) { c.API.Limits.PageSize = int(v.(int64)) }},
		{path: "api.limits.depth", kind: settingNumber, min: 1, max: 20, standard: "8", doc: "relations inside each other",
			set: func(c *Config, v any) { c.API.Limits.Depth = int(v.(int64)) }},
		{path: "api.limits.filter", kind: settingNumber, min: 1, max: 1_000, standard: "100", doc: "conditions of a filter",
			set: func(c *Config, v any) { c.API.Limits.Filter = int(v.(int64)) }},
		{path: "api.limits.batch", kind: settingNumber, min: 1, max: 1_000, standard: "100", doc: "operations of a batch",
			set: func(c *Config, v any) { c.API.Limits.Batch = int(v.(int64)) }},
		{path: "api.limits.timeout", kind: settingDuration, min: second, max: 5 * minute, standard: "10s", doc: "how long a request may take",
			set: func(c *Config, v any) { c.API.Limits.Timeout = time.Duration(v.(int64)) }},
	}
}

// DefaultConfig is what holds without a loam.yaml.
func DefaultConfig() *Config {
	c := &Config{}
	for _, s := range settings() {
		if s.standard == "" {
			continue
		}
		v, problem := s.read(s.standard)
		if problem != "" {
			panic(fmt.Sprintf("schema: the default of %s: %s", s.path, problem))
		}
		s.set(c, v)
	}
	return c
}
