// Package config is loam.yaml as one immutable value: what is not data, from how
// users sign in to what is limited. It parses and checks; it reads no file and no
// environment by itself, and knows nothing of the rooms that its values go to.
package config

import (
	"net/netip"
	"slices"
	"time"
)

// Config is loam.yaml: what is not data. It is immutable once parsed.
type Config struct {
	Name          string // of the app, for titles and mail; "" where it is not given
	URL           string // https://app.example.com, where clients reach the server; "" where it is not given
	Organizations bool   // tenancy: organizations; otherwise all rows belong to one
	Roles         Roles  // of the members of organizations
	Orgs          OrgsConfig
	Auth          AuthConfig
	Mail          MailConfig
	Database      DatabaseConfig
	NATS          NATSConfig
	Backup        BackupConfig
	Server        ServerConfig
	Outbound      OutboundConfig
	API           APIConfig
	Console       ConsoleConfig
	Realtime      RealtimeConfig
	Channels      []Channel // in the order of the file
	Generate      GenerateConfig
	Limits        Limits
	Variables     []string // names of the variables that the file reads, each once
}

// GenerateConfig says what loam dev makes from the schema; generate.* of loam.yaml.
type GenerateConfig struct {
	TS       string // the folder of the TypeScript client, from the project's directory; "" where it is not given
	Packages bool   // it imports @loam/client and @loam/react
	React    bool   // it has the hooks of @loam/react
}

// OrgsConfig says what organizations may do; organizations.* of loam.yaml.
type OrgsConfig struct {
	Create  string // who founds one: anyone, or admins of the server
	Domains bool   // organizations may claim e-mail domains
}

// MailConfig says how mail is sent.
type MailConfig struct {
	From     string // "Tracker <hello@example.com>"
	ReplyTo  string // likewise; "" for none
	Language string // of who has chosen none
	SMTP     SMTPConfig
}

// SMTPConfig is the mail server; without a Host there is none.
type SMTPConfig struct {
	Host     string
	Port     int
	User     string
	Password Secret
	TLS      string // starttls, implicit or none
}

// DatabaseConfig says where rows are kept.
type DatabaseConfig struct {
	URL      Secret        // of a PostgreSQL database; without one, a file in the data directory
	Replicas []Secret      // URLs of its standbys, for reads that ask for them
	MaxLag   time.Duration // of those that answer
}

// NATSConfig says what wakes the servers of a PostgreSQL database; without a URL, the
// database does.
type NATSConfig struct {
	URL         Secret // of one server or several
	Credentials string // path of a file with a JWT and its seed
	CA          string // path of a file with the authorities of the servers' certificates
	Certificate string // path of the client's certificate
	Key         string // path of its key
	Prefix      string // of the subject
}

// BackupConfig says where backups go while the server runs; without a To, nowhere.
type BackupConfig struct {
	To        string        // a directory's full path, or s3://
	Every     time.Duration // from one snapshot to the next
	Retention time.Duration // how far back a moment can be restored
}

// ServerConfig says what stands before the server.
type ServerConfig struct {
	TrustedProxies []netip.Prefix // whose X-Forwarded-For is believed
	MetricsToken   Secret         // who shows it gets /metrics
}

// OutboundConfig says where the server's own requests may go.
type OutboundConfig struct {
	AllowPrivate bool // to addresses of the private network too
}

// APIConfig says what the doors allow.
type APIConfig struct {
	GraphQL string   // api.graphql: auto, native or amplify
	Origins []string // of browsers that may call: "https://app.example.com", or "*"
}

// ConsoleConfig says what admins of the server may do at /console.
type ConsoleConfig struct {
	Data string // with the rows of organizations: write, read or off
}

// RealtimeConfig says what live updates do.
type RealtimeConfig struct {
	Retention time.Duration // how long the change log is kept: so long somebody may be away and resume
}

// Limits are all limits that can be set.
type Limits struct {
	Request      RequestLimits
	SignIn       SignInLimits
	Mail         MailLimits
	Organization OrganizationLimits
	User         UserLimits
	Realtime     RealtimeLimits
	Channels     ChannelLimits
}

// RequestLimits are the limits of one request.
type RequestLimits struct {
	Body     int64         // bytes of a request's body
	PageSize int           // rows of a page at most
	Depth    int           // relations inside each other
	Filter   int           // conditions of a filter
	Batch    int           // operations of a batch
	Timeout  time.Duration // of a request
}

// SignInLimits slow guessing down.
type SignInLimits struct {
	Free        int           // failures for an account that cost nothing
	LongestWait time.Duration // that further ones can cost
	PerNetwork  int           // failures from one network that cost nothing
	Global      int           // failures a minute, over all accounts; 0: any number
}

// MailLimits bound what one can make the server send.
type MailLimits struct {
	PerAddress int // messages an hour to one address
	PerNetwork int // messages an hour that requests from one network cause
}

// OrganizationLimits bound one organization; 0 is no limit.
type OrganizationLimits struct {
	Members           int
	Rows              int
	Storage           int64 // bytes
	RequestsPerMinute int
	Teams             int
	Invitations       int // that are open
	Domains           int
}

// UserLimits bound one user.
type UserLimits struct {
	Organizations int // that one belongs to
	Sessions      int // a further one ends the oldest
	Passkeys      int
}

// RealtimeLimits bound the connections that stay.
type RealtimeLimits struct {
	Connections     int           // of the server
	PerUser         int           // of one user, API key or anonymous address
	PerOrganization int           // of one organization
	Subscriptions   int           // of one connection
	OfUser          int           // subscriptions of one user or API key
	OfOrganization  int           // subscriptions of one organization
	OfServer        int           // subscriptions of the server
	Queue           int64         // bytes that may wait for one client
	Message         int64         // bytes of one message from a client
	Messages        int           // a second from a client, and ten seconds' worth at once
	Init            time.Duration // until a client has said who it is
	Idle            time.Duration // until one that takes or says nothing is taken for gone
}

// Default is what holds without a loam.yaml.
func Default() *Config {
	c := &Config{Roles: StandardRoles()}
	for _, s := range settings() {
		if !s.inEntry() {
			s.setStandard(c, "")
		}
	}
	return c
}

// ServedAt is the configuration of a server that answers at an address of its
// own where loam.yaml names no other.
func (c *Config) ServedAt(url string) *Config {
	served := *c
	if served.URL == "" {
		served.URL = url
	}
	return &served
}

// WebAuthnOrigins are the sites whose pages may ask for a passkey.
func (c *Config) WebAuthnOrigins() []string {
	if len(c.Auth.PasskeyOrigins) > 0 || c.URL == "" {
		return slices.Clone(c.Auth.PasskeyOrigins)
	}
	return []string{c.URL}
}
