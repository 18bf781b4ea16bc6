package postgres_test

import (
	"net"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/loam-dev/loam/internal/store/postgres"
	"github.com/loam-dev/loam/internal/store/storetest"
)

// The system gives up a host that acknowledges nothing, long before a request does.
func TestConnectionsNoticeSilence(t *testing.T) {
	e := openAt(t, storetest.URL(t), postgres.Tight{}, 1)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer func() { must(t, listener.Close()) }()
	conn, err := e.Dialer().DialContext(t.Context(), "tcp", listener.Addr().String())
	must(t, err)
	defer func() { must(t, conn.Close()) }()
	raw, err := conn.(*net.TCPConn).SyscallConn()
	must(t, err)
	for _, option := range []struct{ level, name, want int }{
		{unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, 4000},
		{unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
		{unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 2},
		{unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 1},
		{unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 2},
	} {
		must(t, raw.Control(func(fd uintptr) {
			if got, err := unix.GetsockoptInt(int(fd), option.level, option.name); err != nil || got != option.want {
				t.Errorf("option %d is %d, %v, not %d", option.name, got, err, option.want)
			}
		}))
	}
}
