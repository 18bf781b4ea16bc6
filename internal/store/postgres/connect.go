package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// configure reads the URL.
func (e *Engine) configure(o Options) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		return nil, fault.New(fault.StoreUnsuitable, "the URL of the database can't be read; it is like postgres://user:password@host:5432/database").Because(err)
	}
	says := func(key string) bool { return strings.Contains(o.URL, key+"=") }
	switch {
	case o.Connections > 0:
		config.MaxConns = int32(o.Connections)
	case !says("pool_max_conns"):
		config.MaxConns = int32(e.connections)
	}
	config.MaxConnIdleTime = e.idleAfter
	config.BeforeConnect = e.preferred
	config.AfterConnect = func(_ context.Context, c *pgx.Conn) error {
		e.reached(c.PgConn().Conn().RemoteAddr())
		begin(c, e.statements)
		return nil
	}
	config.ShouldPing = func(_ context.Context, p pgxpool.ShouldPingParams) bool {
		lost := e.lostAt.Load() // what was idle by then may have gone with it
		return lost > 0 && time.Now().Add(-p.IdleDuration).UnixNano() <= lost
	}
	config.PingTimeout = e.ping
	conn := config.ConnConfig
	if !says("connect_timeout") && os.Getenv("PGCONNECT_TIMEOUT") == "" {
		conn.ConnectTimeout = e.dial
	}
	conn.LookupFunc = e.lookup(conn.LookupFunc)
	conn.DialFunc = e.dialer().DialContext
	if conn.DefaultQueryExecMode != pgx.QueryExecModeCacheStatement { // the URL knows of a pooler
		e.unnamed.Store(true)
	}
	if !says("target_session_attrs") && os.Getenv("PGTARGETSESSIONATTRS") == "" {
		conn.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	// All that is not UTF-8, UTC and ISO is somebody else's taste.
	for name, value := range map[string]string{"timezone": "UTC", "datestyle": "ISO, MDY", "client_encoding": "UTF8"} {
		conn.RuntimeParams[name] = value
	}
	if conn.RuntimeParams["application_name"] == "" {
		conn.RuntimeParams["application_name"] = "loam"
	}
	return config, nil
}

// preferred has the server that the latest connection went to tried first: one that
// has vanished costs every new connection its whole patience.
func (e *Engine) preferred(_ context.Context, c *pgx.ConnConfig) error {
	latest := e.host.Load()
	at := slices.IndexFunc(c.Fallbacks, func(f *pgconn.FallbackConfig) bool { return latest != nil && *latest == hostPort{f.Host, f.Port} })
	if at < 0 || *latest == (hostPort{c.Host, c.Port}) {
		return nil
	}
	all := append([]*pgconn.FallbackConfig{{Host: c.Host, Port: c.Port, TLSConfig: c.TLSConfig}}, c.Fallbacks...)
	all = append(slices.Clone(all[at+1:]), all[:at+1]...)
	c.Host, c.Port, c.TLSConfig, c.Fallbacks = all[0].Host, all[0].Port, all[0].TLSConfig, all[1:]
	return nil
}

// hostPort is one of the servers in the URL.
type hostPort struct {
	host string
	port uint16
}

// lookup notes whose addresses they are.
func (e *Engine) lookup(find pgconn.LookupFunc) pgconn.LookupFunc {
	return func(ctx context.Context, host string) ([]string, error) {
		addresses, err := find(ctx, host)
		for _, address := range addresses {
			e.hosts.Store(address, host)
		}
		return addresses, err
	}
}

// reached notes to which server of the URL a connection goes.
func (e *Engine) reached(address net.Addr) {
	if tcp, ok := address.(*net.TCPAddr); ok {
		if host, ok := e.hosts.Load(tcp.IP.String()); ok {
			e.host.Store(&hostPort{host.(string), uint16(tcp.Port)})
		}
	}
}

