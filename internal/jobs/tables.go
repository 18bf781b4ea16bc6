package jobs

// Tables returns the room's system tables as statements that run in order,
// inside the store's first transaction, at every start: each does nothing where
// its table exists. Times are text in the canonical form.
//
// A job may be taken from due_at on: its own time while nobody has it, else the
// end of the owner's lease. A dead one has run in vain for as often as it may.
// A schedule's runs say who was first: the count changes by one at a time.
func Tables() []string {
	return []string{
		`CREATE TABLE IF NOT EXISTS "_jobs" (
			"id" TEXT NOT NULL PRIMARY KEY,
			"kind" TEXT NOT NULL,
			"key" TEXT,
			"payload" BLOB NOT NULL,
			"attempts" INTEGER NOT NULL,
			"max_attempts" INTEGER NOT NULL,
			"due_at" TEXT NOT NULL,
			"owner" TEXT,
			"error" TEXT NOT NULL DEFAULT '',
			"dead_at" TEXT,
			"created_at" TEXT NOT NULL
		) STRICT`,
		`CREATE INDEX IF NOT EXISTS "_jobs_due" ON "_jobs" ("kind", "due_at", "id") WHERE "dead_at" IS NULL`,
		`CREATE UNIQUE INDEX IF NOT EXISTS "_jobs_key" ON "_jobs" ("kind", "key") WHERE "dead_at" IS NULL`,
		`CREATE INDEX IF NOT EXISTS "_jobs_dead" ON "_jobs" ("dead_at", "id") WHERE "dead_at" IS NOT NULL`,
		`CREATE TABLE IF NOT EXISTS "_schedules" (
			"name" TEXT NOT NULL PRIMARY KEY,
			"runs" INTEGER NOT NULL,
			"next_at" TEXT NOT NULL
		) STRICT`,
	}
}
