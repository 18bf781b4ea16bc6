package backend

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"

	"github.com/loam-dev/loam/internal/attempt"
	"github.com/loam-dev/loam/internal/bus"
	"github.com/loam-dev/loam/internal/signal"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/postgres"
)

// join has NATS wake this node and the others of its database, where that is asked for.
func (b *Backend) join(ctx context.Context) error {
	o := b.opts
	at := o.Config.NATS
	where := cmp.Or(o.NATS, at.URL.Text())
	engine, shared := b.engine.(interface {
		Identity(context.Context) (string, error)
		Use(postgres.Relay)
	})
	switch {
	case where == "" || o.Idle:
		return nil
	case !shared:
		o.Log.Info("NATS is not used: nobody else has a database that is a file")
		return nil
	}
	database, err := engine.Identity(ctx)
	if err != nil {
		return err
	}
	b.bus, err = bus.Join(bus.Options{URL: where, Credentials: at.Credentials, CA: at.CA, Certificate: at.Certificate, Key: at.Key,
		Subject: at.Prefix + "." + hex.EncodeToString(o.Vault.MAC("nats/subject").Sum([]byte(database))[:16]), Log: o.Log})
	if err == nil {
		engine.Use(b.bus)
	}
	return err
}

// leave closes the database.
func (b *Backend) leave() error {
	err := b.engine.Close()
	if b.bus != nil {
		b.bus.Close()
	}
	return err
}

// heed has this node forget what other nodes have changed, answer what they ask, and
// hear what they say in channels.
func (b *Backend) heed() {
	if b.engine.Dialect() != store.PostgreSQL {
		return
	}
	b.peers = signal.Join(signal.PeersOptions{Engine: b.engine, Node: b.sockets.Identity(), Answer: b.sockets.Answer, Log: b.opts.Log})
	b.sockets.Connect(b.peers)
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
	case signal.Question:
		b.peers.Hear(s.Subject)
	default: // all of it, and what a newer version may have more
		b.Auth.ForgetAll()
		b.Auth.ForgetKeys()
		b.Tenant.ForgetAllLimits()
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
