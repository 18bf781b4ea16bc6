package storetest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Pair is a server and a standby that has each commit before it is answered. The
// standby takes the place of a server that is killed. All is gone with the process.
type Pair struct {
	t             testing.TB
	bin, template string
	primary       *node
	standby       *node // nil when it has taken the other's place
	port          int   // of the server that was killed
	made          int
}

// node is one server of a pair.
type node struct {
	port int
	data string
	hold *os.File
}

// serveNode is serve for a server of a pair: a new one, or a standby of that at the
// port from.
const serveNode = `
trap '' HUP INT TERM
bin=$1 template=$2 data=$3 port=$4 from=$5
mkdir -m 700 "$data"
if [ "$from" = 0 ]; then
	cp -a "$template/." "$data"
else
	"$bin/pg_basebackup" -D "$data" -h 127.0.0.1 -p "$from" -U postgres -X stream -R -c fast --no-sync 2>"$data.log"
fi
"$bin/postgres" -D "$data" -h 127.0.0.1 -p "$port" -k "$data" -c fsync=off -c full_page_writes=off -c max_connections=100 \
	-c shared_buffers=32MB -c wal_level=replica -c hot_standby=on -c wal_keep_size=64MB -c autovacuum=off </dev/null >>"$data.log" 2>&1 &
server=$!
cat >/dev/null
kill -QUIT "$server" 2>/dev/null || true
kill -CONT "$server" 2>/dev/null || true
wait "$server" || true
rm -rf "$data" "$data.log"
`

// NewPair starts a pair with an empty database.
func NewPair(t testing.TB) *Pair {
	t.Helper()
	bin, err := programs()
	if err != nil {
		t.Fatalf("starting PostgreSQL (scripts/tools.sh installs it): %v", err)
	}
	p := &Pair{t: t, bin: bin}
	if p.template, err = madeCluster(bin); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, n := range []*node{p.primary, p.standby} {
			if n != nil {
				_ = n.hold.Close()
			}
		}
	})
	p.primary = p.launch(p.freePort(), 0)
	p.admin(p.primary, "CREATE ROLE "+owner+" LOGIN CREATEROLE")
	p.admin(p.primary, "CREATE DATABASE app OWNER "+owner)
	p.port = p.freePort()
	p.Rebuild()
	return p
}

// URL names both servers, the one that is the standby now first.
func (p *Pair) URL() string {
	return fmt.Sprintf("postgres://%s@127.0.0.1:%d,127.0.0.1:%d/app?sslmode=disable&target_session_attrs=read-write", owner, p.standby.port, p.primary.port)
}

// Kill ends the server that takes writes as a loss of power would: at once, with
// each of its processes.
func (p *Pair) Kill() {
	p.t.Helper()
	p.kill(p.primary)
	p.primary = nil
}

// Lose does so with the standby: no commit is answered until there is another.
func (p *Pair) Lose() {
	p.t.Helper()
	p.kill(p.standby)
	p.standby = nil
}

// Replica is the URL of the standby alone.
func (p *Pair) Replica() string {
	return fmt.Sprintf("postgres://%s@127.0.0.1:%d/app?sslmode=disable", owner, p.standby.port)
}

// Relax has commits answered without the standby.
func (p *Pair) Relax() {
	p.t.Helper()
	p.admin(p.primary, "ALTER SYSTEM SET synchronous_standby_names = ''")
	p.admin(p.primary, "SELECT pg_reload_conf()")
}

// Pause has the standby stay as it is until Resume.
func (p *Pair) Pause() {
	p.t.Helper()
	p.admin(p.standby, "SELECT pg_wal_replay_pause()")
	p.await("a standby that stays as it is", func() bool {
		return slices.Equal(p.admin(p.standby, "SELECT pg_get_wal_replay_pause_state()"), []string{"paused"})
	})
}

// Resume has it follow again.
func (p *Pair) Resume() {
	p.t.Helper()
	p.admin(p.standby, "SELECT pg_wal_replay_resume()")
}

