package postgres_test

import (
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/postgres"
	"github.com/loam-dev/loam/internal/store/storetest"
)

// A server that says nothing any more is given up for another one of the URL, by all
// its connections at once, and new ones go there first.
func TestServerFallsSilent(t *testing.T) {
	const most = 15 * time.Second // on a busy machine; with the limits of production it would be half a minute
	direct := storetest.URL(t)
	p, other := newProxy(t, direct), newProxy(t, direct)
	host := func(address string) string {
		u, err := url.Parse(address)
		must(t, err)
		return u.Host
	}
	both := strings.Replace(p.URL, host(p.URL), host(p.URL)+","+host(other.URL), 1)
	e := openAt(t, both, postgres.Tight{Statement: 500 * time.Millisecond, Answer: 500 * time.Millisecond, Ping: 500 * time.Millisecond, Dial: 2 * time.Second, ConnectWait: time.Minute}, 4)
	storetest.Tables(t, e, table, "INSERT INTO t VALUES ('a', 0)")
	together := func(n int) {
		var all sync.WaitGroup
		for range n {
			all.Go(func() {
				if err := e.WriteRows(t.Context(), execute("UPDATE t SET n = n + 1 WHERE id = 'a'")); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
	together(4)
	must(t, e.Read(t.Context(), func(store.Conn) error { return e.Read(t.Context(), query("SELECT 1")) })) // on two connections
	if p.connections() < 2 || other.connections() > 0 {
		t.Errorf("%d connections to the first, %d to the other", p.connections(), other.connections())
	}
	p.silence(t)
	began := time.Now()
	together(8)
	if took := time.Since(began); took > most {
		t.Errorf("it took %v", took)
	}
	before := p.connections()
	other.breakAll()
	together(8)
	if got := one(t, e, "SELECT n FROM t"); got != "20" {
		t.Errorf("counted to %s", got)
	}
	if again := p.connections() - before; again > 0 {
		t.Errorf("the silent server was asked first for %d more connections", again)
	}
}

// A standby takes no writes, and is asked again until it does. A primary without the
// standby that its commits wait for is not ready.
func TestStandby(t *testing.T) {
	pair := storetest.NewPair(t)
	tight := postgres.Tight{Outage: time.Second, Probe: time.Second}
	primary := openAt(t, pair.URL(), tight, 2)
	storetest.Tables(t, primary, table)
	must(t, insert(primary, "a"))
	must(t, primary.Writable(t.Context()))

	alone := regexp.MustCompile(`@([^,]*),[^/]*`).ReplaceAllString(pair.URL(), "@$1") // the standby comes first
	if _, err := postgres.OpenTight(t.Context(), postgres.Options{URL: alone}, tight); !fault.Is(err, fault.StoreUnreachable) || !strings.Contains(err.Error(), "is no standby") {
		t.Errorf("a standby was opened: %v", err)
	}
	unasked := strings.Replace(alone, "read-write", "any", 1) // as behind an address that moves
	e := openAt(t, unasked, tight, 2)
	if got := one(t, e, "SELECT id FROM t"); got != "a" {
		t.Errorf("read %q", got)
	}
	for name, err := range map[string]error{"write": insert(e, "b"), "probe": e.Writable(t.Context()), "rows": e.WriteRows(t.Context(), execute("DELETE FROM t"))} {
		if !fault.Is(err, fault.StoreUnreachable) {
			t.Errorf("a standby answers a %s with %v", name, err)
		}
	}
	pair.Kill()
	if err := primary.Writable(t.Context()); err == nil {
		t.Error("a server that is gone is writable")
	}
	pair.Promote()
	for _, e := range []*postgres.Engine{e, primary} {
		must(t, insert(e, "after "+e.AppRole()+one(t, e, "SELECT count(*) FROM t")))
		must(t, e.Writable(t.Context()))
	}
	pair.Rebuild()
	pair.Lose()
	if err := primary.Writable(t.Context()); err == nil {
		t.Error("a server without its standby is writable")
	}
	if got := one(t, primary, "SELECT count(*) FROM t"); got != "3" {
		t.Errorf("%s rows", got)
	}
}
