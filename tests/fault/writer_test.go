package fault

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
)

const (
	batchSize = 5
	mostNotes = 200 // rows that a writer keeps
)

// step makes one write and notes its outcome; false when the server is gone.
func (w *writer) step(s *site) bool {
	ids := slices.Sorted(maps.Keys(w.notes))
	switch n := rand.IntN(10); {
	case len(ids) > mostNotes || n == 0 && len(ids) > 0:
		return w.remove(s, ids[rand.IntN(len(ids))])
	case n < 4 && len(ids) > 0:
		return w.change(s, ids[rand.IntN(len(ids))])
	case n < 6:
		return w.batch(s)
	}
	id := w.newID()
	w.doubt = &doubt{ids: []string{id}, is: note{step: int64(w.next), version: 1}, description: "create"}
	return w.settled(s.do("POST", "/api/notes", w.input(id)))
}

func (w *writer) newID() string {
	w.next++
	return fmt.Sprintf("w%d-%d", w.n, w.next)
}

func (w *writer) input(id string) map[string]any {
	return map[string]any{"id": id, "writer": w.n, "step": w.next, "text": fmt.Sprintf("%0*d", rand.IntN(2000), w.next)}
}

func (w *writer) change(s *site, id string) bool {
	w.next++
	was := w.notes[id]
	w.doubt = &doubt{ids: []string{id}, is: note{step: int64(w.next), version: was.version + 1}, description: "update"}
	return w.settled(s.do("PATCH", "/api/notes/"+id, map[string]any{"step": w.next}))
}

func (w *writer) remove(s *site, id string) bool {
	w.doubt = &doubt{ids: []string{id}, is: note{gone: true}, description: "delete"}
	return w.settled(s.do("DELETE", "/api/notes/"+id, nil))
}

// batch creates several rows, which share the step of the last.
func (w *writer) batch(s *site) bool {
	var ids []string
	var operations []any
	for range batchSize {
		ids = append(ids, w.newID())
	}
	for _, id := range ids {
		operations = append(operations, map[string]any{"method": "POST", "path": "/api/notes", "body": w.input(id)})
	}
	w.doubt = &doubt{ids: ids, is: note{step: int64(w.next), version: 1}, description: "batch"}
	return w.settled(s.do("POST", "/api/batch", map[string]any{"operations": operations}))
}

// settled notes an answer. Without one the write stays in doubt, and the
// writer's work is over for this round.
func (w *writer) settled(status int, _ map[string]any, err error) bool {
	if err != nil || status >= http.StatusInternalServerError {
		return false
	}
	if status >= http.StatusBadRequest {
		panic(fmt.Sprintf("writer %d: %s of %v: %d", w.n, w.doubt.description, w.doubt.ids, status))
	}
	w.acks++
	w.adopt()
	return true
}

func (w *writer) adopt() {
	for _, id := range w.doubt.ids {
		if w.doubt.is.gone {
			delete(w.notes, id)
		} else {
			w.notes[id] = w.doubt.is
		}
	}
	w.doubt = nil
}

// settle holds the rows that are there against those that were acknowledged,
// with the last unanswered write done whole or not at all.
func (w *writer) settle(found map[string]note) error {
	if w.doubt != nil && w.happened(found) {
		w.adopt()
	}
	w.doubt = nil
	for id, want := range w.notes {
		if got, there := found[id]; !there || got != want {
			return fmt.Errorf("%s is %+v (there: %v), acknowledged was %+v", id, got, there, want)
		}
	}
	for id, got := range found {
		if _, known := w.notes[id]; !known {
			return fmt.Errorf("%s is there as %+v, and nobody wrote it", id, got)
		}
	}
	return nil
}

// happened tells whether the first row of the write in doubt has changed;
// settle then demands the same of all.
func (w *writer) happened(found map[string]note) bool {
	got, there := found[w.doubt.ids[0]]
	if w.doubt.is.gone {
		return !there
	}
	return there && got == w.doubt.is
}
