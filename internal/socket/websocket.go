package socket

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	json "github.com/go-json-experiment/json"
	"github.com/gobwas/ws"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/fault"
)

// WebSocket (RFC 6455): gobwas/ws shakes hands and reads frames; what is sent goes
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
	closeNormal       = 1000
	closeProtocol     = 1002
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
	head [maxHead]byte // the first bytes of what the client says next
	pace pace
	shut atomic.Bool // a frame that closes was sent
}

// maxHead is in bytes: the longest header of a frame.
const maxHead = ws.MaxHeaderSize

// receiver takes the messages of a client, one after the other.
type receiver interface{ receive([]byte) error }

// begin takes a connection in and has another goroutine serve it. It counts for nobody
// until it is known whose it is.
func (c *webSocket) begin(w http.ResponseWriter, r *http.Request, subprotocol string, to receiver) error {
	err := c.server.open(c.conn)
	if err == nil {
		err = c.server.admit(c.conn, &access.Principal{})
	}
	if err == nil {
		err = c.accept(w, r, subprotocol, to)
	}
	if err != nil {
		c.server.forget(c.conn)
	}
	return err
}

// recovered makes our own mistake end the connection and nothing else.
func (c *webSocket) recovered(err *error) {
	if p := recover(); p != nil {
		c.server.Log.Error("a live connection failed", "error", fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
		*err = &closing{closeInternal, "an internal error; connect again"}
	}
}

// accept answers the handshake, attaches the connection and has another goroutine
// serve it. Until the handshake is found to be right nothing is taken from the HTTP
// server, so that an error is answered as any other.
func (c *webSocket) accept(w http.ResponseWriter, r *http.Request, subprotocol string, to receiver) error {
	var answer rehearsal
	up := ws.HTTPUpgrader{Protocol: func(name string) bool { return name == subprotocol }}
	_, _, agreed, err := up.Upgrade(r, &answer)
	if err != nil {
		return fault.New(fault.RealtimeHandshake, "this is no handshake of a WebSocket: %v", err)
	}
	connection, early, err := hijack(w)
	if err != nil {
		return err
	}
	c.hear()
	c.attach(connection, answer.Bytes())
	if agreed.Protocol == "" {
		c.fail(&closing{closeSubprotocol, "the subprotocol is " + subprotocol})
	}
	go c.take(early, to)
	return nil
}

// rehearsal is a connection that a handshake is tried on.
type rehearsal struct {
	http.ResponseWriter
	net.Conn
	bytes.Buffer
}

func (r *rehearsal) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return r, &bufio.ReadWriter{Writer: bufio.NewWriterSize(&r.Buffer, 512)}, nil
}

func (r *rehearsal) SetDeadline(time.Time) error { return nil }
func (r *rehearsal) Write(b []byte) (int, error) { return r.Buffer.Write(b) }
func (r *rehearsal) Read([]byte) (int, error)    { return 0, io.EOF }

func (c *webSocket) hear() { c.heard.Store(time.Now().UnixMilli()) }

// wait waits for the client to say something. An idle connection holds this
// goroutine and no buffer; what reads and understands a message needs more stack
// than the 2 KiB that a goroutine begins with, and so has one of its own.
func (c *webSocket) wait(to receiver) {
	n, _ := c.net.Read(c.head[:]) // an error comes again
	go c.take(c.head[:n], to)
}

// take hands what the client says to who understands it, until it is silent or
// leaves. Early are the bytes that were read already.
func (c *webSocket) take(early []byte, to receiver) {
	in := &input{early, c.net}
	for {
		err := c.message(in, to)
		if err != nil {
			c.end(err)
			return
		}
		if len(in.early) == 0 {
			go c.wait(to)
			return
		}
	}
}

// input is a connection of which the first bytes were read already.
type input struct {
	early []byte
	net.Conn
}

func (in *input) Read(b []byte) (int, error) {
	if len(in.early) == 0 {
		return in.Conn.Read(b)
	}
	n := copy(b, in.early)
	in.early = in.early[n:]
	return n, nil
}

