package move

import (
	"context"
	"fmt"

	"github.com/loam-dev/loam/internal/store"
)

// What a PostgreSQL database is without while it is filled: its foreign keys. Rows
// come in the order of their keys and from different moments, so that one may be there
// before what it refers to. They come back with the last step, for what is written
// from then on; the rows that are there are looked through once the database serves.
const keptKeys = "_moving_keys"

const (
	keepKeys = `CREATE TABLE "` + keptKeys + `" AS SELECT CAST(k.conrelid AS regclass)::text AS "of", k.conname::text AS "name", pg_get_constraintdef(k.oid) AS "says"
		FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace WHERE n.nspname = current_schema() AND k.contype = 'f'`
	readKeys = `SELECT "of", "name", "says" FROM "` + keptKeys + `" ORDER BY 1, 2`
	// Both numbers go on where the source's did.
	goOn = `SELECT setval(pg_get_serial_sequence('"_changes"', 'seq'), greatest((SELECT max(seq) FROM "_changes"), 1));
		UPDATE "_log" SET pos = greatest(pos, coalesce((SELECT max(pos) FROM "_changes"), 0)) WHERE id = 1`
)

// eachKey runs a statement, made of the key's table, its name and its text, for every
// foreign key.
func eachKey(c store.Conn, sql func(table, name, says string) string) error {
	var script string
	if err := c.Query(readKeys, nil, func(r store.Row) error {
		script += sql(r.Text(0), ident(r.Text(1)), r.Text(2)) + ";\n"
		return nil
	}); err != nil {
		return err
	}
	return c.Script(script)
}

// loosen takes the foreign keys away.
func loosen(c store.Conn, d store.Dialect) error {
	if d != store.PostgreSQL {
		return nil // the engine was opened for that
	}
	if err := c.Script(`DROP TABLE IF EXISTS "` + keptKeys + `"; ` + keepKeys); err != nil {
		return fmt.Errorf("taking note of the foreign keys: %w", err)
	}
	return eachKey(c, func(table, name, _ string) string { return "ALTER TABLE " + table + " DROP CONSTRAINT " + name })
}

// tighten brings them back.
func tighten(c store.Conn, d store.Dialect) error {
	if d != store.PostgreSQL {
		return nil
	}
	if err := eachKey(c, func(table, name, says string) string {
		return "ALTER TABLE " + table + " ADD CONSTRAINT " + name + " " + says + " NOT VALID"
	}); err != nil {
		return fmt.Errorf("making the foreign keys: %w", err)
	}
	return c.Script(goOn)
}

// Settle looks through the foreign keys of a database that a move has brought to life,
// while it serves, and takes the move's last traces away. It may run again.
func Settle(ctx context.Context, to Side) error {
	s, err := stateOf(ctx, to.Engine)
	if err != nil || s.stage != live {
		return err
	}
	return to.Migrator.Alter(ctx, func(c store.Conn) error {
		if err := eachKey(c, func(table, name, _ string) string { return "ALTER TABLE " + table + " VALIDATE CONSTRAINT " + name }); err != nil {
			return fmt.Errorf("looking through the foreign keys: %w", err)
		}
		return c.Script(`DROP TABLE "` + keptKeys + `"; DROP TABLE "_move"`)
	})
}
