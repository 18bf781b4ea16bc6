package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// The subscribers are one process with the publisher, so that one clock says when
// an event was written and when it came. They read raw connections and look for the
// mark that each event carries: what they cost is not measured.

// mark leads an event's number in what is delivered.
const mark = "n-"

// tally is what the subscribers of one measurement have got.
type tally struct {
	sent   []atomic.Int64 // by event, Unix nanoseconds
	got    atomic.Int64
	length atomic.Int64 // of the last message, in bytes
	delays histogram
}

// take counts the events of a message: several may come in one.
func (t *tally) take(message []byte) {
	now := time.Now().UnixNano()
	for rest := message; ; {
		i := bytes.Index(rest, []byte(mark))
		if i < 0 || len(rest) < i+len(mark)+6 {
			return
		}
		rest = rest[i+len(mark):]
		n, err := strconv.Atoi(string(rest[:6]))
		if err != nil || n >= len(t.sent) {
			continue
		}
		t.length.Store(int64(len(message)))
		t.delays.add(time.Duration(now - t.sent[n].Load()))
		t.got.Add(1)
	}
}

// histogram counts durations in steps of about 2 %.
type histogram struct{ counts [1024]atomic.Int64 }

const stepsPerOctave = 32

func (h *histogram) add(d time.Duration) {
	i := int(math.Log2(float64(max(d, time.Microsecond))/1000) * stepsPerOctave)
	h.counts[min(i, len(h.counts)-1)].Add(1)
}

func (h *histogram) quantile(q float64) time.Duration {
	var total int64
	for i := range h.counts {
		total += h.counts[i].Load()
	}
	rank := int64(q * float64(total))
	for i := range h.counts {
		if rank -= h.counts[i].Load(); rank < 0 {
			return time.Duration(1000 * math.Exp2(float64(i)/stepsPerOctave))
		}
	}
	return 0
}

// subscriber is one connection.
type subscriber struct {
	conn net.Conn
	in   *bufio.Reader
}

// dial opens a connection and sends a request head.
func dial(ctx context.Context, addr, path string, headers ...string) (*subscriber, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	s := &subscriber{conn, bufio.NewReaderSize(conn, 1<<10)}
	_, err = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", path, addr, strings.Join(append(headers, ""), "\r\n"))
	return s, err
}

// dialSocket opens a WebSocket.
func dialSocket(ctx context.Context, addr, path, protocol string) (*subscriber, error) {
	headers := []string{"Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="}
	if protocol != "" {
		headers = append(headers, "Sec-WebSocket-Protocol: "+protocol)
	}
	s, err := dial(ctx, addr, path, headers...)
	if err != nil {
		return nil, err
	}
	status, err := s.in.ReadString('\n')
	if err == nil && !strings.Contains(status, " 101 ") {
		err = fmt.Errorf("the handshake answered %q", strings.TrimSpace(status))
	}
	for line := status; err == nil && strings.TrimSpace(line) != ""; {
		line, err = s.in.ReadString('\n')
	}
	return s, err
}

// The opcodes of frames.
const (
	opText  = 1
	opClose = 8
	opPing  = 9
	opPong  = 10
)

// send sends a masked frame; the mask is zero.
func (s *subscriber) send(op byte, payload string) error {
	frame := []byte{0x80 | op}
	if len(payload) < 126 {
		frame = append(frame, 0x80|byte(len(payload)))
	} else {
		frame = binary.BigEndian.AppendUint16(append(frame, 0x80|126), uint16(len(payload)))
	}
	_, err := s.conn.Write(append(append(frame, 0, 0, 0, 0), payload...))
	return err
}

// frame reads a frame into b.
func (s *subscriber) frame(b []byte) (byte, []byte, error) {
	var head [2]byte
	if _, err := io.ReadFull(s.in, head[:]); err != nil {
		return 0, nil, err
	}
	n := int(head[1] & 127)
	if n == 126 {
		var size [2]byte
		if _, err := io.ReadFull(s.in, size[:]); err != nil {
			return 0, nil, err
		}
		n = int(binary.BigEndian.Uint16(size[:]))
	}
	if n > cap(b) {
		b = make([]byte, n)
	}
	_, err := io.ReadFull(s.in, b[:n])
	return head[0] & 15, b[:n], err
}

// await reads until a message has the text.
func (s *subscriber) await(text string) error {
	for {
		op, message, err := s.frame(nil)
		switch {
		case err != nil:
			return err
		case op == opClose:
			return fmt.Errorf("closed: %q", message)
		case strings.Contains(string(message), text):
			return nil
		case strings.Contains(string(message), `"error"`):
			return fmt.Errorf("refused: %s", message)
		}
	}
}

// listen counts events until the connection ends, and answers signs of life.
func (s *subscriber) listen(t *tally) error {
	buf := make([]byte, 512)
	for {
		op, message, err := s.frame(buf)
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil
		case err != nil:
			return err
		case op == opClose:
			return fmt.Errorf("closed: %q", message)
		case op == opPing:
			err = s.send(opPong, string(message))
		case string(message) == "{}": // centrifuge's ping
			err = s.send(opText, "{}")
		case string(message) == `{"type":"ping"}`:
			err = s.send(opText, `{"type":"pong"}`)
		default:
			t.take(message)
		}
		if err != nil {
			return err
		}
	}
}

// listenEvents is listen for server-sent events; a message ends with an empty line.
func (s *subscriber) listenEvents(t *tally) error {
	var message []byte
	for {
		line, err := s.in.ReadSlice('\n')
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
		if len(bytes.TrimSpace(line)) > 0 {
			message = append(message, line...)
			continue
		}
		t.take(message)
		message = message[:0]
	}
}
