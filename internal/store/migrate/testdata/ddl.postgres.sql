-- == from nothing ==

-- creates table Shop [safe]
CREATE TABLE "Shop" (
  "_org" text COLLATE "C" NOT NULL,
  "id" text COLLATE "C" NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "createdAt" timestamptz NOT NULL,
  "updatedAt" timestamptz NOT NULL,
  "_version" bigint NOT NULL,
  CONSTRAINT "Shop.pkey" PRIMARY KEY ("_org", "id")
);
ALTER TABLE "Shop" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON "Shop" TO loam_app USING ("_org" = nullif(current_setting('loam.org', true), '')) WITH CHECK ("_org" = nullif(current_setting('loam.org', true), ''));
CREATE POLICY owner ON "Shop" TO CURRENT_USER USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON "Shop" TO loam_app;

-- creates table Item [safe]
CREATE TABLE "Item" (
  "_org" text COLLATE "C" NOT NULL,
  "id" text COLLATE "C" NOT NULL,
  "title" text COLLATE "C" NOT NULL,
  "body" text COLLATE "C",
  "code" text COLLATE "C",
  "price" text COLLATE "C",
  "tags" json,
  "day" date,
  "old" bigint,
  "shopId" text COLLATE "C",
  "createdAt" timestamptz NOT NULL,
  "updatedAt" timestamptz NOT NULL,
  "_version" bigint NOT NULL,
  CONSTRAINT "Item.pkey" PRIMARY KEY ("_org", "id")
);
CREATE INDEX "Item.body.createdAt.id" ON "Item" ("_org", "body" NULLS FIRST, "createdAt", "id");
CREATE UNIQUE INDEX "Item.code.unique" ON "Item" ("_org", "code" NULLS FIRST);
CREATE INDEX "Item.shopId.id" ON "Item" ("_org", "shopId" NULLS FIRST, "id");
CREATE INDEX "Item__search" ON "Item" USING gin (loam_search("_org", ARRAY["title", "body"]));
ALTER TABLE "Item" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON "Item" TO loam_app USING ("_org" = nullif(current_setting('loam.org', true), '')) WITH CHECK ("_org" = nullif(current_setting('loam.org', true), ''));
CREATE POLICY owner ON "Item" TO CURRENT_USER USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON "Item" TO loam_app;

-- creates table Gone [safe]
CREATE TABLE "Gone" (
  "_org" text COLLATE "C" NOT NULL,
  "id" text COLLATE "C" NOT NULL,
  "itemId" text COLLATE "C",
  "createdAt" timestamptz NOT NULL,
  "updatedAt" timestamptz NOT NULL,
  "_version" bigint NOT NULL,
  CONSTRAINT "Gone.pkey" PRIMARY KEY ("_org", "id")
);
CREATE INDEX "Gone.itemId.id" ON "Gone" ("_org", "itemId" NULLS FIRST, "id");
ALTER TABLE "Gone" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON "Gone" TO loam_app USING ("_org" = nullif(current_setting('loam.org', true), '')) WITH CHECK ("_org" = nullif(current_setting('loam.org', true), ''));
CREATE POLICY owner ON "Gone" TO CURRENT_USER USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON "Gone" TO loam_app;

-- creates table Lost [safe]
CREATE TABLE "Lost" (
  "_org" text COLLATE "C" NOT NULL,
  "id" text COLLATE "C" NOT NULL,
  "goneId" text COLLATE "C",
  "createdAt" timestamptz NOT NULL,
  "updatedAt" timestamptz NOT NULL,
  "_version" bigint NOT NULL,
  CONSTRAINT "Lost.pkey" PRIMARY KEY ("_org", "id")
);
CREATE INDEX "Lost.goneId.id" ON "Lost" ("_org", "goneId" NULLS FIRST, "id");
ALTER TABLE "Lost" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON "Lost" TO loam_app USING ("_org" = nullif(current_setting('loam.org', true), '')) WITH CHECK ("_org" = nullif(current_setting('loam.org', true), ''));
CREATE POLICY owner ON "Lost" TO CURRENT_USER USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON "Lost" TO loam_app;

