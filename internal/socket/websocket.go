package socket

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"github.com/loam-dev/loam/internal/fault"
)

// WebSocket (RFC 6455): gorilla/websocket shakes hands and reads; what is sent goes
// through the outbox, so that nobody waits for a slow client.

// closing is why a WebSocket is closed.
type closing struct {
	code   int
	reason string
}

func (c *closing) Error() string { return fmt.Sprintf("socket: closed with %d: %s", c.code, c.reason) }

// The codes that a WebSocket is closed with: those of RFC 6455 and of
// graphql-transport-ws, and from 4420 on Loam's own.
const (
	closeBinary       = 1003
	closeNotUTF8      = 1007
	closeTooLarge     = 1009
	closeRestart      = 1012
	closeBusy         = 1013
	closeBadMessage   = 4400
	closeUnauthorized = 4401
	closeForbidden    = 4403 // the credentials hold no longer
	closeSubprotocol  = 4406
	closeInitTimeout  = 4408
	closeDuplicate    = 4409
	closeSecondInit   = 4429
	closeInternal     = 4500
	closeSlow         = 4420
	closeIdle         = 4421
	closeTooFast      = 4422
)

// closingOf is the code and reason for an error.
func closingOf(err error) *closing {
	if c, ok := errors.AsType[*closing](err); ok {
		return c
	}
	e := fault.Of(err)
	code := closeInternal
	switch e.Code {
	case fault.RealtimeSlow:
		code = closeSlow
	case fault.RealtimeRestart, fault.Unready:
		code = closeRestart
	case fault.RealtimeExpired:
		code = closeForbidden
	case fault.RealtimeTooMany:
		code = closeBusy
	}
	return &closing{code, e.Message}
}

// maxReason is in bytes: a control frame holds 125, two of them the code.
const maxReason = 123

// frame is the frame that closes.
func (c *closing) frame() []byte {
	reason := c.reason
	if len(reason) > maxReason {
		reason = strings.ToValidUTF8(reason[:maxReason], "")
	}
	b := append(make([]byte, 0, 4+len(reason)), 0x88, byte(2+len(reason)))
	return append(binary.BigEndian.AppendUint16(b, uint16(c.code)), reason...)
}

// appendText appends a text frame with what fn appends: a server's frames bear no
// mask, and few are of a size that its header's four bytes don't fit.
func appendText(b []byte, fn func([]byte) []byte) []byte {
	const guess = 4
	start := len(b)
	b = fn(append(b, 0x81, 126, 0, 0))
	n := len(b) - start - guess
	switch {
	case n < 126:
		copy(b[start+2:], b[start+guess:])
		b = b[:len(b)-2]
		b[start+1] = byte(n)
	case n < 1<<16:
		binary.BigEndian.PutUint16(b[start+2:], uint16(n))
	default:
		b = append(b, 0, 0, 0, 0, 0, 0)
		copy(b[start+10:], b[start+guess:])
		b[start+1] = 127
		binary.BigEndian.PutUint64(b[start+2:], uint64(n))
	}
	return b
}

var pingFrame = [2]byte{0x89}

// webSocket is a connection of messages.
type webSocket struct {
	*conn
	credentials
	reader *websocket.Conn
	pace   pace
	shut   atomic.Bool // a frame that closes was sent
}

// receiver takes the messages of a client, one after the other.
type receiver interface{ receive([]byte) error }

