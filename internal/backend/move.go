package backend

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/loam-dev/loam/internal/move"
)

// Where is the database that options name, as people know it: without what opens it.
func (o *Options) Where() string {
	if o.Database == "" {
		return filepath.Join(o.Data, "loam.db")
	}
	scheme, rest, _ := strings.Cut(o.Database, "://")
	rest, _, _ = strings.Cut(rest, "?")
	return scheme + "://" + rest[strings.LastIndexByte(rest, '@')+1:]
}

// side opens a database for a move.
func (o *Options) side(ctx context.Context, filling bool) (move.Side, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	e, err := o.open(ctx, filling)
	if err != nil {
		return move.Side{}, err
	}
	return move.Side{Engine: e, Migrator: o.migrator(e), Name: o.Where()}, nil
}

// Move takes the backend that a database holds, which nobody has open, to another
// database. Called again after an interruption it goes on.
func Move(ctx context.Context, from, to Options, report func(string)) (done move.Result, err error) {
	err = from.beside(ctx, to, func(source, target move.Side) (err error) {
		if done, err = move.Run(ctx, move.Options{From: source, To: target, Now: time.Now, Report: report}); err != nil {
			return err
		}
		return move.Settle(ctx, target)
	})
	return done, err
}

// TryMove says what Move would do. It makes no file.
func TryMove(ctx context.Context, from, to Options, report func(string)) (done move.Result, err error) {
	try := func(source, target move.Side) (err error) {
		done, err = move.Try(ctx, move.Options{From: source, To: target, Now: time.Now, Report: report})
		return err
	}
	if _, missing := os.Stat(to.Where()); to.Database != "" || missing == nil {
		err = from.beside(ctx, to, try)
		return done, err
	}
	source, err := from.side(ctx, false)
	if err != nil {
		return done, err
	}
	err = errors.Join(try(source, move.Side{Name: to.Where()}), source.Engine.Close())
	return done, err
}

// beside opens two databases for fn.
func (o *Options) beside(ctx context.Context, other Options, fn func(source, target move.Side) error) error {
	source, err := o.side(ctx, false)
	if err != nil {
		return err
	}
	target, err := other.side(ctx, true)
	if err != nil {
		return errors.Join(err, source.Engine.Close())
	}
	return errors.Join(fn(source, target), target.Engine.Close(), source.Engine.Close())
}

// CancelMove gives up a move from a database.
func CancelMove(ctx context.Context, from Options) error {
	source, err := from.side(ctx, false)
	if err != nil {
		return err
	}
	return errors.Join(move.Cancel(ctx, source), source.Engine.Close())
}
