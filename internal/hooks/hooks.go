// Package hooks asks the app's own servers at a step of sign-in: may this person
// sign up, somebody has confirmed their address, what else belongs into this
// token. Each call is a webhook, signed after the Standard Webhooks
// specification. It decides nothing by itself; a hook that must be asked and
// can't be is a refusal.
package hooks

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/outbound"
	"github.com/loam-dev/loam/internal/store"
)

// The limits of the room.
const (
	timeout    = 5 * time.Second // of an answer, unless a Hook says otherwise
	maxCalls   = 64              // of one hook at once
	maxProfile = 32 << 10        // bytes of what a call carries
	maxAnswer  = 16 << 10        // bytes
	maxMessage = 200             // characters of a refusal
)

// Kind is the kind of the jobs that AfterConfirmation adds, for Deliver.
const Kind = "hooks/after_confirmation"

// Hook is where one is asked; without a URL there is none.
type Hook struct {
	URL     string
	Secret  outbound.Secret
	Timeout time.Duration // 0: timeout
}

// Options are what New needs.
type Options struct {
	BeforeSignUp, AfterConfirmation, BeforeToken Hook

	Client *outbound.Client
	// Enqueue adds a job of Kind inside the caller's transaction.
	Enqueue func(c store.Conn, payload []byte) error
	Now     func() time.Time // nil: the clock
}

// Hooks calls them. It is safe for concurrent use. A nil Hooks has none.
type Hooks struct {
	beforeSignUp, afterConfirmation, beforeToken *hook

	enqueue func(store.Conn, []byte) error
	now     func() time.Time
}

// hook is one that is there.
type hook struct {
	Hook
	http  *http.Client
	calls chan struct{} // one in it for each call under way
}

// New returns nil where there is no hook.
func New(o Options) (*Hooks, error) {
	h := &Hooks{enqueue: o.Enqueue, now: o.Now}
	if h.now == nil {
		h.now = time.Now
	}
	found := false
	for _, each := range []struct {
		from Hook
		to   **hook
	}{{o.BeforeSignUp, &h.beforeSignUp}, {o.AfterConfirmation, &h.afterConfirmation}, {o.BeforeToken, &h.beforeToken}} {
		if each.from.URL == "" {
			continue
		}
		u, err := url.Parse(each.from.URL)
		if err == nil {
			err = outbound.Check(u)
		}
		if err != nil {
			return nil, fmt.Errorf("hooks: %s: %w", each.from.URL, err)
		}
		client := o.Client.HTTP()
		client.Timeout = cmp.Or(each.from.Timeout, timeout)
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // what is signed is for this address
		*each.to, found = &hook{each.from, client, make(chan struct{}, maxCalls)}, true
	}
	if !found {
		return nil, nil
	}
	return h, nil
}

// event is the body of a call, in the form that the specification proposes.
type event struct {
	Type      string `json:"type"`
	Timestamp string `json:"timestamp"`
	Data      any    `json:"data"`
}

// encode makes the body of a call.
func (h *Hooks) encode(kind string, data any) ([]byte, error) {
	body, err := json.Marshal(event{kind, form.Stamp(h.now()), data}, json.Deterministic(true))
	if err == nil && len(body) > maxProfile {
		err = fmt.Errorf("a call carries %d bytes, more than %d", len(body), maxProfile)
	}
	return body, err
}

func newID() string { return "msg_" + uuid.Must(uuid.NewV7()).String() }

// errGone is what a receiver answers that wants no more of a message.
var errGone = errors.New("the hook answers 410 Gone")

// call sends a signed message and returns what is answered to it. Every failure
// to get an answer is one error: what went wrong is for the log alone.
func (k *hook) call(ctx context.Context, id string, at time.Time, body []byte) ([]byte, error) {
	select {
	case k.calls <- struct{}{}:
		defer func() { <-k.calls }()
	default:
		return nil, fmt.Errorf("%d calls are under way already", maxCalls)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, k.URL, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header = outbound.Sign(k.Secret, id, at, body)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Loam")
	answer, err := k.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	switch {
	case answer.StatusCode == http.StatusGone:
		return nil, errGone
	case answer.StatusCode < 200 || answer.StatusCode > 299:
		return nil, fmt.Errorf("the hook answers %d", answer.StatusCode)
	case err != nil:
		return nil, err
	case len(text) > maxAnswer:
		return nil, fmt.Errorf("the hook answers with more than %d bytes", maxAnswer)
	}
	return bytes.TrimSpace(text), nil
}

// read decodes an answer; what it does not know is an error, lest a refusal with
// a misspelled name lets somebody in.
func read(text []byte, into any) error {
	return json.Unmarshal(text, into, json.RejectUnknownMembers(true), jsontext.AllowDuplicateNames(false))
}

func failed(err error) *fault.Error {
	return fault.New(fault.AuthHookFailed, "a service that is to be asked first does not answer as it should; try again later").Because(err).After(5 * time.Second)
}