-- creates table Shared [safe]
CREATE TABLE "Shared" (
  "_org" text COLLATE "C" NOT NULL,
  "id" text COLLATE "C" NOT NULL,
  "itemId" text COLLATE "C",
  "createdAt" timestamptz NOT NULL,
  "updatedAt" timestamptz NOT NULL,
  "_version" bigint NOT NULL,
  CONSTRAINT "Shared.pkey" PRIMARY KEY ("_org", "id")
);
CREATE INDEX "Shared.itemId.id" ON "Shared" ("_org", "itemId" NULLS FIRST, "id");
ALTER TABLE "Shared" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON "Shared" TO loam_app USING ("_org" = nullif(current_setting('loam.org', true), '')) WITH CHECK ("_org" = nullif(current_setting('loam.org', true), ''));
CREATE POLICY owner ON "Shared" TO CURRENT_USER USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON "Shared" TO loam_app;

-- makes Item(shopId) a reference to Shop [safe]
ALTER TABLE "Item" ADD CONSTRAINT "Item.shopId.Shop.id.fkey" FOREIGN KEY ("_org", "shopId") REFERENCES "Shop" ("_org", "id") DEFERRABLE INITIALLY IMMEDIATE;

-- makes Gone(itemId) a reference to Item [safe]
ALTER TABLE "Gone" ADD CONSTRAINT "Gone.itemId.Item.id.fkey" FOREIGN KEY ("_org", "itemId") REFERENCES "Item" ("_org", "id") DEFERRABLE INITIALLY IMMEDIATE;

-- makes Lost(goneId) a reference to Gone [safe]
ALTER TABLE "Lost" ADD CONSTRAINT "Lost.goneId.Gone.id.fkey" FOREIGN KEY ("_org", "goneId") REFERENCES "Gone" ("_org", "id") DEFERRABLE INITIALLY IMMEDIATE;

-- makes Shared(itemId) a reference to Item [safe]
ALTER TABLE "Shared" ADD CONSTRAINT "Shared.itemId.Item.id.fkey" FOREIGN KEY ("_org", "itemId") REFERENCES "Item" ("_org", "id") DEFERRABLE INITIALLY IMMEDIATE;

-- == on to another schema ==

-- ends the reference from Shared(itemId) to Item [slow]
ALTER TABLE "Shared" DROP CONSTRAINT "Shared.itemId.Item.id.fkey";

-- drops table Gone [destructive]
--   counts: SELECT count(*) FROM "Gone";
ALTER TABLE "Lost" DROP CONSTRAINT "Lost.goneId.Gone.id.fkey";
DROP TABLE "Gone";

-- drops table Lost [destructive]
--   counts: SELECT count(*) FROM "Lost";
DROP TABLE "Lost";

-- renames table Shop to Store [slow]
ALTER TABLE "Shop" RENAME TO "Store";

-- renames column Store.name to label [safe]
ALTER TABLE "Store" RENAME COLUMN "name" TO "label";

-- renames column Item.shopId to storeId [slow]
ALTER TABLE "Item" RENAME COLUMN "shopId" TO "storeId";
ALTER INDEX "Shop.pkey" RENAME TO "Store.pkey";
ALTER INDEX "Item.shopId.id" RENAME TO "Item.storeId.id";
ALTER TABLE "Item" RENAME CONSTRAINT "Item.shopId.Shop.id.fkey" TO "Item.storeId.Store.id.fkey";

-- drops the index of Item over body, createdAt, id [safe]
ALTER TABLE "Item" DROP CONSTRAINT "Item.pkey";
DROP INDEX "Item.body.createdAt.id";

-- drops the index of Item over code [safe]
DROP INDEX "Item.code.unique";

-- drops the index of Item over storeId, id [safe]
DROP INDEX "Item.storeId.id";

-- drops the full-text index of Item [safe]
DROP INDEX "Item__search";

