package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/loam-dev/loam/internal/store"
)

// sitting are the settings of a connection that stays for as long as a migration
// does. Its server notices when who sent a statement is gone, where its system can tell.
const sitting = `SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0;
DO $$ BEGIN SET client_connection_check_interval = '1s'; EXCEPTION WHEN OTHERS THEN NULL; END $$`

// Aside runs fn on a connection of its own, as the login role, without limits on time.
// Each statement is a transaction by itself, unless fn begins one: it is for what
// PostgreSQL runs outside of transactions alone. Nothing is run again, and what went
// before a failure stays.
func (e *Engine) Aside(ctx context.Context, fn func(store.Conn) error) error {
	config := e.pool.Config().ConnConfig
	if err := e.preferred(ctx, config); err != nil {
		return err
	}
	began := time.Now()
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		_, err = e.unconnected(ctx, err, time.Since(began))
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.answer)
		defer cancel()
		_ = conn.Close(ctx)
	}()
	begin(conn, e.statements)
	t := &transaction{
		engine: e, session: conn.PgConn().CustomData()[sessionKey].(*session), purpose: forRebuilding, ctx: ctx,
		began: true, wanted: store.Everyone, entered: store.Everyone, // what it connects as
	}
	defer watch(ctx, t.session.pg)()
	if err := t.Script(sitting); err != nil {
		return err
	}
	err = t.call(fn)
	if t.failed != nil && (t.verdict != final || err == nil) {
		err = t.failed
	}
	if t.pipe != nil && !t.session.pg.IsClosed() {
		_ = t.pipe.Close()
	}
	return err
}
