package auth

import (
	"slices"

	"github.com/loam-dev/loam/internal/apikey"
	"github.com/loam-dev/loam/internal/factor"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/tokens"
)

// Tables returns the room's system tables as statements that run in order,
// inside the store's first transaction, at every start: each does nothing where
// its table exists. Times are text in the canonical form.
//
// A user without an address is anonymous. An address is the user's own from
// verified_at on: whoever signs up with another's address is never verified.
//
// A session is a family of refresh tokens: token is the SHA-256 of the one that
// may be used next. It expires when that is not used in time, and ends in any
// case. At proved_at its user last showed a secret. An application's session has
// its client, what that may do (scope), and the session that let it (parent).
//
// A ticket is a proof that was mailed out once, as a link's token or a code. An
// identity is an account at another provider that signs in to one here.
func Tables() []string {
	return slices.Concat([]string{
		`CREATE TABLE IF NOT EXISTS "_users" (
			"id" TEXT NOT NULL PRIMARY KEY,
			"email" TEXT UNIQUE,
			"verified_at" TEXT,
			"name" TEXT NOT NULL,
			"locale" TEXT NOT NULL DEFAULT '',
			"password" TEXT,
			"groups" TEXT NOT NULL DEFAULT '[]',
			"admin" INTEGER NOT NULL DEFAULT 0,
			"org" TEXT NOT NULL DEFAULT '',
			"disabled_at" TEXT,
			"created_at" TEXT NOT NULL,
			"updated_at" TEXT NOT NULL
		) STRICT`,
		`CREATE INDEX IF NOT EXISTS "_users_imported" ON "_users" ("id") WHERE substr("password", 1, 9) = 'imported:'`,
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
			"revoked_at" TEXT,
			"method" TEXT NOT NULL DEFAULT 'password',
			"proved_at" TEXT NOT NULL DEFAULT '',
			"impersonator" TEXT NOT NULL DEFAULT '',
			"client" TEXT NOT NULL DEFAULT '',
			"scope" TEXT NOT NULL DEFAULT '',
			"parent" TEXT NOT NULL DEFAULT ''
		) STRICT`,
		`CREATE INDEX IF NOT EXISTS "_sessions_user" ON "_sessions" ("user_id", "id")`,
		`CREATE INDEX IF NOT EXISTS "_sessions_expiry" ON "_sessions" ("expires_at")`,
	}, apikey.Tables(), tokens.Tables(), proofTables(), factor.Tables(), challengeTables())
}

// proofTables are of what proves a user to be who they are, beside the password
// and the factors: see Tables.
func proofTables() []string {
	return []string{
		`CREATE TABLE IF NOT EXISTS "_tickets" (
			"id" TEXT NOT NULL PRIMARY KEY,
			"purpose" TEXT NOT NULL,
			"user_id" TEXT REFERENCES "_users" ("id") ON DELETE CASCADE,
			"email" TEXT NOT NULL,
			"token" TEXT NOT NULL UNIQUE,
			"code" TEXT NOT NULL,
			"data" TEXT NOT NULL,
			"tries" INTEGER NOT NULL DEFAULT 0,
			"created_at" TEXT NOT NULL,
			"expires_at" TEXT NOT NULL,
			"used_at" TEXT
		) STRICT`,
		`CREATE INDEX IF NOT EXISTS "_tickets_email" ON "_tickets" ("email", "purpose")`,
		`CREATE INDEX IF NOT EXISTS "_tickets_user" ON "_tickets" ("user_id")`,
		`CREATE TABLE IF NOT EXISTS "_identities" (
			"provider" TEXT NOT NULL,
			"subject" TEXT NOT NULL,
			"user_id" TEXT NOT NULL REFERENCES "_users" ("id") ON DELETE CASCADE,
			"email" TEXT NOT NULL,
			"created_at" TEXT NOT NULL,
			"last_used_at" TEXT NOT NULL,
			PRIMARY KEY ("provider", "subject")
		) STRICT`,
		`CREATE UNIQUE INDEX IF NOT EXISTS "_identities_user" ON "_identities" ("user_id", "provider")`,
	}
}

// Upgrades bring the tables of earlier versions to the shape of Tables.
func Upgrades() []store.Upgrade {
	return append([]store.Upgrade{
		{Name: "auth/address may be missing or unverified", Table: "_users", SQL: `
			CREATE TABLE "_users_new" (
				"id" TEXT NOT NULL PRIMARY KEY,
				"email" TEXT UNIQUE,
				"verified_at" TEXT,
				"name" TEXT NOT NULL,
				"locale" TEXT NOT NULL DEFAULT '',
				"password" TEXT,
				"groups" TEXT NOT NULL DEFAULT '[]',
				"admin" INTEGER NOT NULL DEFAULT 0,
				"org" TEXT NOT NULL DEFAULT '',
				"disabled_at" TEXT,
				"created_at" TEXT NOT NULL,
				"updated_at" TEXT NOT NULL
			) STRICT;
			INSERT INTO "_users_new" ("id", "email", "name", "password", "groups", "admin", "org", "disabled_at", "created_at", "updated_at")
				SELECT "id", "email", "name", "password", "groups", "admin", "org", "disabled_at", "created_at", "updated_at" FROM "_users";
			DROP TABLE "_users";
			ALTER TABLE "_users_new" RENAME TO "_users";`},
		{Name: "auth/how a session began", Table: "_sessions", SQL: `
			ALTER TABLE "_sessions" ADD COLUMN "method" TEXT NOT NULL DEFAULT 'password';
			ALTER TABLE "_sessions" ADD COLUMN "proved_at" TEXT NOT NULL DEFAULT '';
			ALTER TABLE "_sessions" ADD COLUMN "impersonator" TEXT NOT NULL DEFAULT '';
			ALTER TABLE "_sessions" ADD COLUMN "client" TEXT NOT NULL DEFAULT '';`},
		{Name: "auth/what an application may do", Table: "_sessions", SQL: `
			ALTER TABLE "_sessions" ADD COLUMN "scope" TEXT NOT NULL DEFAULT '';
			ALTER TABLE "_sessions" ADD COLUMN "parent" TEXT NOT NULL DEFAULT '';`},
	}, tokens.Upgrades()...)
}
