package main

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/crypto/argon2"
)

const timeForm = "2006-01-02T15:04:05.000Z07:00"

type server struct {
	db       *database
	mu       sync.RWMutex
	sessions map[[32]byte]string // organization by hash of token
	hashing  chan struct{}       // one argon2id per core
}

func newServer(db *database) (*server, error) {
	s := &server{db: db, sessions: map[[32]byte]string{}, hashing: make(chan struct{}, runtime.GOMAXPROCS(0))}
	return s, db.read(func(c *conn) error {
		defer c.sessions.Reset()
		for c.sessions.Step() {
			s.sessions[[32]byte(c.sessions.ColumnRawBlob(0))] = c.sessions.ColumnText(1)
		}
		return c.sessions.Err()
	})
}

func (s *server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/tasks/{id}", s.guard(s.get))
	mux.HandleFunc("GET /api/tasks", s.guard(s.list))
	mux.HandleFunc("POST /api/tasks", s.guard(s.create))
	mux.HandleFunc("POST /graphql", s.guard(s.nested))
	mux.HandleFunc("POST /auth/sign-in", s.signIn)
	return mux
}

type handler func(w http.ResponseWriter, r *http.Request, org string) error

func (s *server) guard(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		s.mu.RLock()
		org := s.sessions[sha256.Sum256([]byte(token))]
		s.mu.RUnlock()
		if org == "" {
			http.Error(w, "sign in", http.StatusUnauthorized)
			return
		}
		if err := h(w, r, org); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}
}

func answer(w http.ResponseWriter, status int, body []byte) error {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, err := w.Write(body)
	return err
}

func (s *server) get(w http.ResponseWriter, r *http.Request, org string) error {
	var body []byte
	err := s.db.read(func(c *conn) error {
		defer c.get.Reset()
		if err := bind(c.get.BindText, org, r.PathValue("id")); err != nil {
			return err
		}
		if c.get.Step() {
			body = bytes.Clone(c.get.ColumnRawText(0))
		}
		return c.get.Err()
	})
	if err != nil {
		return err
	}
	if body == nil {
		http.Error(w, "no such row", http.StatusNotFound)
		return nil
	}
	return answer(w, http.StatusOK, body)
}

func (s *server) list(w http.ResponseWriter, r *http.Request, org string) error {
	q := r.URL.Query()
	limit, err := strconv.Atoi(q.Get("limit"))
	if err != nil {
		return err
	}
	b := bytes.NewBuffer(make([]byte, 0, 12<<10))
	b.WriteString(`{"items":[`)
	err = s.db.read(func(c *conn) error {
		defer c.list.Reset()
		if err := bind(c.list.BindText, org, q.Get("projectId"), q.Get("status")); err != nil {
			return err
		}
		if err := c.list.BindInt(4, limit+1); err != nil {
			return err
		}
		n, cursor := 0, `null`
		for c.list.Step() {
			if n++; n > limit {
				break
			}
			if n > 1 {
				b.WriteByte(',')
			}
			b.Write(c.list.ColumnRawText(0))
			if n == limit {
				cursor = `"` + base64.RawURLEncoding.EncodeToString([]byte(c.list.ColumnText(1)+c.list.ColumnText(2))) + `"`
			}
		}
		b.WriteString(`],"nextCursor":` + cursor + `}`)
		return c.list.Err()
	})
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, b.Bytes())
}

// nested reads the GraphQL document's JSON and answers the one document that it
// knows.
func (s *server) nested(w http.ResponseWriter, r *http.Request, org string) error {
	var request struct{ Query string }
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		return err
	}
	b := bytes.NewBuffer(make([]byte, 0, 48<<10))
	b.WriteString(`{"data":{"listProjects":{"items":[`)
	err := s.db.read(func(c *conn) error {
		defer c.nested.Reset()
		if err := bind(c.nested.BindText, org); err != nil {
			return err
		}
		for n := 0; c.nested.Step(); n++ {
			if n > 0 {
				b.WriteByte(',')
			}
			b.Write(c.nested.ColumnRawText(0))
		}
		return c.nested.Err()
	})
	if err != nil {
		return err
	}
	b.WriteString(`]}}}`)
	return answer(w, http.StatusOK, b.Bytes())
}

