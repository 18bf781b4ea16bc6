package doors

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/loam-dev/loam/internal/testkit"
)

// vanish has the machine drop all that comes for a connection: to the other side it
// is lost without a word.
func vanish(t *testing.T, c net.Conn) {
	t.Helper()
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	drop := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K}
	err2 := raw.Control(func(fd uintptr) {
		err = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: 1, Filter: &drop})
	})
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
}

// TestChannelLost: of one who is lost the others know within ten seconds.
func TestChannelLost(t *testing.T) {
	t.Parallel()
	s := testkit.New(t, talkedOf, testkit.Settings(channels, nil))
	ada := s.SignUp("ada@example.com")
	others := ada.Follow("/channels/board?state=1", "")
	others.Next()

	c, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "GET /channels/board?state=2 HTTP/1.1\r\nHost: %s\r\nAuthorization: %s\r\nAccept: text/event-stream\r\n\r\n", strings.TrimPrefix(s.URL, "http://"), ada.Header.Get("Authorization"))
	for lines := bufio.NewScanner(c); lines.Scan() && !strings.HasPrefix(lines.Text(), "data: "); {
	}
	if got := others.Next(); got.Name != "join" {
		t.Fatalf("told %+v", got)
	}
	vanish(t, c)
	lost := time.Now()
	if got := others.Next(); got.Name != "leave" {
		t.Errorf("told %+v", got)
	}
	if took := time.Since(lost); took < time.Second || took > 25*time.Second {
		t.Errorf("known after %s", took)
	} else {
		t.Logf("known after %s", took)
	}
}

// TestChannelSocketLost: likewise where the connection stands, as to a proxy, and
// nobody answers any more.
func TestChannelSocketLost(t *testing.T) {
	t.Parallel()
	s := testkit.New(t, talkedOf, testkit.Settings(channels, nil))
	ada := s.SignUp("ada@example.com")
	others := ada.Follow("/channels/board?state=1", "")
	others.Next()
	stays, goes := ada.Dial("/channels", "loam-channels").Read(), ada.Dial("/channels", "loam-channels")
	for _, w := range []*testkit.Socket{stays, goes} {
		w.Say(`{"type":"auth"}`)
		w.Say(`{"type":"join","channel":"board"}`)
	}
	stays.Next()
	goes.Say(`{"type":"state","channel":"board","state":2}`)
	if got := others.Next(); got.Name != "join" {
		t.Fatalf("told %+v", got)
	}
	lost := time.Now() // it reads nothing, so that it answers no ping
	if got := others.Next(); got.Name != "leave" {
		t.Errorf("told %+v", got)
	}
	if took := time.Since(lost); took < time.Second || took > 25*time.Second {
		t.Errorf("known after %s", took)
	} else {
		t.Logf("known after %s", took)
	}
}
