package httpapi

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/loam-dev/loam/internal/fault"
)

// Move is what `loam move` asks of the server that it moves.
type Move struct {
	To     string `json:"to"` // with the password: this never goes over a network
	DryRun bool   `json:"dryRun"`
	Cancel bool   `json:"cancel"`
}

// MoveNews is a line of the answer; the last one has a result or an error.
type MoveNews struct {
	Line   string          `json:"line,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
	Code   fault.Code      `json:"code,omitempty"`
	Detail string          `json:"detail,omitempty"`
}

// Mover moves, and tells what it does.
type Mover func(ctx context.Context, m Move, report func(string)) (result any, err error)

// Moving answers `loam move`, on the way that only who runs the server has: see Local.
// The answer takes as long as the move; the move ends with who asked for it.
func Moving(moves Mover) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		lines := bufio.NewWriter(w)
		tell := func(n MoveNews) {
			_ = control.SetWriteDeadline(time.Now().Add(time.Minute))
			text, err := json.Marshal(n)
			if err != nil {
				panic("httpapi: " + err.Error())
			}
			_, _ = lines.Write(append(text, '\n')) // who has gone has ended the context
			_ = lines.Flush()
			_ = control.Flush()
		}
		var m Move
		err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxQuery)).Decode(&m)
		_ = control.SetReadDeadline(time.Time{}) // or the wait for the end would look like one who has gone
		w.Header().Set("Content-Type", "application/jsonl")
		var result any
		if err == nil {
			result, err = moves(r.Context(), m, func(line string) { tell(MoveNews{Line: line}) })
		}
		text, _ := json.Marshal(result)
		news := MoveNews{Result: text}
		if err != nil {
			e := fault.Of(err)
			news = MoveNews{Code: e.Code, Detail: e.Message}
			if cause := e.Unwrap(); cause != nil { // who runs the server may see it
				news.Detail += " (" + cause.Error() + ")"
			}
		}
		tell(news)
	})
}
