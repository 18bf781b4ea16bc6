package socket

import (
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// giveUpAfter ends a connection whose other side acknowledges nothing for a while.
func giveUpAfter(c net.Conn, d time.Duration) {
	if t, ok := c.(interface{ NetConn() net.Conn }); ok { // of TLS
		c = t.NetConn()
	}
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return // closed already
	}
	_ = raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(d.Milliseconds())) // without it, TCP's own patience
	})
}
