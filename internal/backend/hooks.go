package backend

import (
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/hooks"
	"github.com/loam-dev/loam/internal/jobs"
	"github.com/loam-dev/loam/internal/outbound"
	"github.com/loam-dev/loam/internal/store"
)

// joinHooks makes the hooks of loam.yaml, or nil without one. What waits for a
// hook that is off goes on waiting: a command that works without the file's
// secrets must not throw it away.
func (b *Backend) joinHooks() (*hooks.Hooks, error) {
	o := hooks.Options{Client: b.outbound, Now: b.opts.Now, Enqueue: func(c store.Conn, payload []byte) error {
		return b.jobs.Add(c, jobs.Job{Kind: hooks.Kind, Payload: payload})
	}}
	from := b.opts.Config.Auth.Hooks
	for _, each := range []struct {
		from config.Hook
		to   *hooks.Hook
	}{{from.BeforeSignUp, &o.BeforeSignUp}, {from.AfterConfirmation, &o.AfterConfirmation}, {from.BeforeToken, &o.BeforeToken}} {
		if each.from.URL == "" {
			continue
		}
		secret, err := outbound.ParseSecret(each.from.Secret.Text())
		if err != nil {
			return nil, err
		}
		*each.to = hooks.Hook{URL: each.from.URL, Secret: secret, Timeout: each.from.Timeout}
	}
	h, err := hooks.New(o)
	if err == nil && o.AfterConfirmation.URL != "" {
		b.jobs.Handle(hooks.Kind, h.Deliver)
	}
	return h, err
}