-- drops column Item.old [destructive]
--   counts: SELECT count(*) FROM "Item" WHERE "old" IS NOT NULL;
ALTER TABLE "Item" DROP COLUMN "old";

-- adds column Item.slug, required [blocked]
--   counts: SELECT count(*) FROM "Item";
ALTER TABLE "Item" ADD COLUMN "slug" text COLLATE "C" NOT NULL;

-- makes Item.id optional [slow]
ALTER TABLE "Item" ALTER COLUMN "id" DROP NOT NULL, ALTER COLUMN "id" DROP DEFAULT;

-- makes Item.title optional [slow]
ALTER TABLE "Item" ALTER COLUMN "title" DROP NOT NULL, ALTER COLUMN "title" DROP DEFAULT;

-- changes Item.code from String to Email [destructive]
--   counts: SELECT count(*) FROM "Item" WHERE "code" IS NOT NULL AND (substr("code", 1, 1) <> chr(1)) IS NOT TRUE;
-- each Item.code is brought into the form of Email; what is none is marked;
UPDATE "Item" SET "code" = CASE WHEN substr("code", 1, 1) <> chr(1) THEN "code"::text END WHERE "code" IS NOT NULL;

-- changes Item.price from String to Int [destructive]
--   counts: SELECT count(*) FROM "Item" WHERE "price" IS NOT NULL AND (CASE WHEN "price" ~ '^(0|-?[1-9][0-9]{0,18})$' THEN "price"::numeric BETWEEN -2147483648 AND 2147483647 END) IS NOT TRUE;
ALTER TABLE "Item" ALTER COLUMN "price" DROP DEFAULT, ALTER COLUMN "price" TYPE bigint USING coalesce(CASE WHEN CASE WHEN "price" ~ '^(0|-?[1-9][0-9]{0,18})$' THEN "price"::numeric BETWEEN -2147483648 AND 2147483647 END THEN "price"::bigint END, 1::bigint);

-- makes Item.price required, filled with 1 where it is empty [slow]
LOCK TABLE "Item" IN SHARE ROW EXCLUSIVE MODE;
UPDATE "Item" SET "price" = 1::bigint WHERE "price" IS NULL;
ALTER TABLE "Item" ALTER COLUMN "price" SET NOT NULL;

-- changes the values of enum State, which Item.tags has [destructive]
--   counts: SELECT count(*) FROM "Item" WHERE "tags" IS NOT NULL AND (NOT EXISTS (SELECT 1 FROM json_array_elements_text("tags") AS v WHERE v NOT IN ('ON', 'OFF'))) IS NOT TRUE;
UPDATE "Item" SET "tags" = CASE WHEN NOT EXISTS (SELECT 1 FROM json_array_elements_text("tags") AS v WHERE v NOT IN ('ON', 'OFF')) THEN "tags" END WHERE "tags" IS NOT NULL;

-- changes Item.day from Date to DateTime [slow]
ALTER TABLE "Item" ALTER COLUMN "day" DROP DEFAULT, ALTER COLUMN "day" TYPE timestamptz USING "day"::timestamp AT TIME ZONE 'UTC';

-- adds column Item.state, filled with ON [slow]
ALTER TABLE "Item" ADD COLUMN "state" text COLLATE "C" NOT NULL DEFAULT 'ON';

-- adds column Item.parentSlug [safe]
ALTER TABLE "Item" ADD COLUMN "parentSlug" text COLLATE "C";

-- makes (slug) the key of Item [blocked]
--   counts: SELECT CAST(coalesce(sum(n), 0) AS bigint) FROM (SELECT count(*) AS n FROM (SELECT "_org", NULL::text AS "slug" FROM "Item") AS r WHERE true GROUP BY "_org", "slug" HAVING count(*) > 1 OR "slug" IS NULL) AS g;
ALTER TABLE "Item" ADD CONSTRAINT "Item.pkey" PRIMARY KEY ("_org", "slug");

-- drops the index of Shared over itemId, id [safe]

