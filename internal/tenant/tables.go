package tenant

import "github.com/loam-dev/loam/internal/store"

// Tables returns the room's system tables as statements that run in order,
// inside the store's first transaction and after auth's, at every start: each
// does nothing where its table exists. Times are text in the canonical form.
//
// Everything refers to an organization by its id, which is never given again; a
// slug is only for people and addresses. What is in force of limits is what an
// admin of the server has set otherwise than loam.yaml, as JSON. An organization
// with deleted_at is gone for everyone; its row stays until all that it had is
// removed.
//
// A member was brought by who invited or added them, or by who brought that one:
// see bring.
func Tables() []string {
	return []string{
		`CREATE TABLE IF NOT EXISTS "_orgs" ` + orgColumns,
		`CREATE TABLE IF NOT EXISTS "_members" (
			"org" TEXT NOT NULL REFERENCES "_orgs" ("id") ON DELETE CASCADE,
			"user_id" TEXT NOT NULL REFERENCES "_users" ("id") ON DELETE CASCADE,
			"role" TEXT NOT NULL,
			"created_at" TEXT NOT NULL,
			"updated_at" TEXT NOT NULL,
			"brought_by" TEXT NOT NULL DEFAULT '',
			PRIMARY KEY ("org", "user_id")
		) STRICT`,
		`CREATE INDEX IF NOT EXISTS "_members_user" ON "_members" ("user_id", "created_at")`,
		`CREATE TABLE IF NOT EXISTS "_teams" (
			"org" TEXT NOT NULL REFERENCES "_orgs" ("id") ON DELETE CASCADE,
			"id" TEXT NOT NULL,
			"slug" TEXT NOT NULL,
			"name" TEXT NOT NULL,
			"created_at" TEXT NOT NULL,
			"updated_at" TEXT NOT NULL,
			PRIMARY KEY ("org", "id"),
			UNIQUE ("org", "slug")
		) STRICT`,
		`CREATE TABLE IF NOT EXISTS "_team_members" (
			"org" TEXT NOT NULL,
			"team" TEXT NOT NULL,
			"user_id" TEXT NOT NULL,
			"created_at" TEXT NOT NULL,
			PRIMARY KEY ("org", "team", "user_id"),
			FOREIGN KEY ("org", "team") REFERENCES "_teams" ("org", "id") ON DELETE CASCADE,
			FOREIGN KEY ("org", "user_id") REFERENCES "_members" ("org", "user_id") ON DELETE CASCADE
		) STRICT`,
		`CREATE INDEX IF NOT EXISTS "_team_members_user" ON "_team_members" ("org", "user_id")`,
		`CREATE TABLE IF NOT EXISTS "_invitations" (
			"org" TEXT NOT NULL REFERENCES "_orgs" ("id") ON DELETE CASCADE,
			"id" TEXT NOT NULL,
			"email" TEXT NOT NULL,
			"role" TEXT NOT NULL,
			"hash" TEXT NOT NULL UNIQUE,
			"invited_by" TEXT NOT NULL,
			"created_at" TEXT NOT NULL,
			"expires_at" TEXT NOT NULL,
			"closed_at" TEXT,
			PRIMARY KEY ("org", "id")
		) STRICT`,
		`CREATE UNIQUE INDEX IF NOT EXISTS "_invitations_open" ON "_invitations" ("org", "email") WHERE "closed_at" IS NULL`,
		`CREATE INDEX IF NOT EXISTS "_invitations_email" ON "_invitations" ("email", "id")`,
		`CREATE INDEX IF NOT EXISTS "_invitations_id" ON "_invitations" ("id")`,
		`CREATE TABLE IF NOT EXISTS "_domains" (
			"org" TEXT NOT NULL REFERENCES "_orgs" ("id") ON DELETE CASCADE,
			"domain" TEXT NOT NULL,
			"token" TEXT NOT NULL,
			"verified_at" TEXT,
			"auto_join" INTEGER NOT NULL DEFAULT 0,
			"role" TEXT NOT NULL,
			"created_at" TEXT NOT NULL,
			"updated_at" TEXT NOT NULL,
			PRIMARY KEY ("org", "domain")
		) STRICT`,
		`CREATE UNIQUE INDEX IF NOT EXISTS "_domains_verified" ON "_domains" ("domain") WHERE "verified_at" IS NOT NULL`,
		`INSERT INTO "_orgs" ("id", "name", "slug", "created_at", "updated_at")
			VALUES ('` + None + `', 'Everyone', '` + None + `', '1970-01-01T00:00:00.000Z', '1970-01-01T00:00:00.000Z')
			ON CONFLICT ("id") DO NOTHING`,
	}
}

