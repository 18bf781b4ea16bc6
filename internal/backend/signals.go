package backend

import (
	"context"
	"errors"

	"github.com/loam-dev/loam/internal/attempt"
	"github.com/loam-dev/loam/internal/signal"
	"github.com/loam-dev/loam/internal/store"
)

// heed has this node forget what other nodes have changed, and hear what they say in
// channels.
func (b *Backend) heed() {
	if b.engine.Dialect() != store.PostgreSQL {
		return
	}
	wake := make(chan struct{}, 1)
	b.engine.Notify(wake)
	b.signals = signal.Follow(signal.Options{Engine: b.engine, Wake: wake, Heard: b.heard, Log: b.opts.Log})
	told := make(chan struct{}, 1)
	b.engine.Notify(told)
	b.channels.Connect(b.engine, told, b.opts.Log)
	b.jobs.Every("signal/prune", signal.Every, func(ctx context.Context) error { return signal.Prune(ctx, b.engine) })
}

// heard forgets what a signal tells of.
func (b *Backend) heard(ctx context.Context, s signal.Signal) error {
	switch s.Kind {
	case signal.User:
		b.Auth.Forget(s.Subject)
	case signal.Everyone:
		b.Auth.ForgetAll()
	case signal.Key:
		b.Auth.ForgetKey(s.Subject)
	case signal.Organization:
		b.Tenant.ForgetLimits(s.Subject)
	case signal.Signing:
		return b.Auth.ReloadKeys(ctx)
	case signal.Schema:
		return b.stand(ctx)
	default: // all of it, and what a newer version may have more
		b.Auth.ForgetAll()
		b.Auth.ForgetKeys()
		return errors.Join(b.Auth.ReloadKeys(ctx), b.stand(ctx))
	}
	return nil
}

// attempts is where the attempts of all nodes are counted; nil where there is this one
// alone.
func (b *Backend) attempts() *attempt.Ledger {
	if b.engine.Dialect() != store.PostgreSQL {
		return nil
	}
	l := attempt.NewLedger(b.engine, b.opts.Vault.Key("auth/attempts").Bytes())
	b.jobs.Every("attempt/prune", attempt.Every, func(ctx context.Context) error { return l.Prune(ctx, b.opts.Now()) })
	return l
}
