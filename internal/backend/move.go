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
	source, err := from.side(ctx, false)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, source.Engine.Close()) }()
	target, err := to.side(ctx, true)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, target.Engine.Close()) }()
	if done, err = move.Run(ctx, move.Options{From: source, To: target, Now: time.Now, Report: report}); err != nil {
		return done, err
	}
	return done, move.Settle(ctx, target)
}

// TryMove says what Move would do. It makes no file.
func TryMove(ctx context.Context, from, to Options, report func(string)) (move.Result, error) {
	source, err := from.side(ctx, false)
	if err != nil {
		return move.Result{}, err
	}
	done, err := tryMove(ctx, source, to, report)
	return done, errors.Join(err, source.Engine.Close())
}

func tryMove(ctx context.Context, source move.Side, to Options, report func(string)) (move.Result, error) {
	o := move.Options{From: source, To: move.Side{Name: to.Where()}, Now: time.Now, Report: report}
	if _, missing := os.Stat(to.Where()); to.Database == "" && missing != nil {
		return move.Try(ctx, o)
	}
	var err error
	if o.To, err = to.side(ctx, true); err != nil {
		return move.Result{}, err
	}
	done, err := move.Try(ctx, o)
	return done, errors.Join(err, o.To.Engine.Close())
}

// CancelMove gives up a move from a database.
func CancelMove(ctx context.Context, from Options) error {
	source, err := from.side(ctx, false)
	if err != nil {
		return err
	}
	return errors.Join(move.Cancel(ctx, source), source.Engine.Close())
}