-- makes the scope of Shared GLOBAL [blocked]
--   counts: SELECT count(*) FROM "Shared";
DROP TABLE "Shared";
CREATE TABLE "Shared" (
  "id" text COLLATE "C" NOT NULL,
  "a" bigint,
  "createdAt" timestamptz NOT NULL,
  "updatedAt" timestamptz NOT NULL,
  "_version" bigint NOT NULL,
  CONSTRAINT "Shared.pkey" PRIMARY KEY ("id")
);
GRANT SELECT, INSERT, UPDATE, DELETE ON "Shared" TO loam_app;

-- drops column Shared.itemId [destructive]
--   counts: SELECT count(*) FROM "Shared" WHERE "itemId" IS NOT NULL;

-- adds column Shared.a [safe]

-- creates table Fresh [safe]
CREATE TABLE "Fresh" (
  "_org" text COLLATE "C" NOT NULL,
  "id" text COLLATE "C" NOT NULL,
  "a" bigint,
  "anotherOneWhoseNameIsMuchLongerThanSixtyThreeB_038caaed2a908a9b" boolean,
  "itemSlug" text COLLATE "C",
  "createdAt" timestamptz NOT NULL,
  "updatedAt" timestamptz NOT NULL,
  "_version" bigint NOT NULL,
  CONSTRAINT "Fresh.pkey" PRIMARY KEY ("_org", "id")
);
CREATE INDEX "Fresh.anotherOneWhoseNameIsMuchLongerThanSixty.0f6bd8434f322ca0" ON "Fresh" ("_org", "anotherOneWhoseNameIsMuchLongerThanSixtyThreeB_038caaed2a908a9b" NULLS FIRST, "id");
CREATE UNIQUE INDEX "Fresh.a.unique" ON "Fresh" ("_org", "a" NULLS FIRST);
CREATE INDEX "Fresh.itemSlug.id" ON "Fresh" ("_org", "itemSlug" NULLS FIRST, "id");
ALTER TABLE "Fresh" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON "Fresh" TO loam_app USING ("_org" = nullif(current_setting('loam.org', true), '')) WITH CHECK ("_org" = nullif(current_setting('loam.org', true), ''));
CREATE POLICY owner ON "Fresh" TO CURRENT_USER USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON "Fresh" TO loam_app;

-- creates table User.profile [safe]
CREATE TABLE "_user_profiles" (
  "id" text COLLATE "C" NOT NULL,
  "bio" text COLLATE "C",
  "at" timestamptz,
  "_version" bigint NOT NULL,
  CONSTRAINT "_user_profiles.pkey" PRIMARY KEY ("id")
);
GRANT SELECT, INSERT, UPDATE, DELETE ON "_user_profiles" TO loam_app;

-- indexes Item by body, createdAt, slug [slow]
CREATE INDEX "Item.body.createdAt.slug" ON "Item" ("_org", "body" NULLS FIRST, "createdAt", "slug");

-- makes Item(code) unique [destructive]
--   counts: SELECT CAST(coalesce(sum(n - 1), 0) AS bigint) FROM (SELECT count(*) AS n FROM (SELECT "_org", "code" AS "code" FROM "Item") AS r WHERE "code" IS NOT NULL GROUP BY "_org", "code") AS g;
--   mends: UPDATE "Item" SET "code" = NULL WHERE "code" IS NOT NULL AND EXISTS (SELECT 1 FROM "Item" AS o WHERE o."_org" = "Item"."_org" AND o."code" = "Item"."code" AND (o."slug") < ("Item"."slug"));
CREATE UNIQUE INDEX "Item.code.unique" ON "Item" ("_org", "code" NULLS FIRST);

-- indexes Item by storeId, slug [slow]
CREATE INDEX "Item.storeId.slug" ON "Item" ("_org", "storeId" NULLS FIRST, "slug");

-- indexes Item by parentSlug, slug [slow]
CREATE INDEX "Item.parentSlug.slug" ON "Item" ("_org", "parentSlug" NULLS FIRST, "slug");

