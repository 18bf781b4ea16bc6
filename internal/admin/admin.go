// Package admin is what admins of the server do to users and organizations: it
// composes the steps of auth and tenant into actions, each in one transaction with
// its record in the audit log, imports accounts, and lists what there is. Whether the caller is an
// admin, and has proved it freshly, is asked before: a door's guard is the place.
package admin

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/auth"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/jobs"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/tenant"
)

// The limits of the room.
const (
	defaultPage = 100 // users a page
	maxPage     = 1000
	maxSearch   = 200 // bytes of a text to look for
	maxCursor   = 2048
)

// Service does what admins ask for. It is safe for concurrent use.
type Service struct {
	engine store.Engine
	auth   *auth.Service
	tenant *tenant.Service
	audit  *audit.Log
	jobs   *jobs.Queue
	now    func() time.Time
}

// New makes the service. The system tables must exist.
func New(engine store.Engine, auth *auth.Service, tenant *tenant.Service, log *audit.Log, queue *jobs.Queue, now func() time.Time) *Service {
	return &Service{engine, auth, tenant, log, queue, now}
}

// act runs a change in a transaction and makes what was known of users be looked
// up again.
func (s *Service) act(ctx context.Context, operation string, change func(store.Conn) (forget []string, err error)) error {
	var forget []string
	err := s.engine.Write(ctx, func(c store.Conn) (err error) {
		forget, err = change(c)
		return err
	})
	for _, id := range forget {
		s.auth.Forget(id)
	}
	return wrap(operation, err)
}

// record adds an action of an admin to the audit log, inside its transaction.
func (s *Service) record(ctx context.Context, c store.Conn, by *access.Principal, action, target string, details map[string]any) error {
	return s.audit.Append(c, audit.Event{Action: action, Actor: by.Subject(), Target: target, Details: details}.From(ctx))
}

// RotateKeys signs tokens with a new key from now on. Those of the old one are good
// until they expire.
func (s *Service) RotateKeys(ctx context.Context, by *access.Principal) error {
	if err := s.auth.RotateKeys(ctx); err != nil {
		return err
	}
	return s.audit.Write(ctx, audit.Event{Action: "admin.keys_rotated", Actor: by.Subject()})
}

// place is where a page of a list ends: the value that it is sorted by, and the id.
type place struct {
	Value string `json:"v"`
	ID    string `json:"i"`
}

func (p place) cursor() *string {
	text, err := json.Marshal(p)
	if err != nil {
		panic("admin: two texts always encode: " + err.Error())
	}
	cursor := base64.RawURLEncoding.EncodeToString(text)
	return &cursor
}

func readCursor(text string) (p place, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(raw, &p)
	}
	if err != nil || len(text) > maxCursor {
		return place{}, fault.New(fault.QueryBadCursor, "the cursor was not made for this list; start again without it").At("cursor")
	}
	return p, nil
}

// wrap names the operation that failed, for the log.
func wrap(operation string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("admin: %s: %w", operation, err)
}
