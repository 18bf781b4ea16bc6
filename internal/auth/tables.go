package auth

// Tables returns the room's system tables as statements that run in order,
// inside the store's first transaction, at every start: each does nothing where
// its table exists. Times are text in the canonical form.
//
// A session is a family of refresh tokens: token is the SHA-256 of the one that
// may be used next. It expires when that is not used in time, and ends in any
// case.
func Tables() []string {
	return []string{
		`CREATE TABLE IF NOT EXISTS "_users" (
			"id" TEXT NOT NULL PRIMARY KEY,
			"email" TEXT NOT NULL UNIQUE,
			"name" TEXT NOT NULL,
			"password" TEXT,
			"groups" TEXT NOT NULL DEFAULT '[]',
			"admin" INTEGER NOT NULL DEFAULT 0,
			"org" TEXT NOT NULL DEFAULT '',
			"disabled_at" TEXT,
			"created_at" TEXT NOT NULL,
			"updated_at" TEXT NOT NULL
		) STRICT`,
		`CREATE TABLE IF NOT EXISTS "_sessions" (
			"id" TEXT NOT NULL PRIMARY KEY,
			"user_id" TEXT NOT NULL REFERENCES "_users" ("id") ON DELETE CASCADE,
			"org" TEXT NOT NULL,
			"token" TEXT NOT NULL,
			"address" TEXT NOT NULL,
			"agent" TEXT NOT NULL,
			"created_at" TEXT NOT NULL,
			"refreshed_at" TEXT NOT NULL,
			"expires_at" TEXT NOT NULL,
			"ends_at" TEXT NOT NULL,
			"revoked_at" TEXT
		) STRICT`,
		`CREATE INDEX IF NOT EXISTS "_sessions_user" ON "_sessions" ("user_id", "id")`,
		`CREATE INDEX IF NOT EXISTS "_sessions_expiry" ON "_sessions" ("expires_at")`,
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
		`CREATE TABLE IF NOT EXISTS "_keys" (
			"id" TEXT NOT NULL PRIMARY KEY,
			"public" TEXT NOT NULL,
			"private" TEXT NOT NULL,
			"created_at" TEXT NOT NULL,
			"retires_at" TEXT
		) STRICT`,
	}
}