-- makes a full-text index of Item over title [slow]
CREATE INDEX "Item__search" ON "Item" USING gin (loam_search("_org", ARRAY["title"]));

-- makes Item(parentSlug) a reference to Item [slow]
ALTER TABLE "Item" ADD CONSTRAINT "Item.parentSlug.Item.slug.fkey" FOREIGN KEY ("_org", "parentSlug") REFERENCES "Item" ("_org", "slug") DEFERRABLE INITIALLY IMMEDIATE;

-- makes Fresh(itemSlug) a reference to Item [safe]
ALTER TABLE "Fresh" ADD CONSTRAINT "Fresh.itemSlug.Item.slug.fkey" FOREIGN KEY ("_org", "itemSlug") REFERENCES "Item" ("_org", "slug") DEFERRABLE INITIALLY IMMEDIATE;

-- makes User.profile(id) a reference to _users [safe]
ALTER TABLE "_user_profiles" ADD CONSTRAINT "_user_profiles.id._users.id.fkey" FOREIGN KEY ("id") REFERENCES "_users" ("id") ON DELETE CASCADE DEFERRABLE INITIALLY IMMEDIATE;

-- == what is done beside servers ==

-- drops the full-text index of Item [safe]
DROP INDEX "Item__search";

-- makes Item.rank required, filled with 1 where it is empty [slow]
--   ahead: UPDATE "Item" SET "rank" = 1::bigint WHERE "rank" IS NULL;
CREATE INDEX CONCURRENTLY "Item.rank.id.next" ON "Item" ("_org", "rank", "id");
ALTER TABLE "Item" ADD CONSTRAINT "Item.rank.required" CHECK ("rank" IS NOT NULL) NOT VALID;
UPDATE "Item" SET "rank" = 1::bigint WHERE "rank" IS NULL;
ALTER TABLE "Item" VALIDATE CONSTRAINT "Item.rank.required";
--   undone: DO $$ BEGIN IF EXISTS (SELECT FROM pg_constraint WHERE conrelid = to_regclass('"Item"') AND conname = 'Item.rank.required') THEN ALTER TABLE "Item" DROP CONSTRAINT "Item.rank.required"; END IF; END $$; DROP INDEX CONCURRENTLY IF EXISTS "Item.rank.id.next";
--   then: ALTER TABLE "Item" ALTER COLUMN "rank" SET NOT NULL; ALTER TABLE "Item" DROP CONSTRAINT "Item.rank.required"; DROP INDEX "Item.rank.id"; ALTER INDEX "Item.rank.id.next" RENAME TO "Item.rank.id";
LOCK TABLE "Item" IN SHARE ROW EXCLUSIVE MODE;
UPDATE "Item" SET "rank" = 1::bigint WHERE "rank" IS NULL;
ALTER TABLE "Item" ALTER COLUMN "rank" SET NOT NULL;
DROP INDEX "Item.rank.id";
CREATE INDEX "Item.rank.id" ON "Item" ("_org", "rank", "id");

-- makes Item.note optional [slow]
--   ahead: CREATE INDEX CONCURRENTLY "Item.note.id.next" ON "Item" ("_org", "note" NULLS FIRST, "id");
--   undone: DROP INDEX CONCURRENTLY IF EXISTS "Item.note.id.next";
--   then: ALTER TABLE "Item" ALTER COLUMN "note" DROP NOT NULL, ALTER COLUMN "note" DROP DEFAULT; DROP INDEX "Item.note.id"; ALTER INDEX "Item.note.id.next" RENAME TO "Item.note.id";
ALTER TABLE "Item" ALTER COLUMN "note" DROP NOT NULL, ALTER COLUMN "note" DROP DEFAULT;
DROP INDEX "Item.note.id";
CREATE INDEX "Item.note.id" ON "Item" ("_org", "note" NULLS FIRST, "id");

