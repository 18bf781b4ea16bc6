package tenant

// Tables returns the room's system tables as statements that run in order,
// inside the store's first transaction and after auth's, at every start: each
// does nothing where its table exists. Times are text in the canonical form.
func Tables() []string {
	return []string{
		`CREATE TABLE IF NOT EXISTS "_orgs" (
			"id" TEXT NOT NULL PRIMARY KEY,
			"name" TEXT NOT NULL,
			"created_at" TEXT NOT NULL,
			"updated_at" TEXT NOT NULL
		) STRICT`,
		`CREATE TABLE IF NOT EXISTS "_members" (
			"org" TEXT NOT NULL REFERENCES "_orgs" ("id") ON DELETE CASCADE,
			"user_id" TEXT NOT NULL REFERENCES "_users" ("id") ON DELETE CASCADE,
			"role" TEXT NOT NULL CHECK ("role" IN ('owner', 'admin', 'member')),
			"created_at" TEXT NOT NULL,
			"updated_at" TEXT NOT NULL,
			PRIMARY KEY ("org", "user_id")
		) STRICT`,
		`CREATE INDEX IF NOT EXISTS "_members_user" ON "_members" ("user_id", "created_at")`,
		`INSERT INTO "_orgs" ("id", "name", "created_at", "updated_at")
			VALUES ('` + None + `', 'Everyone', '1970-01-01T00:00:00.000Z', '1970-01-01T00:00:00.000Z')
			ON CONFLICT ("id") DO NOTHING`,
	}
}

// UserView returns the view behind the built-in read-only model User: the
// members of each organization. Where tenancy is off everybody is a member of
// None by signing up, so the view shows no addresses there. The store makes it where the schema uses that
// model.
func UserView() string {
	return `CREATE VIEW "User" AS SELECT
		m."org" AS "_org", u."id" AS "id", u."name" AS "name",
		CASE WHEN m."org" <> '` + None + `' THEN u."email" END AS "email", m."role" AS "role",
		m."created_at" AS "createdAt", CASE WHEN m."updated_at" > u."updated_at" THEN m."updated_at" ELSE u."updated_at" END AS "updatedAt",
		1 AS "_version"
		FROM "_members" m JOIN "_users" u ON u."id" = m."user_id"`
}