// end closes the connection.
func (c *webSocket) end(err error) {
	if why, ok := errors.AsType[*closing](err); ok {
		c.fail(why)
	}
	c.finish()
	_, _ = io.Copy(io.Discard, c.net) // until the client has read our last words, or a moment has passed
	c.close()
	c.server.forget(c.conn)
}

// message reads one message, or a frame of control that stands between two.
func (c *webSocket) message(in io.Reader, to receiver) error {
	l := c.server.Limits
	state := ws.StateServerSide
	var data []byte
	var kind ws.OpCode
	for {
		h, payload, err := c.frame(in, state, l.Message-int64(len(data)))
		if err != nil {
			return err
		}
		c.hear()
		if !c.pace.spend(time.Now(), l.Messages, 10*l.Messages+l.Subscriptions) {
			return &closing{closeTooFast, fmt.Sprintf("more than %d messages a second (limits.realtime.messages)", l.Messages)}
		}
		if h.OpCode.IsControl() {
			if err := c.control(h.OpCode, payload); err != nil || !state.Fragmented() {
				return err
			}
			continue
		}
		if h.OpCode != ws.OpContinuation {
			kind = h.OpCode
		}
		if data = append(data, payload...); h.Fin {
			break
		}
		state = state.Set(ws.StateFragmented)
	}
	switch {
	case kind != ws.OpText:
		return &closing{closeBinary, "messages are text"}
	case !utf8.Valid(data):
		return &closing{closeNotUTF8, "messages are UTF-8"}
	}
	return to.receive(data)
}

// frame reads a frame of at most so many bytes.
func (c *webSocket) frame(in io.Reader, state ws.State, most int64) (h ws.Header, payload []byte, err error) {
	h, err = ws.ReadHeader(in)
	huge := errors.Is(err, ws.ErrHeaderLengthMSB)
	if err != nil && !huge {
		return h, nil, err
	}
	if err := ws.CheckHeader(h, state); err != nil && !huge {
		return h, nil, &closing{closeProtocol, err.Error()}
	}
	if huge || h.Length > most && !h.OpCode.IsControl() {
		return h, nil, &closing{closeTooLarge, fmt.Sprintf("a message may have %d bytes (limits.realtime.message)", c.server.Limits.Message)}
	}
	if h.Length <= keptBuffer {
		payload = make([]byte, h.Length)
		_, err = io.ReadFull(in, payload)
	} else if payload, err = io.ReadAll(io.LimitReader(in, h.Length)); err == nil && int64(len(payload)) < h.Length {
		err = io.ErrUnexpectedEOF // what is announced takes no room until it comes
	}
	ws.Cipher(payload, h.Mask, 0)
	return h, payload, err
}

// control does what a frame of control asks for.
func (c *webSocket) control(kind ws.OpCode, payload []byte) error {
	switch kind {
	case ws.OpPing:
		return c.send([]byte{0x8a, byte(len(payload))}, payload)
	case ws.OpClose:
		if len(payload) == 0 {
			return &closing{closeNormal, ""}
		}
		code, reason := ws.ParseCloseFrameData(payload)
		if err := ws.CheckCloseFrameData(code, reason); err != nil {
			return &closing{closeProtocol, err.Error()}
		}
		return &closing{int(code), ""}
	}
	return nil
}

// refuse closes the connection with a reason.
func (c *webSocket) refuse(err error) {
	if c.shut.Swap(true) {
		return // once is enough
	}
	why := closingOf(err)
	if why.code == closeSlow {
		c.discard()
	}
	c.finish(why.frame())
}

// tell sends a message in JSON.
func (c *webSocket) tell(v any) {
	text, err := json.Marshal(v)
	if err != nil {
		panic("socket: an answer always encodes: " + err.Error())
	}
	_ = c.write(func(b []byte) []byte { // a client that is slow is told by its events
		return appendText(b, func(b []byte) []byte { return append(b, text...) })
	})
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
