package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/loam-dev/loam/bench/process"
)

// cluster is a PostgreSQL server of one peer's own, as it comes but for memory that a
// small machine has: every commit is on the disk.
type cluster struct {
	cmd *exec.Cmd
	url string
}

// newCluster makes and starts a server in dir.
func newCluster(ctx context.Context, dir string) (*cluster, error) {
	bins, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil || len(bins) == 0 {
		return nil, errors.Join(errors.New("there is no PostgreSQL; scripts/tools.sh installs it"), err)
	}
	bin := slices.Max(bins)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	as, err := unprivileged(dir)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C")
	initdb.Dir, initdb.SysProcAttr = dir, as
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	addr, err := process.FreeAddress()
	if err != nil {
		return nil, err
	}
	_, port, _ := strings.Cut(addr, ":")
	c := &cluster{url: (&url.URL{Scheme: "postgres", User: url.User("postgres"), Host: addr, Path: "/postgres", RawQuery: "sslmode=disable"}).String()}
	c.cmd = exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-h", "127.0.0.1", "-p", port, "-k", dir, "-c", "shared_buffers=256MB", "-c", "max_wal_size=2GB", "-c", "autovacuum=off")
	c.cmd.Dir, c.cmd.SysProcAttr = dir, as
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	// Loam's statements run as a role that is bound by row-level security; its login is no superuser.
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		db, err := pgx.Connect(ctx, c.url)
		if err == nil {
			_, err = db.Exec(ctx, "CREATE ROLE app LOGIN CREATEROLE; ALTER SCHEMA public OWNER TO app")
			c.url = strings.Replace(c.url, "postgres@", "app@", 1)
			return c, errors.Join(err, db.Close(ctx))
		}
		if time.Since(began) > 30*time.Second || ctx.Err() != nil {
			c.stop()
			return nil, err
		}
	}
}

// unprivileged is a user whom the server accepts: it refuses root.
func unprivileged(dir string) (*syscall.SysProcAttr, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
	if err := errors.Join(err1, err2, os.Chown(dir, int(uid), int(gid)), os.Chmod(filepath.Dir(dir), 0o755)); err != nil {
		return nil, err
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
}

func (c *cluster) stop() {
	if c != nil {
		_ = c.cmd.Process.Signal(syscall.SIGINT) // a fast shutdown
		_ = c.cmd.Wait()
	}
}

// cpu is what all processes of the server have used so far.
func (c *cluster) cpu() (time.Duration, error) {
	if c == nil {
		return 0, nil
	}
	own, err := ticks(c.cmd.Process.Pid)
	if err != nil {
		return 0, err
	}
	sum := own.user + own.system + own.childUser + own.childSystem
	all, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	for _, path := range all {
		pid, _ := strconv.Atoi(strings.Split(path, "/")[2])
		if t, err := ticks(pid); err == nil && t.parent == c.cmd.Process.Pid { // one that has just ended is in its parent's sum
			sum += t.user + t.system
		}
	}
	return time.Duration(sum) * 10 * time.Millisecond, nil
}

// usage is what the kernel says of a process: its parent, and ticks of 10 ms.
type usage struct {
	parent                               int
	user, system, childUser, childSystem int64
}

func ticks(pid int) (u usage, err error) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return u, err
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	_, err = fmt.Sscanf(rest, "%1s %d", new(string), &u.parent)
	fields := strings.Fields(rest)
	for i, into := range []*int64{&u.user, &u.system, &u.childUser, &u.childSystem} {
		n, bad := strconv.ParseInt(fields[11+i], 10, 64)
		*into, err = n, errors.Join(err, bad)
	}
	return u, err
}
