//go:build !linux

package socket

import (
	"net"
	"time"
)

// giveUpAfter does nothing here: TCP's own patience holds.
func giveUpAfter(net.Conn, time.Duration) {}
