package storetest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// The owner of the databases. It is no superuser: the policies of the tables bind it.
const owner = "loam"

const startWithin = 60 * time.Second

// URL is the address of an empty PostgreSQL database, which is dropped at the test's
// end.
func URL(t testing.TB) string {
	t.Helper()
	c, name := database(t)
	t.Cleanup(func() {
		go func() { _ = c.admin("DROP DATABASE " + name + " WITH (FORCE)") }() // for the room alone: all goes with the server
	})
	return c.url(owner, name)
}

// Kept is URL for a database that outlives the test: for those that a later one opens
// again.
func Kept(t testing.TB) string {
	t.Helper()
	c, name := database(t)
	return c.url(owner, name)
}

func database(t testing.TB) (*cluster, string) {
	t.Helper()
	c, err := start()
	if err != nil {
		t.Fatalf("starting PostgreSQL (scripts/tools.sh installs it): %v", err)
	}
	name := fmt.Sprintf("test_%d", c.databases.Add(1))
	if err := c.admin("CREATE DATABASE " + name + " OWNER " + owner + " STRATEGY file_copy"); err != nil {
		t.Fatal(err)
	}
	return c, name
}

// Copy takes what is in a database to another by pg_dump, as its owner has it, to whom
// the other one belongs; edit may change the dump.
func Copy(t testing.TB, from, to string, edit func(dump string) string) {
	t.Helper()
	bin, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	dump, err := exec.Command(filepath.Join(bin, "pg_dump"), "--no-owner", "--enable-row-security", from).Output()
	if err != nil {
		t.Fatal("pg_dump: ", err)
	}
	restore := exec.Command(filepath.Join(bin, "psql"), "--quiet", to)
	restore.Stdin = strings.NewReader(edit(string(dump)))
	if out, err := restore.CombinedOutput(); err != nil {
		t.Fatalf("psql: %v\n%s", err, out)
	}
}

// Admin runs a statement as the superuser, in the database of a URL.
func Admin(t testing.TB, url, sql string) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, strings.Replace(url, "//"+owner+"@", "//postgres@", 1))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.PgConn().Exec(ctx, sql).ReadAll(); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// cluster is a running server.
type cluster struct {
	port      int
	databases atomic.Int64
	hold      *os.File // open as long as the server is to live

	mu   sync.Mutex
	conn *pgx.Conn // the superuser's
}

// start starts the server of this process, once.
var start = sync.OnceValues(func() (*cluster, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	template, err := madeCluster(bin)
	if err != nil {
		return nil, err
	}
	var failed error
	for range 3 { // the port may be taken in between
		c, err := launch(bin, template)
		if err == nil {
			return c, nil
		}
		failed = errors.Join(failed, err)
	}
	return nil, failed
})

func (c *cluster) url(user, database string) string {
	return fmt.Sprintf("postgres://%s@127.0.0.1:%d/%s?sslmode=disable", user, c.port, database)
}

// admin runs a statement as the superuser.
func (c *cluster) admin(sql string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := c.conn.PgConn().Exec(context.Background(), sql).ReadAll()
	return err
}

// programs is the directory of the newest server installed.
func programs() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	version := func(path string) int {
		n, _ := strconv.Atoi(strings.Split(path, "/")[4])
		return n
	}
	if len(found) > 0 {
		return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })), nil
	}
	path, err := exec.LookPath("initdb")
	return filepath.Dir(path), err
}

// shell is a script run as a user whom the server accepts: it refuses root.
func shell(script string, args ...string) *exec.Cmd {
	line := append([]string{"sh", "-euc", script, "sh"}, args...)
	if os.Geteuid() == 0 {
		line = append([]string{"setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--"}, line...)
	}
	if path, err := exec.LookPath("setsid"); err == nil {
		line = append([]string{path}, line...) // what ends the group of the tests is not to end this before it has cleaned up
	}
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), "LC_ALL=C", "TZ=UTC")
	return cmd
}

// makeTemplate is what initdb leaves, kept for all runs of all packages: making it
// takes longer than starting the server. Whoever comes second finds it in its place.
const makeTemplate = `
bin=$1 into=$2
[ -d "$into" ] && exit 0
fresh=$(mktemp -d "$into.XXXXXX")
"$bin/initdb" -D "$fresh" -U postgres -A trust -E UTF8 --locale=C --wal-segsize=1 --no-sync --no-instructions >/dev/null
mv -T "$fresh" "$into" 2>/dev/null || rm -rf "$fresh"
`

