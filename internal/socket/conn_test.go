package socket

import (
	"io"
	"net"
	"testing"
	"time"
)

// TestLastWords: who joins while the server stops, and is attached when nobody writes any
// more, is told why the connection ends all the same.
func TestLastWords(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	client, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	server, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	p := newPool(1)
	p.stop()
	o := newOutbox(p, 1000)
	o.finish([]byte("the server is stopping"))
	o.attach(server, []byte("head, "))
	if err := client.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(client); err != nil || string(got) != "head, the server is stopping" {
		t.Errorf("%q, %v", got, err)
	}
}
