package signal

import (
	"fmt"

	"github.com/loam-dev/loam/internal/store"
)

// watched are the tables behind what nodes remember: the changes that matter to it,
// and of what they tell, as kinds and subjects, over the row before and after. What
// makes a row that nobody can have remembered tells of nothing.
func watched() []struct{ table, on, tells string } {
	return []struct{ table, on, tells string }{
		{"_users", `UPDATE OR DELETE`, `SELECT 'user', OLD."id"`},
		{"_sessions", `UPDATE OF "revoked_at" OR DELETE`, `SELECT 'user', OLD."user_id" WHERE OLD."revoked_at" IS NULL`},
		{"_members", `UPDATE OF "role", "org" OR DELETE`, `SELECT 'user', OLD."user_id"`},
		{"_team_members", `INSERT OR DELETE`, `SELECT 'user', COALESCE(NEW."user_id", OLD."user_id")`},
		{"_teams", `UPDATE OF "slug"`, `SELECT 'user', m."user_id" FROM "_team_members" m WHERE m."org" = OLD."org" AND m."team" = OLD."id"`},
		{"_orgs", `UPDATE OF "suspended_at", "deleted_at", "limits"`, `SELECT 'organization', OLD."id"
			UNION ALL SELECT 'user', m."user_id" FROM "_members" m WHERE m."org" = OLD."id"
				AND (OLD."suspended_at" IS DISTINCT FROM NEW."suspended_at" OR OLD."deleted_at" IS DISTINCT FROM NEW."deleted_at")
			UNION ALL SELECT 'key', k."id" FROM "_api_keys" k WHERE k."org" = OLD."id"
				AND (OLD."suspended_at" IS DISTINCT FROM NEW."suspended_at" OR OLD."deleted_at" IS DISTINCT FROM NEW."deleted_at")`},
		{"_api_keys", `UPDATE OF "revoked_at", "org" OR DELETE`, `SELECT 'key', OLD."id" WHERE OLD."revoked_at" IS NULL`},
		{"_connections", `INSERT OR UPDATE OR DELETE`, `SELECT 'everyone', ''`},
		{"_domains", `UPDATE OF "verified_at" OR DELETE`, `SELECT 'everyone', '' WHERE OLD."verified_at" IS DISTINCT FROM NEW."verified_at"`},
		{"_keys", `INSERT OR UPDATE OR DELETE`, `SELECT 'signing', ''`},
		{"_schema", `INSERT OR UPDATE`, `SELECT 'schema', ''`},
	}
}

// Tables returns the room's system tables and the triggers that write signals, as
// statements that run in order at every start, after those of all other rooms. A
// transaction's signals are one of each: it is known by its number.
//
// A trigger that is there is left as it is (see migrate): one that changes gets
// another name, or says by its function what has changed.
func Tables(d store.Dialect) []string {
	if d != store.PostgreSQL {
		return nil
	}
	statements := append([]string{`CREATE TABLE IF NOT EXISTS "_signals" (
		"tx" xid8 NOT NULL,
		"kind" text COLLATE "C" NOT NULL,
		"subject" text COLLATE "C" NOT NULL,
		"at" timestamptz NOT NULL DEFAULT now(),
		PRIMARY KEY ("tx", "kind", "subject")
	)`}, peerTables()...)
	for _, w := range watched() {
		name := "_signal" + w.table
		statements = append(statements,
			fmt.Sprintf(`CREATE OR REPLACE FUNCTION %q() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
				INSERT INTO "_signals" ("tx", "kind", "subject") SELECT pg_current_xact_id(), t.* FROM (%s) AS t ON CONFLICT DO NOTHING;
				RETURN NULL;
			END $$`, name, w.tells),
			fmt.Sprintf(`CREATE OR REPLACE TRIGGER %q AFTER %s ON %q FOR EACH ROW EXECUTE FUNCTION %[1]q()`, name, w.on, w.table))
	}
	return statements
}