// Freeze has the standby say nothing, as one whose host hangs, until what it returns is
// called.
func (p *Pair) Freeze() (thaw func()) {
	p.t.Helper()
	frozen := p.standby
	p.signal(frozen, syscall.SIGSTOP)
	return func() { p.signal(frozen, syscall.SIGCONT) }
}

func (p *Pair) kill(n *node) {
	p.t.Helper()
	p.signal(n, syscall.SIGKILL)
	p.port = n.port
	_ = n.hold.Close()
}

// signal goes to all processes of a server at once.
func (p *Pair) signal(n *node, what syscall.Signal) {
	p.t.Helper()
	text, err := os.ReadFile(filepath.Join(n.data, "postmaster.pid"))
	if err != nil {
		p.t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	postmaster, err := strconv.Atoi(line)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, pid := range append([]int{postmaster}, childrenOf(postmaster)...) {
		process, err := os.FindProcess(pid)
		if err == nil {
			err = process.Signal(what)
		}
		if err != nil && pid == postmaster {
			p.t.Fatal(err)
		}
	}
}

// childrenOf are the processes that a server will not outlive anyway, where /proc
// tells: the last of them may take a moment to see that it is alone.
func childrenOf(pid int) []int {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	var children []int
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		_, after, _ := strings.Cut(string(text), ") ") // state, parent, ...
		fields := strings.Fields(after)
		if len(fields) > 1 && fields[1] == strconv.Itoa(pid) {
			child, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			children = append(children, child)
		}
	}
	return children
}

// Promote has the standby take writes.
func (p *Pair) Promote() {
	p.t.Helper()
	p.primary, p.standby = p.standby, nil
	p.admin(p.primary, "SELECT pg_promote()")
}

// Rebuild makes a new standby where the killed server was, and returns once no commit
// is answered without it.
func (p *Pair) Rebuild() {
	p.t.Helper()
	p.standby = p.launch(p.port, p.primary.port)
	p.admin(p.primary, "ALTER SYSTEM SET synchronous_standby_names = '*'")
	p.admin(p.primary, "SELECT pg_reload_conf()")
	p.await("a synchronous standby", func() bool {
		return slices.Equal(p.admin(p.primary, "SELECT sync_state FROM pg_stat_replication"), []string{"sync"})
	})
}

func (p *Pair) freePort() int {
	port, err := freePort()
	if err != nil {
		p.t.Fatal(err)
	}
	return port
}

// launch starts a server and waits until it answers.
func (p *Pair) launch(port, from int) *node {
	p.t.Helper()
	p.made++
	n := &node{port: port, data: fmt.Sprintf("%s.%d-%d-%d", p.template, os.Getpid(), port, p.made)}
	var err error
	if n.hold, err = background(shell(serveNode, p.bin, p.template, n.data, strconv.Itoa(port), strconv.Itoa(from))); err != nil {
		p.t.Fatal(err)
	}
	p.await(fmt.Sprintf("a server on port %d; see %s.log", port, n.data), func() bool {
		conn, err := p.connect(n)
		if err != nil {
			return false
		}
		return conn.Close(context.Background()) == nil
	})
	return n
}

func (p *Pair) connect(n *node) (*pgx.Conn, error) {
	return pgx.Connect(context.Background(), fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", n.port))
}

// admin runs a statement as the superuser and answers the first column.
func (p *Pair) admin(n *node, sql string) (column []string) {
	p.t.Helper()
	ctx := context.Background()
	conn, err := p.connect(n)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	results, err := conn.PgConn().Exec(ctx, sql).ReadAll()
	if err != nil {
		p.t.Fatalf("%s: %v", sql, err)
	}
	for _, row := range results[0].Rows {
		column = append(column, string(row[0]))
	}
	return column
}

func (p *Pair) await(what string, is func() bool) {
	p.t.Helper()
	deadline := time.Now().Add(startWithin)
	for !is() {
		if time.Now().After(deadline) {
			p.t.Fatalf("no %s after %v", what, startWithin)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
