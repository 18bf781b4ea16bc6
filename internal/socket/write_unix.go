//go:build unix

package socket

import (
	"errors"
	"io"
	"syscall"
)

// writesRaw says that writeNow works here.
const writesRaw = true

// writeNow writes what the connection takes without waiting.
func writeNow(c syscall.RawConn, b []byte) (int, error) {
	n := 0
	var failed error
	err := c.Write(func(fd uintptr) bool {
		for n < len(b) {
			m, err := syscall.Write(int(fd), b[n:])
			switch {
			case errors.Is(err, syscall.EINTR):
				continue
			case errors.Is(err, syscall.EAGAIN):
				return true
			case err != nil:
				failed = err
				return true
			case m == 0:
				failed = io.ErrUnexpectedEOF
				return true
			}
			n += m
		}
		return true
	})
	return n, errors.Join(err, failed)
}
