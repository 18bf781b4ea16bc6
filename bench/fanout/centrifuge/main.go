// Command centrifuge is the engine of Centrifugo with one channel, as its README
// shows it. It is a module of its own, so that none of this is in Loam's.
package main

import (
	"flag"
	"io"
	"log"
	"net/http"

	"github.com/centrifugal/centrifuge"
)

const channel = "events"

func main() {
	addr := flag.String("addr", "127.0.0.1:0", "where to listen")
	flag.Parse()
	node, err := centrifuge.New(centrifuge.Config{})
	if err != nil {
		log.Fatal(err)
	}
	node.OnConnect(func(client *centrifuge.Client) {
		client.OnSubscribe(func(_ centrifuge.SubscribeEvent, cb centrifuge.SubscribeCallback) {
			cb(centrifuge.SubscribeReply{}, nil)
		})
	})
	if err := node.Run(); err != nil {
		log.Fatal(err)
	}
	ws := centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{})
	http.HandleFunc("/ws", func(w http.ResponseWriter, r *http.Request) {
		ws.ServeHTTP(w, r.WithContext(centrifuge.SetCredentials(r.Context(), &centrifuge.Credentials{})))
	})
	http.HandleFunc("POST /publish", func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			_, err = node.Publish(channel, body)
		}
		if err != nil {
			log.Print(err)
		}
	})
	log.Fatal(http.ListenAndServe(*addr, nil))
}