const orgColumns = `(
			"id" TEXT NOT NULL PRIMARY KEY,
			"name" TEXT NOT NULL,
			"slug" TEXT NOT NULL UNIQUE,
			"logo" TEXT NOT NULL DEFAULT '',
			"color" TEXT NOT NULL DEFAULT '',
			"limits" TEXT NOT NULL DEFAULT '{}',
			"suspended_at" TEXT,
			"suspended_for" TEXT NOT NULL DEFAULT '',
			"deleted_at" TEXT,
			"created_at" TEXT NOT NULL,
			"updated_at" TEXT NOT NULL
		) STRICT`

// memberColumns are those of before brought_by.
const memberColumns = `(
			"org" TEXT NOT NULL REFERENCES "_orgs" ("id") ON DELETE CASCADE,
			"user_id" TEXT NOT NULL REFERENCES "_users" ("id") ON DELETE CASCADE,
			"role" TEXT NOT NULL,
			"created_at" TEXT NOT NULL,
			"updated_at" TEXT NOT NULL,
			PRIMARY KEY ("org", "user_id")
		) STRICT`

// Upgrades bring the tables of earlier versions to the shape of Tables. An
// organization from before there were slugs has its id for one.
func Upgrades() []store.Upgrade {
	return []store.Upgrade{
		{Name: "tenant/organizations have a slug", Table: "_orgs", SQL: `
			CREATE TABLE "_orgs_new" ` + orgColumns + `;
			INSERT INTO "_orgs_new" ("id", "name", "slug", "created_at", "updated_at")
				SELECT "id", "name", "id", "created_at", "updated_at" FROM "_orgs";
			DROP TABLE "_orgs";
			ALTER TABLE "_orgs_new" RENAME TO "_orgs";`},
		{Name: "tenant/roles are declared", Table: "_members", SQL: `
			CREATE TABLE "_members_new" ` + memberColumns + `;
			INSERT INTO "_members_new" ("org", "user_id", "role", "created_at", "updated_at")
				SELECT "org", "user_id", "role", "created_at", "updated_at" FROM "_members";
			DROP TABLE "_members";
			ALTER TABLE "_members_new" RENAME TO "_members";`},
		{Name: "tenant/who brought a member", Table: "_members", SQL: `ALTER TABLE "_members" ADD COLUMN "brought_by" TEXT NOT NULL DEFAULT '';`},
	}
}

// Views are those behind the built-in read-only models. User has the members of
// each organization; where tenancy is off everybody is a member of None by
// signing up, so it shows no addresses there. Organization has each
// organization, for those who act in it.
func Views() []store.View {
	return []store.View{
		{
			Name: "User", Org: `m."org"`, ID: `u."id"`,
			Columns: `u."id" AS "id", u."name" AS "name",
  CASE WHEN m."org" <> '` + None + `' THEN u."email" END AS "email", m."role" AS "role", 1 AS "_version"`,
			Times: []store.ViewTime{
				{Name: "createdAt", Value: `m."created_at"`},
				{Name: "updatedAt", Value: `CASE WHEN m."updated_at" > u."updated_at" THEN m."updated_at" ELSE u."updated_at" END`},
			},
			From: `"_members" m JOIN "_users" u ON u."id" = m."user_id"`,
		},
		{
			Name: "Organization", Org: `o."id"`, ID: `o."id"`,
			Columns: `o."id" AS "id", o."name" AS "name", o."slug" AS "slug", NULLIF(o."logo", '') AS "logo",
  NULLIF(o."color", '') AS "color", 1 AS "_version"`,
			Times: []store.ViewTime{{Name: "createdAt", Value: `o."created_at"`}, {Name: "updatedAt", Value: `o."updated_at"`}},
			From:  `"_orgs" o`,
		},
	}
}