type task struct {
	ID         string  `json:"id"`
	Title      string  `json:"title"`
	Body       string  `json:"body"`
	Status     string  `json:"status"`
	ProjectID  string  `json:"projectId"`
	AssigneeID *string `json:"assigneeId"`
	CreatedAt  string  `json:"createdAt"`
	UpdatedAt  string  `json:"updatedAt"`
	Version    int     `json:"version"`
}

func (s *server) create(w http.ResponseWriter, r *http.Request, org string) error {
	t := task{Status: "TODO"}
	if err := json.NewDecoder(r.Body).Decode(&t); err != nil {
		return err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	t.ID, t.Version = id.String(), 1
	t.CreatedAt = time.Now().UTC().Format(timeForm)
	t.UpdatedAt = t.CreatedAt
	body, err := json.Marshal(t)
	if err != nil {
		return err
	}
	if err := s.db.commit(func(c *conn) error { return insert(c, org, t, body) }); err != nil {
		return err
	}
	w.Header().Set("Location", "/api/tasks/"+t.ID)
	return answer(w, http.StatusCreated, body)
}

func insert(c *conn, org string, t task, body []byte) error {
	if err := bind(c.create.BindText, org, t.ID, t.Title, t.Body, t.Status, t.ProjectID); err != nil {
		return err
	}
	if t.AssigneeID != nil {
		if err := c.create.BindText(7, *t.AssigneeID); err != nil {
			return err
		}
	} else if err := c.create.BindNull(7); err != nil {
		return err
	}
	if err := c.create.BindText(8, t.CreatedAt); err != nil {
		return err
	}
	if err := c.create.Exec(); err != nil {
		return err
	}
	if err := bind(c.change.BindText, org, t.ID, string(body), t.CreatedAt); err != nil {
		return err
	}
	return c.change.Exec()
}

func (s *server) signIn(w http.ResponseWriter, r *http.Request) {
	var in struct{ Email, Password string }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var salt, want []byte
	var org string
	err := s.db.read(func(c *conn) error {
		defer c.signIn.Reset()
		if err := c.signIn.BindText(1, in.Email); err != nil {
			return err
		}
		if c.signIn.Step() {
			salt, want, org = bytes.Clone(c.signIn.ColumnRawBlob(0)), bytes.Clone(c.signIn.ColumnRawBlob(1)), c.signIn.ColumnText(2)
		}
		return c.signIn.Err()
	})
	if err == nil {
		s.hashing <- struct{}{}
		got := hash(in.Password, salt)
		<-s.hashing
		if subtle.ConstantTimeCompare(got, want) != 1 {
			http.Error(w, "wrong password", http.StatusUnauthorized)
			return
		}
		var token string
		if token, err = s.newSession(org); err == nil {
			err = answer(w, http.StatusOK, fmt.Appendf(nil, `{"accessToken":%q}`, token))
		}
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func (s *server) newSession(org string) (string, error) {
	token := rand.Text()
	sum := sha256.Sum256([]byte(token))
	s.mu.Lock()
	s.sessions[sum] = org
	s.mu.Unlock()
	return token, s.db.commit(func(c *conn) error {
		if err := c.keep.BindBlob(1, sum[:]); err != nil {
			return err
		}
		if err := c.keep.BindText(2, org); err != nil {
			return err
		}
		return c.keep.Exec()
	})
}

func hash(password string, salt []byte) []byte {
	return argon2.IDKey([]byte(password), salt, 2, 19<<10, 1, 32)
}

func bind(set func(int, string) error, values ...string) error {
	for i, v := range values {
		if err := set(i+1, v); err != nil {
			return err
		}
	}
	return nil
}
