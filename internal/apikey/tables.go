package apikey

// Tables returns the room's system table as statements that run in order at every
// start. Times are text in the canonical form.
func Tables() []string {
	return []string{
		`CREATE TABLE IF NOT EXISTS "_api_keys" (
			"id" TEXT NOT NULL PRIMARY KEY,
			"org" TEXT NOT NULL,
			"name" TEXT NOT NULL,
			"hash" TEXT NOT NULL,
			"read_only" INTEGER NOT NULL,
			"created_by" TEXT NOT NULL,
			"created_at" TEXT NOT NULL,
			"last_used_at" TEXT,
			"revoked_at" TEXT
		) STRICT`,
		`CREATE INDEX IF NOT EXISTS "_api_keys_org" ON "_api_keys" ("org", "id")`,
		`CREATE INDEX IF NOT EXISTS "_api_keys_creator" ON "_api_keys" ("created_by")`,
	}
}