func madeCluster(bin string) (template string, err error) {
	version, err := exec.Command(filepath.Join(bin, "postgres"), "--version").Output()
	if err != nil {
		return "", err
	}
	fields := strings.Fields(string(version))
	template = filepath.Join(os.TempDir(), fmt.Sprintf("loam-postgres-%s-%d", fields[2], os.Geteuid()))
	if out, err := shell(makeTemplate, bin, template).CombinedOutput(); err != nil {
		return "", fmt.Errorf("initdb: %w: %s", err, out)
	}
	return template, nil
}

// serve runs a server until its standard input ends, as it does when this process
// has ended in whatever way.
const serve = `
trap '' HUP INT TERM
bin=$1 template=$2 port=$3
data=$(mktemp -d "$template.XXXXXX")
cp -a "$template/." "$data"
"$bin/postgres" -D "$data" -h 127.0.0.1 -p "$port" -k "$data" -c fsync=off -c full_page_writes=off -c synchronous_commit=on \
	-c max_connections=300 -c shared_buffers=64MB -c max_wal_size=256MB -c autovacuum=off -c deadlock_timeout=200ms </dev/null >"$data/log" 2>&1 &
server=$!
cat >/dev/null
kill -QUIT "$server" 2>/dev/null || true
wait "$server" || true
rm -rf "$data"
`

func launch(bin, template string) (*cluster, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	hold, err := background(shell(serve, bin, template, strconv.Itoa(port)))
	if err != nil {
		return nil, err
	}
	c := &cluster{port: port, hold: hold}
	return c, c.await()
}

func freePort() (int, error) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return free.Addr().(*net.TCPAddr).Port, free.Close()
}

// background starts a program that ends when hold is closed, with this process at the
// latest.
func background(cmd *exec.Cmd) (hold *os.File, err error) {
	input, hold, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.Stdin = input
	if err := errors.Join(cmd.Start(), input.Close()); err != nil {
		return nil, errors.Join(err, hold.Close())
	}
	go func() { _ = cmd.Wait() }()
	return hold, nil
}

// await makes the owner of the databases as soon as the server answers.
func (c *cluster) await() error {
	ctx, cancel := context.WithTimeout(context.Background(), startWithin)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, c.url("postgres", "postgres"))
		if err == nil {
			c.conn = conn
			return c.admin("CREATE ROLE " + owner + " LOGIN CREATEROLE")
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return errors.Join(err, c.hold.Close())
		}
	}
}

// pool runs a pooler like serve runs a server.
const pool = `
trap '' HUP INT TERM
port=$1 server=$2
dir=$(mktemp -d)
echo "\"` + owner + `\" \"\"" >"$dir/users"
cat >"$dir/ini" <<END
[databases]
* = host=127.0.0.1 port=$server
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $port
unix_socket_dir =
auth_type = trust
auth_file = $dir/users
pool_mode = transaction
default_pool_size = 3
logfile = $dir/log
END
PATH=$PATH:/usr/sbin pgbouncer -q "$dir/ini" </dev/null >/dev/null 2>&1 &
pooler=$!
cat >/dev/null
kill -KILL "$pooler" 2>/dev/null || true
wait "$pooler" || true
rm -rf "$dir"
`

// Pooler is the address of a database behind a pgbouncer that hands out servers by
// the transaction, fewer than there are clients.
func Pooler(t testing.TB, url string) string {
	t.Helper()
	c, err := start()
	if err != nil {
		t.Fatal(err)
	}
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	hold, err := background(shell(pool, strconv.Itoa(port), strconv.Itoa(c.port)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = hold.Close() })
	pooled := strings.Replace(url, ":"+strconv.Itoa(c.port)+"/", ":"+strconv.Itoa(port)+"/", 1)
	for {
		conn, err := pgx.Connect(t.Context(), pooled)
		if err == nil {
			_ = conn.Close(t.Context())
			return pooled
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-t.Context().Done():
			t.Fatal(err)
		}
	}
}
