// Command raw is the limit of a fan-out: WebSockets that are sent a frame made once,
// by a loop and nothing else. What clients say is thrown away.
package main

import (
	"encoding/binary"
	"flag"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:0", "where to listen")
	flag.Parse()
	r := &room{conns: map[net.Conn]struct{}{}}
	up := websocket.Upgrader{ReadBufferSize: 256, WriteBufferSize: 256}
	http.HandleFunc("/ws", func(w http.ResponseWriter, req *http.Request) {
		if ws, err := up.Upgrade(w, req, nil); err == nil {
			go r.hold(ws.NetConn())
		}
	})
	http.HandleFunc("POST /publish", func(_ http.ResponseWriter, req *http.Request) {
		if body, err := io.ReadAll(req.Body); err == nil {
			r.send(body)
		}
	})
	log.Fatal(http.ListenAndServe(*addr, nil))
}

type room struct {
	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

// hold keeps a connection until its client leaves.
func (r *room) hold(c net.Conn) {
	_ = c.SetDeadline(time.Time{})
	r.mu.Lock()
	r.conns[c] = struct{}{}
	r.mu.Unlock()
	var b [64]byte
	for {
		if _, err := c.Read(b[:]); err != nil {
			break
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.conns, c)
	c.Close()
}

// send writes one frame to every connection.
func (r *room) send(payload []byte) {
	frame := append(binary.BigEndian.AppendUint16([]byte{0x81, 126}, uint16(len(payload))), payload...)
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.conns {
		_, _ = c.Write(frame) // hold sees a client that has left
	}
}
