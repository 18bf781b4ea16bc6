package mail

// Tables returns the room's system tables as statements that run in order,
// inside the store's first transaction, at every start: each does nothing where
// its table exists. Times are text in the canonical form.
//
// _mailbox is development's: messages sealed as they would be on their way.
func Tables() []string {
	return []string{
		`CREATE TABLE IF NOT EXISTS "_mail_counts" (
			"key" TEXT NOT NULL,
			"class" TEXT NOT NULL,
			"short_at" TEXT NOT NULL,
			"short" INTEGER NOT NULL,
			"long_at" TEXT NOT NULL,
			"long" INTEGER NOT NULL,
			PRIMARY KEY ("key", "class")
		) STRICT`,
		`CREATE INDEX IF NOT EXISTS "_mail_counts_age" ON "_mail_counts" ("long_at")`,
		`CREATE TABLE IF NOT EXISTS "_mailbox" (
			"id" TEXT NOT NULL PRIMARY KEY,
			"sealed" BLOB NOT NULL
		) STRICT`,
	}
}