-- adds column Item.state, filled with it's; new [slow]
--   ahead: ALTER TABLE "Item" ADD COLUMN "state" text COLLATE "C" NOT NULL DEFAULT 'it''s; new';
--   undone: ALTER TABLE IF EXISTS "Item" DROP COLUMN IF EXISTS "state";
--   then: ;
ALTER TABLE "Item" ADD COLUMN "state" text COLLATE "C" NOT NULL DEFAULT 'it''s; new';

-- adds column Item.parentId [safe]
--   ahead: ALTER TABLE "Item" ADD COLUMN "parentId" text COLLATE "C";
--   undone: ALTER TABLE IF EXISTS "Item" DROP COLUMN IF EXISTS "parentId";
--   then: ;
ALTER TABLE "Item" ADD COLUMN "parentId" text COLLATE "C";

-- adds column Item.shelfId [safe]
--   ahead: ALTER TABLE "Item" ADD COLUMN "shelfId" text COLLATE "C";
--   undone: ALTER TABLE IF EXISTS "Item" DROP COLUMN IF EXISTS "shelfId";
--   then: ;
ALTER TABLE "Item" ADD COLUMN "shelfId" text COLLATE "C";

-- creates table Shelf [safe]
--   ahead: CREATE TABLE "Shelf" (
  "_org" text COLLATE "C" NOT NULL,
  "id" text COLLATE "C" NOT NULL,
  "name" text COLLATE "C",
  "createdAt" timestamptz NOT NULL,
  "updatedAt" timestamptz NOT NULL,
  "_version" bigint NOT NULL,
  CONSTRAINT "Shelf.pkey" PRIMARY KEY ("_org", "id")
);
ALTER TABLE "Shelf" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON "Shelf" TO loam_app USING ("_org" = nullif(current_setting('loam.org', true), '')) WITH CHECK ("_org" = nullif(current_setting('loam.org', true), ''));
CREATE POLICY owner ON "Shelf" TO CURRENT_USER USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON "Shelf" TO loam_app;
--   undone: DROP TABLE IF EXISTS "Shelf";
--   then: ;
CREATE TABLE "Shelf" (
  "_org" text COLLATE "C" NOT NULL,
  "id" text COLLATE "C" NOT NULL,
  "name" text COLLATE "C",
  "createdAt" timestamptz NOT NULL,
  "updatedAt" timestamptz NOT NULL,
  "_version" bigint NOT NULL,
  CONSTRAINT "Shelf.pkey" PRIMARY KEY ("_org", "id")
);
ALTER TABLE "Shelf" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON "Shelf" TO loam_app USING ("_org" = nullif(current_setting('loam.org', true), '')) WITH CHECK ("_org" = nullif(current_setting('loam.org', true), ''));
CREATE POLICY owner ON "Shelf" TO CURRENT_USER USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON "Shelf" TO loam_app;

-- makes Item(code) unique [destructive]
--   counts: SELECT CAST(coalesce(sum(n - 1), 0) AS bigint) FROM (SELECT count(*) AS n FROM (SELECT "_org", "code" AS "code" FROM "Item") AS r WHERE "code" IS NOT NULL GROUP BY "_org", "code") AS g;
--   mends: UPDATE "Item" SET "code" = NULL WHERE "code" IS NOT NULL AND EXISTS (SELECT 1 FROM "Item" AS o WHERE o."_org" = "Item"."_org" AND o."code" = "Item"."code" AND (o."id") < ("Item"."id"));
--   ahead: CREATE UNIQUE INDEX CONCURRENTLY "Item.code.unique" ON "Item" ("_org", "code" NULLS FIRST);
--   undone: DROP INDEX CONCURRENTLY IF EXISTS "Item.code.unique";
--   then: ;
CREATE UNIQUE INDEX "Item.code.unique" ON "Item" ("_org", "code" NULLS FIRST);

-- indexes Item by parentId, id [slow]
--   ahead: CREATE INDEX CONCURRENTLY "Item.parentId.id" ON "Item" ("_org", "parentId" NULLS FIRST, "id");
--   undone: DROP INDEX CONCURRENTLY IF EXISTS "Item.parentId.id";
--   then: ;
CREATE INDEX "Item.parentId.id" ON "Item" ("_org", "parentId" NULLS FIRST, "id");

