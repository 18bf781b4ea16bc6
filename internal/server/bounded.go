package server

import (
	"net"
	"sync"
	"sync/atomic"
	"syscall"
)

// bounded is a listener that accepts no more connections than it has places. They
// show what they are made of: who sends to thousands writes to the system by itself.
type bounded struct {
	net.Listener
	places chan struct{}
	closed chan struct{}
	once   sync.Once
}

func newBounded(ln net.Listener, most int) *bounded {
	return &bounded{Listener: ln, places: make(chan struct{}, most), closed: make(chan struct{})}
}

func (b *bounded) Accept() (net.Conn, error) {
	select {
	case b.places <- struct{}{}:
	case <-b.closed:
		return nil, net.ErrClosed
	}
	c, err := b.Listener.Accept()
	if err != nil {
		<-b.places
		return nil, err
	}
	return &placed{Conn: c, places: b.places}, nil
}

func (b *bounded) Close() error {
	b.once.Do(func() { close(b.closed) })
	return b.Listener.Close()
}

// placed is a connection that has a place.
type placed struct {
	net.Conn
	places chan struct{}
	left   atomic.Bool
}

func (p *placed) Close() error {
	if !p.left.Swap(true) {
		defer func() { <-p.places }()
	}
	return p.Conn.Close()
}

// SyscallConn is that of the connection itself.
func (p *placed) SyscallConn() (syscall.RawConn, error) {
	c, ok := p.Conn.(syscall.Conn)
	if !ok {
		return nil, syscall.EINVAL
	}
	return c.SyscallConn()
}

// CloseWrite says that nothing more comes from here.
func (p *placed) CloseWrite() error {
	c, ok := p.Conn.(interface{ CloseWrite() error })
	if !ok {
		return syscall.EINVAL
	}
	return c.CloseWrite()
}
