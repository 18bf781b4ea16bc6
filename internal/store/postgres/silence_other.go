//go:build !linux

package postgres

import (
	"syscall"
	"time"
)

// giveUpAfter leaves it to the system: it has no such setting.
func giveUpAfter(time.Duration) func(network, address string, c syscall.RawConn) error { return nil }