// dialer notices a host that is gone without a word: of what it was sent it
// acknowledges nothing, or it is not there when it is asked whether it is.
func (e *Engine) dialer() *net.Dialer {
	probe := e.silence / 4
	return &net.Dialer{Timeout: e.dial, Control: giveUpAfter(e.silence), KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 2 * probe, Interval: probe, Count: 2}}
}

// unconnected is what becomes of a transaction that got no connection, after a while:
// where the time of a request has gone into that, it is not the request that was slow.
func (e *Engine) unconnected(ctx context.Context, err error, waited time.Duration) (verdict, error) {
	switch {
	case ctx.Err() == nil:
	case errors.Is(ctx.Err(), context.DeadlineExceeded) && waited >= e.ping:
		return final, e.unreachable(err)
	default:
		return final, cancelled(ctx, err)
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && judge(pg) == final {
		return final, fault.New(fault.StoreUnreachable, "the database refuses the connection: %s", pg.Message).After(e.retryAfter).Because(err)
	}
	return absent, e.unreachable(err)
}

const (
	describeServer = `SELECT current_setting('server_version_num'), current_user, current_schema(), current_database()`
	describeRole   = `SELECT coalesce((SELECT CASE WHEN rolsuper OR rolbypassrls OR rolcanlogin THEN 'powerful' WHEN pg_has_role(current_user, oid, 'MEMBER') THEN 'granted' ELSE 'there' END
		FROM pg_roles WHERE rolname = '%[1]s'), 'missing'),
	coalesce((SELECT has_table_privilege('%[1]s', oid, 'UPDATE') FROM pg_class WHERE oid = to_regclass('"_writer"')
		AND EXISTS (SELECT FROM pg_roles WHERE rolname = '%[1]s')), false)`
	describeOwner = `SELECT coalesce((SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = to_regclass('"_writer"') AND NOT pg_has_role(current_user, relowner, 'USAGE')), '')`
	makeRole      = `CREATE ROLE %s NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION`
	grantRole     = `GRANT %s TO CURRENT_USER`
	makeWriter    = `CREATE TABLE IF NOT EXISTS "_writer" (id bigint PRIMARY KEY CHECK (id = 1));
INSERT INTO "_writer" VALUES (1) ON CONFLICT DO NOTHING;
GRANT SELECT, UPDATE ON "_writer" TO %s`
)

// roleOf names the server's role in a database: legibly, and as no other owner's or
// schema's or database's of the same server. It needs no quotes.
func roleOf(database, schema, owner string) string {
	legible := strings.Map(func(r rune) rune {
		if r < 0x80 && (letter(byte(r)) || digit(byte(r))) {
			return unicode.ToLower(r)
		}
		return '_'
	}, database)
	sum := sha256.Sum256([]byte(database + "\x00" + schema + "\x00" + owner))
	return "loam_" + legible[:min(len(legible), longestLegible)] + "_" + hex.EncodeToString(sum[:8])
}

const longestLegible = 63 - len("loam__") - 16 // of the bytes that PostgreSQL keeps of a name

// Identity tells the database apart from all others, by whatever address and through
// whatever pooler it is reached. A copy of its rows has another.
func (e *Engine) Identity(ctx context.Context) (string, error) {
	ask := func(sql string) (is string, err error) {
		err = e.ReadOne(ctx, func(c store.Conn) error {
			return c.Query(sql, nil, func(r store.Row) error { is = r.Text(0); return nil })
		})
		return is, err
	}
	database, err := ask(`SELECT "oid" FROM "pg_database" WHERE "datname" = current_database()`)
	if err != nil {
		return "", err
	}
	cluster, err := ask(`SELECT "system_identifier" FROM pg_control_system()`)
	if _, ok := errors.AsType[*pgconn.PgError](err); err != nil && !ok {
		return "", err
	} // or it is only like PostgreSQL, and has none
	return e.role + "," + database + "," + cluster, nil
}

func describe(ctx context.Context, c *pgx.Conn, sql string) ([]string, error) {
	rows, err := c.PgConn().Exec(ctx, sql).ReadAll()
	if err != nil {
		return nil, err
	}
	var is []string
	for _, value := range rows[0].Rows[0] {
		is = append(is, string(value))
	}
	return is, nil
}

// setUp makes what is missing. Several servers may do so at once.
func (e *Engine) setUp(ctx context.Context) error {
	began, told := time.Now(), false
	for {
		err := e.pool.AcquireFunc(ctx, func(c *pgxpool.Conn) error { return e.prepare(ctx, c.Conn()) })
		if err == nil {
			return nil
		}
		if _, known := errors.AsType[*fault.Error](err); known {
			return err
		}
		again, refused := e.unconnected(ctx, err, time.Since(began))
		pg, _ := errors.AsType[*pgconn.PgError](err)
		switch {
		case pg != nil && raced(pg.Code):
		case again == final:
			return refused
		}
		if time.Since(began) > e.startup {
			return fault.New(fault.StoreUnreachable, "no server of the database's URL that takes writes was to be reached for %v; see that one is up, and is no standby", e.startup).
				After(e.retryAfter).Because(err)
		}
		if !told {
			e.log.Warn("waiting for a database server that takes writes", "for", e.startup, "error", err)
			told = true
		}
		select {
		case <-time.After(e.outagePause):
		case <-ctx.Done():
			return cancelled(ctx, err)
		}
	}
}

// raced tells of errors over what another server has just made.
func raced(code string) bool {
	switch code {
	case "42710", "42P07", "23505", "XX000", "40001", "40P01":
		return true
	}
	return false
}

func (e *Engine) prepare(ctx context.Context, c *pgx.Conn) error {
	is, err := describe(ctx, c, describeServer)
	if err != nil {
		return err
	}
	number, user, schema, database := is[0], is[1], is[2], is[3]
	e.role = roleOf(database, schema, user)
	e.asServer = enteringAs(e.role)
	if is, err = describe(ctx, c, fmt.Sprintf(describeRole, e.role)); err != nil {
		return err
	}
	role, ready := is[0], is[1]
	switch version, _ := strconv.Atoi(number); {
	case version < e.oldestServer:
		return fault.New(fault.StoreUnsuitable, "PostgreSQL %d is older than %d, which Loam needs; upgrade it", version/10000, e.oldestServer/10000)
	case schema == "":
		return fault.New(fault.StoreUnsuitable, "the search_path of %s names no schema of the database %s that is there; create it", user, database)
	case role == "powerful":
		return fault.New(fault.StoreUnsuitable, "the role %s must be under the policies of the tables: ALTER ROLE %[1]s NOLOGIN NOSUPERUSER NOBYPASSRLS", e.role)
	}
	if is, err = describe(ctx, c, describeOwner); err != nil {
		return err
	} else if owner := is[0]; owner != "" {
		return fault.New(fault.StoreUnsuitable, "the tables in the database %s are not %s's, but %s's; restore them as %[2]s, by pg_restore --no-owner, or have an administrator run in it: REASSIGN OWNED BY %[4]s TO %[5]s",
			database, user, owner, pgx.Identifier{owner}.Sanitize(), pgx.Identifier{user}.Sanitize())
	}
	steps := []struct {
		due bool
		sql string
	}{
		{role == "missing", makeRole},
		{role == "missing" || role == "there", grantRole},
		{ready != "t", makeWriter},
	}
	for _, step := range steps {
		if !step.due {
			continue
		}
		sql := fmt.Sprintf(step.sql, e.role)
		_, err := c.PgConn().Exec(ctx, sql).ReadAll()
		if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "42501" {
			return fault.New(fault.StoreUnsuitable, "%s has not the right to prepare the database; have an administrator run: %s; GRANT %s TO %s; GRANT CREATE ON SCHEMA %s TO %[4]s",
				user, fmt.Sprintf(makeRole, e.role), e.role, pgx.Identifier{user}.Sanitize(), pgx.Identifier{schema}.Sanitize()).Because(err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
