package hooks

import (
	"context"
	"strings"
	"unicode"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// SignUp is who wants an account.
type SignUp struct {
	Email    string         `json:"email,omitzero"`
	Name     string         `json:"name,omitzero"`
	Method   string         `json:"method,omitzero"`   // the way in: "password", "google"
	Invited  string         `json:"invited,omitzero"`  // the organization that invited them
	Profile  map[string]any `json:"profile,omitempty"` // fields of `extend type User`
	Address  string         `json:"address,omitzero"`
	Language string         `json:"language,omitzero"`
}

// BeforeSignUp asks whether somebody may have an account. A refusal is
// fault.AuthHookRefused with the hook's own words; no answer, or one that does
// not fit, is fault.AuthHookFailed. Not to be called inside a transaction.
func (h *Hooks) BeforeSignUp(ctx context.Context, who SignUp) error {
	if h == nil || h.beforeSignUp == nil {
		return nil
	}
	body, err := h.encode("user.before_sign_up", who)
	if err != nil {
		return failed(err)
	}
	text, err := h.beforeSignUp.call(ctx, newID(), h.now(), body)
	if err != nil {
		return failed(err)
	}
	if len(text) == 0 {
		return nil
	}
	var answer struct {
		Allow   *bool  `json:"allow"`
		Message string `json:"message"`
	}
	if err := read(text, &answer); err != nil {
		return failed(err)
	}
	switch {
	case answer.Allow == nil:
		return failed(errNoDecision)
	case !*answer.Allow:
		return fault.New(fault.AuthHookRefused, "%s", refusal(answer.Message))
	}
	return nil
}

// refusal is what a hook says, as a line that is safe to show.
func refusal(message string) string {
	message = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, message))
	if message == "" {
		return "signing up is refused"
	}
	if runes := []rune(message); len(runes) > maxMessage {
		return string(runes[:maxMessage]) + "…"
	}
	return message
}

// Confirmed is a user whose account has become real: with a confirmed address,
// or with a sign-up that asked for none.
type Confirmed struct {
	ID      string         `json:"id"`
	Email   string         `json:"email,omitzero"`
	Name    string         `json:"name,omitzero"`
	Method  string         `json:"method,omitzero"`
	Profile map[string]any `json:"profile,omitempty"`
}

// message is a call that waits in the queue: it keeps its id however often it is
// sent.
type message struct {
	ID   string `json:"id"`
	Body []byte `json:"body"`
}

// AfterConfirmation tells of a new user, at least once, after the caller's
// transaction has committed.
func (h *Hooks) AfterConfirmation(c store.Conn, who Confirmed) error {
	if h == nil || h.afterConfirmation == nil {
		return nil
	}
	payload, err := h.message("user.confirmed", who)
	if err != nil {
		return failed(err)
	}
	return h.enqueue(c, payload)
}