-- indexes Item by shelfId, id [slow]
--   ahead: CREATE INDEX CONCURRENTLY "Item.shelfId.id" ON "Item" ("_org", "shelfId" NULLS FIRST, "id");
--   undone: DROP INDEX CONCURRENTLY IF EXISTS "Item.shelfId.id";
--   then: ;
CREATE INDEX "Item.shelfId.id" ON "Item" ("_org", "shelfId" NULLS FIRST, "id");

-- makes a full-text index of Item over title, state [slow]
--   ahead: CREATE INDEX CONCURRENTLY "Item__search.next" ON "Item" USING gin (loam_search("_org", ARRAY["title", "state"]));
--   undone: DROP INDEX CONCURRENTLY IF EXISTS "Item__search.next";
--   then: ALTER INDEX "Item__search.next" RENAME TO "Item__search";
CREATE INDEX "Item__search" ON "Item" USING gin (loam_search("_org", ARRAY["title", "state"]));

-- makes Item(parentId) a reference to Item [slow]
--   ahead: ALTER TABLE "Item" ADD CONSTRAINT "Item.parentId.Item.id.fkey" FOREIGN KEY ("_org", "parentId") REFERENCES "Item" ("_org", "id") DEFERRABLE INITIALLY IMMEDIATE NOT VALID;
ALTER TABLE "Item" VALIDATE CONSTRAINT "Item.parentId.Item.id.fkey";
--   undone: DO $$ BEGIN IF EXISTS (SELECT FROM pg_constraint WHERE conrelid = to_regclass('"Item"') AND conname = 'Item.parentId.Item.id.fkey') THEN ALTER TABLE "Item" DROP CONSTRAINT "Item.parentId.Item.id.fkey"; END IF; END $$;
--   then: ;
ALTER TABLE "Item" ADD CONSTRAINT "Item.parentId.Item.id.fkey" FOREIGN KEY ("_org", "parentId") REFERENCES "Item" ("_org", "id") DEFERRABLE INITIALLY IMMEDIATE;

-- makes Item(shelfId) a reference to Shelf [slow]
--   ahead: ALTER TABLE "Item" ADD CONSTRAINT "Item.shelfId.Shelf.id.fkey" FOREIGN KEY ("_org", "shelfId") REFERENCES "Shelf" ("_org", "id") DEFERRABLE INITIALLY IMMEDIATE NOT VALID;
ALTER TABLE "Item" VALIDATE CONSTRAINT "Item.shelfId.Shelf.id.fkey";
--   undone: DO $$ BEGIN IF EXISTS (SELECT FROM pg_constraint WHERE conrelid = to_regclass('"Item"') AND conname = 'Item.shelfId.Shelf.id.fkey') THEN ALTER TABLE "Item" DROP CONSTRAINT "Item.shelfId.Shelf.id.fkey"; END IF; END $$;
--   then: ;
ALTER TABLE "Item" ADD CONSTRAINT "Item.shelfId.Shelf.id.fkey" FOREIGN KEY ("_org", "shelfId") REFERENCES "Shelf" ("_org", "id") DEFERRABLE INITIALLY IMMEDIATE;

CREATE VIEW "User" WITH (security_invoker) AS SELECT m.org AS "_org", u.id, CAST(u.created_at AS timestamptz) AS "createdAt",
  p."bio" AS "bio",
  CASE WHEN p."id" IS NULL THEN '2026-01-31T14:30:00.000Z'::timestamptz ELSE p."at" END AS "at"
  FROM _members m JOIN _users u ON u.id = m.user_id
  LEFT JOIN "_user_profiles" p ON p."id" = u.id
  WHERE current_setting('role') = 'none' OR m.org = nullif(current_setting('loam.org', true), '');
COMMENT ON VIEW "User" IS 'loam 9cd6f39bd260e1d9c3ef41aa74c72ee0775510c161414eb6f9d7771bb3bbdd1d';
GRANT SELECT ON "User" TO loam_app;
