package tokens

import "github.com/loam-dev/loam/internal/store"

// Tables returns the table of the keys that sign, as statements that run in order
// at every start. Times are text in the canonical form.
func Tables() []string {
	return []string{
		`CREATE TABLE IF NOT EXISTS "_keys" (
			"id" TEXT NOT NULL PRIMARY KEY,
			"algorithm" TEXT NOT NULL DEFAULT 'EdDSA',
			"public" TEXT NOT NULL,
			"private" TEXT NOT NULL,
			"created_at" TEXT NOT NULL,
			"retires_at" TEXT
		) STRICT`,
	}
}

// Upgrades bring the table of earlier versions to the shape of Tables.
func Upgrades() []store.Upgrade {
	return []store.Upgrade{
		{Name: "auth/keys of several algorithms", Table: "_keys", SQL: `
			ALTER TABLE "_keys" ADD COLUMN "algorithm" TEXT NOT NULL DEFAULT 'EdDSA';`},
	}
}
