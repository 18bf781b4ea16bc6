package audit

import "github.com/loam-dev/loam/internal/store"

// Tables returns the room's system tables as statements that run in order,
// inside the store's first transaction, at every start: each does nothing where
// its table exists. The triggers are the first wall, against a slip; the chain
// is the second, against who can write to the file.
func Tables(d store.Dialect) []string {
	tables := []string{
		`CREATE TABLE IF NOT EXISTS "_audit" (
			"seq" INTEGER NOT NULL PRIMARY KEY,
			"at" TEXT NOT NULL,
			"action" TEXT NOT NULL,
			"outcome" TEXT NOT NULL,
			"org" TEXT NOT NULL,
			"actor" TEXT NOT NULL,
			"impersonator" TEXT NOT NULL,
			"target" TEXT NOT NULL,
			"address" TEXT NOT NULL,
			"agent" TEXT NOT NULL,
			"request" TEXT NOT NULL,
			"details" TEXT NOT NULL,
			"prev" BLOB NOT NULL,
			"hash" BLOB NOT NULL
		) STRICT`,
		`CREATE INDEX IF NOT EXISTS "_audit_org" ON "_audit" ("org", "at", "seq")`,
		`CREATE INDEX IF NOT EXISTS "_audit_action" ON "_audit" ("org", "action", "at", "seq")`,
		`CREATE INDEX IF NOT EXISTS "_audit_actor" ON "_audit" ("org", "actor", "at", "seq")`,
		`CREATE INDEX IF NOT EXISTS "_audit_all" ON "_audit" ("at", "seq")`, // these, for all organizations in one list
		`CREATE INDEX IF NOT EXISTS "_audit_all_action" ON "_audit" ("action", "at", "seq")`,
		`CREATE INDEX IF NOT EXISTS "_audit_all_actor" ON "_audit" ("actor", "at", "seq")`,
		`CREATE INDEX IF NOT EXISTS "_audit_all_target" ON "_audit" ("target", "at", "seq")`,
		`CREATE TABLE IF NOT EXISTS "_audit_head" (
			"id" INTEGER NOT NULL PRIMARY KEY CHECK ("id" = 1),
			"seq" INTEGER NOT NULL,
			"hash" BLOB NOT NULL,
			"mac" BLOB NOT NULL
		) STRICT`,
	}
	return append(tables, triggers(d)...)
}

func triggers(d store.Dialect) []string {
	if d == store.PostgreSQL {
		return []string{
			`CREATE OR REPLACE FUNCTION "_audit_append_only"() RETURNS trigger LANGUAGE plpgsql AS
				$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$`,
			`CREATE OR REPLACE TRIGGER "_audit_no_change" BEFORE UPDATE OR DELETE OR TRUNCATE ON "_audit"
				FOR EACH STATEMENT EXECUTE FUNCTION "_audit_append_only"()`,
		}
	}
	return []string{
		`CREATE TRIGGER IF NOT EXISTS "_audit_no_update" BEFORE UPDATE ON "_audit"
			BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END`,
		`CREATE TRIGGER IF NOT EXISTS "_audit_no_delete" BEFORE DELETE ON "_audit"
			BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END`,
	}
}
