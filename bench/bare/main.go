// Command bare is the limit that the bench holds Loam against: the same answers
// from hand-written SQL over the same driver, with the same pragmas, and
// nothing else. It has no rules, no schema, no validation and no cursors that
// can be trusted; it is not how anything should be built.
package main

import (
	"context"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

type options struct {
	data, addr              string
	key                     []byte
	projects, tasks, people int
	email, password         string
}

func main() {
	var o options
	flag.StringVar(&o.data, "data", "", "directory of the database")
	flag.StringVar(&o.addr, "addr", "127.0.0.1:8080", "address to listen on")
	key := flag.String("key", "", "32 bytes in hex that encrypt the file")
	makeRows := flag.Bool("seed", false, "make the rows and end")
	flag.IntVar(&o.projects, "projects", 100, "projects")
	flag.IntVar(&o.tasks, "tasks", 100, "tasks in each project")
	flag.IntVar(&o.people, "people", 20, "people")
	flag.StringVar(&o.email, "email", "", "the user's address")
	flag.StringVar(&o.password, "password", "", "the user's password")
	flag.Parse()
	var err error
	if o.key, err = hex.DecodeString(*key); err != nil {
		log.Fatal(err)
	}
	run := serve
	if *makeRows {
		run = seed
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	err = run(ctx, o)
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

func serve(ctx context.Context, o options) error {
	db, err := open(o)
	if err != nil {
		return err
	}
	defer db.close()
	s, err := newServer(db)
	if err != nil {
		return err
	}
	h := &http.Server{Addr: o.addr, Handler: s.routes(), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		<-ctx.Done()
		_ = h.Close()
	}()
	fmt.Println("ready http://" + o.addr)
	if err := h.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
