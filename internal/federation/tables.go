package federation

// Tables returns the room's system tables as statements that run in order,
// inside the store's first transaction, at every start: each does nothing where
// its table exists. Times are text in the canonical form.
//
// A flow is one way to a provider and back. It is used twice, each time once: by
// the browser that comes back with the state (used_at), and by the app that
// exchanges the code which that browser was given (exchanged_at). What is secret
// is stored as a digest, or sealed where it is needed again. An assertion of SAML
// is kept, as a digest, for as long as it could be used again.
func Tables() []string {
	return []string{
		`CREATE TABLE IF NOT EXISTS "_flows" (
			"id" TEXT NOT NULL PRIMARY KEY,
			"state" TEXT NOT NULL UNIQUE,
			"browser" TEXT NOT NULL,
			"provider" TEXT NOT NULL,
			"purpose" TEXT NOT NULL CHECK ("purpose" IN ('sign-in', 'link')),
			"user_id" TEXT NOT NULL,
			"redirect" TEXT NOT NULL,
			"challenge" TEXT NOT NULL,
			"network" TEXT NOT NULL,
			"sealed" BLOB NOT NULL,
			"code" TEXT UNIQUE,
			"identity" BLOB,
			"created_at" TEXT NOT NULL,
			"expires_at" TEXT NOT NULL,
			"used_at" TEXT,
			"exchanged_at" TEXT
		) STRICT`,
		`CREATE INDEX IF NOT EXISTS "_flows_network" ON "_flows" ("network", "expires_at")`,
		`CREATE INDEX IF NOT EXISTS "_flows_expiry" ON "_flows" ("expires_at")`,
		`CREATE TABLE IF NOT EXISTS "_assertions" (
			"id" TEXT NOT NULL PRIMARY KEY,
			"expires_at" TEXT NOT NULL
		) STRICT`,
		`CREATE INDEX IF NOT EXISTS "_assertions_expiry" ON "_assertions" ("expires_at")`,
		`CREATE TABLE IF NOT EXISTS "_connections" (
			"id" TEXT NOT NULL PRIMARY KEY,
			"org" TEXT NOT NULL REFERENCES "_orgs" ("id") ON DELETE CASCADE,
			"kind" TEXT NOT NULL CHECK ("kind" IN ('saml', 'oidc')),
			"public" TEXT NOT NULL,
			"settings" BLOB NOT NULL,
			"enforced" INTEGER NOT NULL,
			"enabled" INTEGER NOT NULL,
			"created_at" TEXT NOT NULL,
			"updated_at" TEXT NOT NULL
		) STRICT`,
		`CREATE INDEX IF NOT EXISTS "_connections_org" ON "_connections" ("org", "id")`,
	}
}
