package hooks

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
)

func (h *Hooks) message(kind string, data any) ([]byte, error) {
	body, err := h.encode(kind, data)
	if err != nil {
		return nil, err
	}
	return json.Marshal(message{newID(), body})
}

// Deliver sends what a job carries, each time with the time of that attempt. An
// error is to be tried again. A hook that answers 410 Gone is spared a second
// attempt.
func (h *Hooks) Deliver(ctx context.Context, payload []byte) error {
	if h == nil || h.afterConfirmation == nil {
		return errors.New("hooks: there is no hook to deliver to")
	}
	var m message
	if err := json.Unmarshal(payload, &m); err != nil {
		return fmt.Errorf("hooks: reading a job: %w", err)
	}
	_, err := h.afterConfirmation.call(ctx, m.ID, h.now(), m.Body)
	if errors.Is(err, errGone) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("hooks: delivering %s: %w", m.ID, err)
	}
	return nil
}
