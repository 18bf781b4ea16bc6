package socket

import (
	"errors"
	"net"
	"sync"
	"syscall"
	"time"
)

// outbox sends bytes over one connection without making anybody wait: what can't be
// sent at once waits in a bounded buffer. It is safe for concurrent use.
type outbox struct {
	net   net.Conn
	raw   syscall.RawConn // nil where there is none: every write has a goroutine then
	pool  *pool
	limit int // bytes that may wait

	mu     sync.Mutex
	buf    []byte
	busy   bool      // a writer has the connection
	since  time.Time // when it began to wait for the client; zero while it does not
	last   bool      // nothing is taken any more: close after what waits
	closed bool
}

// errSlow tells that more waits for the client than may.
var errSlow = errors.New("socket: the client takes too slowly what it is sent")

func newOutbox(p *pool, limit int) *outbox {
	return &outbox{pool: p, limit: limit, busy: true}
}

// attach has the outbox send what it holds, and what comes, over a connection; head
// goes first.
func (o *outbox) attach(c net.Conn, head []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.net = c
	if s, ok := c.(syscall.Conn); ok && writesRaw {
		o.raw, _ = s.SyscallConn() // without one, the slower way
	}
	o.buf = append(head, o.buf...)
	o.busy = false
	o.schedule()
}

// send queues the parts as one; the bytes are copied.
func (o *outbox) send(parts ...[]byte) error {
	return o.write(func(b []byte) []byte {
		for _, p := range parts {
			b = append(b, p...)
		}
		return b
	})
}

// write queues what fn appends. What waits alone may be of any size.
func (o *outbox) write(fn func([]byte) []byte) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.last || o.closed {
		return net.ErrClosed
	}
	if o.buf == nil {
		o.buf = o.pool.buffer()
	}
	before := len(o.buf)
	o.buf = fn(o.buf)
	if before > 0 && len(o.buf) > o.limit {
		o.buf = o.buf[:before]
		return errSlow
	}
	o.schedule()
	return nil
}

// waiting is how many bytes wait that nobody is sending yet.
func (o *outbox) waiting() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.buf)
}

// finish closes the connection once what waits and these last bytes were sent, or a
// moment later if the client does not take them.
func (o *outbox) finish(parts ...[]byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.last || o.closed {
		return
	}
	o.last = true
	for _, p := range parts {
		o.buf = append(o.buf, p...)
	}
	if !o.since.IsZero() {
		_ = o.net.SetWriteDeadline(time.Now().Add(farewell)) // a closed one needs none
	}
	o.schedule()
}

// discard drops what waits and is not being sent yet.
func (o *outbox) discard() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.buf = o.buf[:0]
}

// farewell is how long the last bytes may take.
const farewell = time.Second

// schedule has a writer look at the outbox. The lock is held.
func (o *outbox) schedule() {
	if !o.busy {
		o.busy = true
		o.pool.put(o)
	}
}

// close ends the connection at once.
func (o *outbox) close() {
	o.mu.Lock()
	o.closed, o.last = true, true
	c := o.net
	o.mu.Unlock()
	if c != nil {
		c.Close()
	}
}

// hangUp ends what is sent, and a moment later what is read: who closes with bytes
// unread may take back from the client what it has not read either.
func hangUp(c net.Conn) {
	half, ok := c.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil || c.SetReadDeadline(time.Now().Add(farewell)) != nil {
		c.Close()
	}
}

// stuck tells for how long the client has taken nothing.
func (o *outbox) stuck(now time.Time) time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.since.IsZero() {
		return 0
	}
	return now.Sub(o.since)
}

// take is what waits; nil where nothing does, and then the outbox is at rest.
func (o *outbox) take() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	b := o.buf
	o.buf, o.since = nil, time.Time{}
	if len(b) == 0 || o.closed {
		if o.busy = false; o.last && !o.closed {
			o.closed = true
			hangUp(o.net)
		}
		return nil
	}
	return b
}

// flush sends what waits, as far as the client takes it at once. The rest is for a
// goroutine of its own, so that nobody waits behind a slow client.
func (o *outbox) flush() {
	for b := o.take(); b != nil; b = o.take() {
		n := 0
		if o.raw != nil {
			var err error
			if n, err = writeNow(o.raw, b); err != nil {
				o.close()
				continue
			}
		}
		if n < len(b) {
			go o.wait(b, n)
			return
		}
		o.pool.reuse(b)
	}
}

// wait is flush for a client that has to be waited for.
func (o *outbox) wait(b []byte, sent int) {
	for ; b != nil; b = o.take() {
		o.mu.Lock()
		o.since = time.Now()
		if o.last {
			_ = o.net.SetWriteDeadline(o.since.Add(farewell)) // a closed one needs none
		}
		o.mu.Unlock()
		if _, err := o.net.Write(b[sent:]); err != nil {
			o.close()
		}
		sent = 0
		o.pool.reuse(b)
	}
}

// pool writes for all connections: a few goroutines that never wait for a client.
type pool struct {
	mu      sync.Mutex
	some    *sync.Cond
	ready   []*outbox
	stopped bool
	spare   sync.Pool // of *[]byte
}

func newPool(writers int) *pool {
	p := &pool{}
	p.some = sync.NewCond(&p.mu)
	for range writers {
		go p.work()
	}
	return p
}

func (p *pool) put(o *outbox) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped { // it joined as the server was stopping, and is to be told so
		go o.flush()
		return
	}
	p.ready = append(p.ready, o)
	p.some.Signal()
}

func (p *pool) work() {
	var mine []*outbox
	for {
		p.mu.Lock()
		for len(p.ready) == 0 && !p.stopped {
			p.some.Wait()
		}
		if p.stopped {
			p.mu.Unlock()
			return
		}
		n := max(1, len(p.ready)/2)
		n = min(n, 64)
		mine = append(mine[:0], p.ready[len(p.ready)-n:]...)
		clear(p.ready[len(p.ready)-n:])
		p.ready = p.ready[:len(p.ready)-n]
		p.mu.Unlock()
		for _, o := range mine {
			o.flush()
		}
		clear(mine)
	}
}

func (p *pool) stop() {
	p.mu.Lock()
	p.stopped = true
	p.mu.Unlock()
	p.some.Broadcast()
}

// The sizes of the buffers that are kept, in bytes.
const (
	freshBuffer = 512
	keptBuffer  = 64 << 10
)

func (p *pool) buffer() []byte {
	if b, ok := p.spare.Get().(*[]byte); ok {
		return (*b)[:0]
	}
	return make([]byte, 0, freshBuffer)
}

func (p *pool) reuse(b []byte) {
	if cap(b) <= keptBuffer {
		p.spare.Put(&b)
	}
}