// accept answers the handshake and attaches the connection.
func (ws *webSocket) accept(w http.ResponseWriter, r *http.Request, subprotocols []string) error {
	var refused error
	up := websocket.Upgrader{
		ReadBufferSize: readBuffer, WriteBufferPool: nopPool{}, Subprotocols: subprotocols,
		CheckOrigin: func(*http.Request) bool { return true }, // the room that routes has
		Error: func(_ http.ResponseWriter, _ *http.Request, _ int, reason error) {
			refused = fault.New(fault.RealtimeHandshake, "%s", strings.TrimPrefix(reason.Error(), "websocket: "))
		},
	}
	h := &hijacker{ResponseWriter: w, ws: ws}
	reader, err := up.Upgrade(h, r, nil)
	if refused != nil {
		return refused
	}
	if err != nil {
		return fault.New(fault.RealtimeHandshake, "the handshake failed").Because(err)
	}
	reader.SetReadLimit(ws.server.Limits.Message)
	reader.SetPingHandler(func(data string) error {
		ws.hear()
		return ws.send([]byte{0x8a, byte(len(data))}, []byte(data))
	})
	reader.SetPongHandler(func(string) error { ws.hear(); return nil })
	ws.reader = reader
	ws.hear()
	ws.attach(h.net, nil)
	return nil
}

// readBuffer is in bytes, of each connection.
const readBuffer = 256

// nopPool keeps no buffer: nothing is written by the reader but an error's last frame.
type nopPool struct{}

func (nopPool) Get() any { return nil }
func (nopPool) Put(any)  {}

// hijacker takes the connection from the HTTP server for the reader.
type hijacker struct {
	http.ResponseWriter
	ws  *webSocket
	net net.Conn
}

func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	h.net = c
	return &readSide{c, h.ws}, rw, err
}

// readSide is the connection as the reader sees it: what it writes goes the way of
// all that is sent.
type readSide struct {
	net.Conn
	ws *webSocket
}

func (r *readSide) Write(b []byte) (int, error) {
	if len(b) > 0 && b[0] == 0x88 && r.ws.shut.Swap(true) {
		return len(b), nil // once is enough
	}
	return len(b), r.ws.send(b)
}

func (r *readSide) SetWriteDeadline(time.Time) error { return nil }

func (ws *webSocket) hear() { ws.heard.Store(time.Now().UnixMilli()) }

// serve hands what the client says to who understands it, until it leaves.
func (ws *webSocket) serve(to receiver) {
	err := ws.read(to)
	if errors.Is(err, websocket.ErrReadLimit) {
		err = &closing{closeTooLarge, fmt.Sprintf("a message may have %d bytes (limits.realtime.message)", ws.server.Limits.Message)}
	}
	if c, ok := errors.AsType[*closing](err); ok {
		ws.fail(c)
	}
	ws.finish()
	_, _ = io.Copy(io.Discard, ws.net) // until the client has read our last words, or a moment has passed
	ws.close()
	ws.server.forget(ws.conn)
}

func (ws *webSocket) read(to receiver) error {
	l := ws.server.Limits
	for {
		kind, r, err := ws.reader.NextReader()
		if err != nil {
			return err
		}
		data, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		ws.hear()
		switch {
		case !ws.pace.spend(time.Now(), l.Messages, 10*l.Messages+l.Subscriptions):
			return &closing{closeTooFast, fmt.Sprintf("more than %d messages a second (limits.realtime.messages)", l.Messages)}
		case kind != websocket.TextMessage:
			return &closing{closeBinary, "messages are text"}
		case !utf8.Valid(data):
			return &closing{closeNotUTF8, "messages are UTF-8"}
		}
		if err := to.receive(data); err != nil {
			return err
		}
	}
}

// refuse closes the connection with a reason.
func (ws *webSocket) refuse(err error) {
	if ws.shut.Swap(true) {
		return
	}
	c := closingOf(err)
	if c.code == closeSlow {
		ws.discard()
	}
	ws.finish(c.frame())
}

// pace bounds how often something happens.
type pace struct {
	left float64
	at   time.Time
}

// spend tells whether it may happen once more: perSecond times, and a burst more.
func (p *pace) spend(now time.Time, perSecond, burst int) bool {
	if p.at.IsZero() {
		p.left = float64(burst)
	} else {
		p.left = min(float64(burst), p.left+now.Sub(p.at).Seconds()*float64(perSecond))
	}
	p.at = now
	p.left--
	return p.left >= 0
}
