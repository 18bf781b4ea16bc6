-- == from nothing ==

-- creates table Shop [safe]
CREATE TABLE "Shop" (
  "_rowid" INTEGER PRIMARY KEY,
  "_org" TEXT NOT NULL,
  "id" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "createdAt" TEXT NOT NULL,
  "updatedAt" TEXT NOT NULL,
  "_version" INTEGER NOT NULL,
  UNIQUE ("_org", "id")
) STRICT;

-- creates table Item [safe]
CREATE TABLE "Item" (
  "_rowid" INTEGER PRIMARY KEY,
  "_org" TEXT NOT NULL,
  "id" TEXT NOT NULL,
  "title" TEXT NOT NULL,
  "body" TEXT,
  "code" TEXT,
  "price" TEXT,
  "tags" TEXT,
  "day" TEXT,
  "old" INTEGER,
  "shopId" TEXT,
  "createdAt" TEXT NOT NULL,
  "updatedAt" TEXT NOT NULL,
  "_version" INTEGER NOT NULL,
  UNIQUE ("_org", "id"),
  FOREIGN KEY ("_org", "shopId") REFERENCES "Shop" ("_org", "id")
) STRICT;
CREATE INDEX "Item.body.createdAt.id" ON "Item" ("_org", "body", "createdAt", "id");
CREATE UNIQUE INDEX "Item.code.unique" ON "Item" ("_org", "code");
CREATE INDEX "Item.shopId.id" ON "Item" ("_org", "shopId", "id");
CREATE VIRTUAL TABLE "Item__search" USING fts5("_org", "title", "body", content="Item", content_rowid="_rowid", tokenize='unicode61 remove_diacritics 2');
CREATE TRIGGER "Item__search.insert" AFTER INSERT ON "Item" BEGIN
  INSERT INTO "Item__search" (rowid, "_org", "title", "body") VALUES (new."_rowid", new."_org", new."title", new."body");
END;
CREATE TRIGGER "Item__search.delete" AFTER DELETE ON "Item" BEGIN
  INSERT INTO "Item__search" ("Item__search", rowid, "_org", "title", "body") VALUES ('delete', old."_rowid", old."_org", old."title", old."body");
END;
CREATE TRIGGER "Item__search.update" AFTER UPDATE OF "_org", "title", "body" ON "Item" BEGIN
  INSERT INTO "Item__search" ("Item__search", rowid, "_org", "title", "body") VALUES ('delete', old."_rowid", old."_org", old."title", old."body");
  INSERT INTO "Item__search" (rowid, "_org", "title", "body") VALUES (new."_rowid", new."_org", new."title", new."body");
END;
INSERT INTO "Item__search" ("Item__search") VALUES ('rebuild');

-- creates table Gone [safe]
CREATE TABLE "Gone" (
  "_rowid" INTEGER PRIMARY KEY,
  "_org" TEXT NOT NULL,
  "id" TEXT NOT NULL,
  "itemId" TEXT,
  "createdAt" TEXT NOT NULL,
  "updatedAt" TEXT NOT NULL,
  "_version" INTEGER NOT NULL,
  UNIQUE ("_org", "id"),
  FOREIGN KEY ("_org", "itemId") REFERENCES "Item" ("_org", "id")
) STRICT;
CREATE INDEX "Gone.itemId.id" ON "Gone" ("_org", "itemId", "id");

-- creates table Lost [safe]
CREATE TABLE "Lost" (
  "_rowid" INTEGER PRIMARY KEY,
  "_org" TEXT NOT NULL,
  "id" TEXT NOT NULL,
  "goneId" TEXT,
  "createdAt" TEXT NOT NULL,
  "updatedAt" TEXT NOT NULL,
  "_version" INTEGER NOT NULL,
  UNIQUE ("_org", "id"),
  FOREIGN KEY ("_org", "goneId") REFERENCES "Gone" ("_org", "id")
) STRICT;
CREATE INDEX "Lost.goneId.id" ON "Lost" ("_org", "goneId", "id");

-- creates table Shared [safe]
CREATE TABLE "Shared" (
  "_rowid" INTEGER PRIMARY KEY,
  "_org" TEXT NOT NULL,
  "id" TEXT NOT NULL,
  "itemId" TEXT,
  "createdAt" TEXT NOT NULL,
  "updatedAt" TEXT NOT NULL,
  "_version" INTEGER NOT NULL,
  UNIQUE ("_org", "id"),
  FOREIGN KEY ("_org", "itemId") REFERENCES "Item" ("_org", "id")
) STRICT;
CREATE INDEX "Shared.itemId.id" ON "Shared" ("_org", "itemId", "id");

-- == on to another schema ==

-- drops table Gone [destructive]
--   counts: SELECT count(*) FROM "Gone";
DROP TABLE "Gone";

-- drops table Lost [destructive]
--   counts: SELECT count(*) FROM "Lost";
DROP TABLE "Lost";

-- renames table Shop to Store [slow]
ALTER TABLE "Shop" RENAME TO "Store";

-- renames column Store.name to label [safe]
ALTER TABLE "Store" RENAME COLUMN "name" TO "label";

-- renames column Item.shopId to storeId [slow]
DROP INDEX "Item.shopId.id";
ALTER TABLE "Item" RENAME COLUMN "shopId" TO "storeId";

-- drops the index of Item over body, createdAt, id [safe]
DROP INDEX "Item.body.createdAt.id";

-- drops the index of Item over code [safe]
DROP INDEX "Item.code.unique";

-- drops the index of Item over storeId, id [safe]

-- drops the full-text index of Item [safe]

-- drops column Item.old [destructive]
--   counts: SELECT count(*) FROM "Item" WHERE "old" IS NOT NULL;

-- adds column Item.slug, required [blocked]
--   counts: SELECT count(*) FROM "Item";

-- makes Item.id optional [slow]

-- makes Item.title optional [slow]

-- changes Item.code from String to Email [destructive]
--   counts: SELECT count(*) FROM "Item" WHERE "code" IS NOT NULL AND (substr("code", 1, 1) <> char(1)) IS NOT TRUE;
-- each Item.code is brought into the form of Email; what is none is marked;

-- changes Item.price from String to Int [destructive]
--   counts: SELECT count(*) FROM "Item" WHERE "price" IS NOT NULL AND (CAST(CAST("price" AS INTEGER) AS TEXT) = "price" AND CAST("price" AS INTEGER) BETWEEN -2147483648 AND 2147483647) IS NOT TRUE;

-- makes Item.price required, filled with 1 where it is empty [slow]

-- changes the values of enum State, which Item.tags has [destructive]
--   counts: SELECT count(*) FROM "Item" WHERE "tags" IS NOT NULL AND (NOT EXISTS (SELECT 1 FROM json_each("tags") WHERE value NOT IN ('ON', 'OFF'))) IS NOT TRUE;

-- changes Item.day from Date to DateTime [slow]

-- adds column Item.state, filled with ON [slow]

-- adds column Item.parentSlug [safe]

-- makes (slug) the key of Item [blocked]
--   counts: SELECT CAST(coalesce(sum(n), 0) AS bigint) FROM (SELECT count(*) AS n FROM (SELECT "_org", NULL AS "slug" FROM "Item") AS r WHERE true GROUP BY "_org", "slug" HAVING count(*) > 1 OR "slug" IS NULL) AS g;

-- drops the index of Shared over itemId, id [safe]
DROP INDEX "Shared.itemId.id";

-- makes the scope of Shared GLOBAL [blocked]
--   counts: SELECT count(*) FROM "Shared";

-- drops column Shared.itemId [destructive]
--   counts: SELECT count(*) FROM "Shared" WHERE "itemId" IS NOT NULL;

-- adds column Shared.a [safe]

-- ends the reference from Shared(itemId) to Item [slow]

-- creates table Fresh [safe]
CREATE TABLE "Fresh" (
  "_rowid" INTEGER PRIMARY KEY,
  "_org" TEXT NOT NULL,
  "id" TEXT NOT NULL,
  "a" INTEGER,
  "anotherOneWhoseNameIsMuchLongerThanSixtyThreeB_038caaed2a908a9b" INTEGER CHECK ("anotherOneWhoseNameIsMuchLongerThanSixtyThreeB_038caaed2a908a9b" IN (0, 1)),
  "itemSlug" TEXT,
  "createdAt" TEXT NOT NULL,
  "updatedAt" TEXT NOT NULL,
  "_version" INTEGER NOT NULL,
  UNIQUE ("_org", "id"),
  FOREIGN KEY ("_org", "itemSlug") REFERENCES "Item" ("_org", "slug")
) STRICT;
CREATE INDEX "Fresh.anotherOneWhoseNameIsMuchLongerThanSixtyThreeB_038caaed2a908a9b.id" ON "Fresh" ("_org", "anotherOneWhoseNameIsMuchLongerThanSixtyThreeB_038caaed2a908a9b", "id");
CREATE UNIQUE INDEX "Fresh.a.unique" ON "Fresh" ("_org", "a");
CREATE INDEX "Fresh.itemSlug.id" ON "Fresh" ("_org", "itemSlug", "id");

-- creates table User.profile [safe]
CREATE TABLE "_user_profiles" (
  "_rowid" INTEGER PRIMARY KEY,
  "id" TEXT NOT NULL,
  "bio" TEXT,
  "at" TEXT,
  "_version" INTEGER NOT NULL,
  UNIQUE ("id"),
  FOREIGN KEY ("id") REFERENCES "_users" ("id") ON DELETE CASCADE
) STRICT;

-- rewrites table Item [slow]
DROP TRIGGER "Item__search.insert";
DROP TRIGGER "Item__search.delete";
DROP TRIGGER "Item__search.update";
DROP TABLE "Item__search";
CREATE TABLE "Item.new" (
  "_rowid" INTEGER PRIMARY KEY,
  "_org" TEXT NOT NULL,
  "slug" TEXT NOT NULL,
  "id" TEXT,
  "title" TEXT,
  "body" TEXT,
  "code" TEXT,
  "price" INTEGER NOT NULL,
  "tags" TEXT,
  "day" TEXT,
  "storeId" TEXT,
  "state" TEXT NOT NULL,
  "parentSlug" TEXT,
  "createdAt" TEXT NOT NULL,
  "updatedAt" TEXT NOT NULL,
  "_version" INTEGER NOT NULL,
  UNIQUE ("_org", "slug"),
  FOREIGN KEY ("_org", "storeId") REFERENCES "Store" ("_org", "id"),
  FOREIGN KEY ("_org", "parentSlug") REFERENCES "Item" ("_org", "slug")
) STRICT;
INSERT INTO "Item.new" ("_rowid", "_org", "slug", "id", "title", "body", "code", "price", "tags", "day", "storeId", "state", "parentSlug", "createdAt", "updatedAt", "_version")
SELECT "_rowid", "_org", NULL, "id", "title", "body", CASE WHEN substr("code", 1, 1) <> char(1) THEN "code" END, coalesce(CASE WHEN CAST(CAST("price" AS INTEGER) AS TEXT) = "price" AND CAST("price" AS INTEGER) BETWEEN -2147483648 AND 2147483647 THEN CAST("price" AS INTEGER) END, 1), CASE WHEN NOT EXISTS (SELECT 1 FROM json_each("tags") WHERE value NOT IN ('ON', 'OFF')) THEN "tags" END, "day" || 'T00:00:00.000Z', "storeId", 'ON', NULL, "createdAt", "updatedAt", "_version"
FROM "Item";
DROP TABLE "Item";
ALTER TABLE "Item.new" RENAME TO "Item";

-- rewrites table Shared [slow]
CREATE TABLE "Shared.new" (
  "_rowid" INTEGER PRIMARY KEY,
  "id" TEXT NOT NULL,
  "a" INTEGER,
  "createdAt" TEXT NOT NULL,
  "updatedAt" TEXT NOT NULL,
  "_version" INTEGER NOT NULL,
  UNIQUE ("id")
) STRICT;
INSERT INTO "Shared.new" ("_rowid", "id", "a", "createdAt", "updatedAt", "_version")
SELECT "_rowid", "id", NULL, "createdAt", "updatedAt", "_version"
FROM "Shared";
DROP TABLE "Shared";
ALTER TABLE "Shared.new" RENAME TO "Shared";

-- indexes Item by body, createdAt, slug [slow]
CREATE INDEX "Item.body.createdAt.slug" ON "Item" ("_org", "body", "createdAt", "slug");

-- makes Item(code) unique [destructive]
--   counts: SELECT CAST(coalesce(sum(n - 1), 0) AS bigint) FROM (SELECT count(*) AS n FROM (SELECT "_org", "code" AS "code" FROM "Item") AS r WHERE "code" IS NOT NULL GROUP BY "_org", "code") AS g;
--   mends: UPDATE "Item" SET "code" = NULL WHERE "code" IS NOT NULL AND EXISTS (SELECT 1 FROM "Item" AS o WHERE o."_org" = "Item"."_org" AND o."code" = "Item"."code" AND (o."slug") < ("Item"."slug"));
CREATE UNIQUE INDEX "Item.code.unique" ON "Item" ("_org", "code");

-- indexes Item by storeId, slug [slow]
CREATE INDEX "Item.storeId.slug" ON "Item" ("_org", "storeId", "slug");

-- indexes Item by parentSlug, slug [slow]
CREATE INDEX "Item.parentSlug.slug" ON "Item" ("_org", "parentSlug", "slug");

-- makes a full-text index of Item over title [slow]
CREATE VIRTUAL TABLE "Item__search" USING fts5("_org", "title", content="Item", content_rowid="_rowid", tokenize='unicode61 remove_diacritics 2');
CREATE TRIGGER "Item__search.insert" AFTER INSERT ON "Item" BEGIN
  INSERT INTO "Item__search" (rowid, "_org", "title") VALUES (new."_rowid", new."_org", new."title");
END;
CREATE TRIGGER "Item__search.delete" AFTER DELETE ON "Item" BEGIN
  INSERT INTO "Item__search" ("Item__search", rowid, "_org", "title") VALUES ('delete', old."_rowid", old."_org", old."title");
END;
CREATE TRIGGER "Item__search.update" AFTER UPDATE OF "_org", "title" ON "Item" BEGIN
  INSERT INTO "Item__search" ("Item__search", rowid, "_org", "title") VALUES ('delete', old."_rowid", old."_org", old."title");
  INSERT INTO "Item__search" (rowid, "_org", "title") VALUES (new."_rowid", new."_org", new."title");
END;
INSERT INTO "Item__search" ("Item__search") VALUES ('rebuild');

-- makes Item(parentSlug) a reference to Item [slow]

-- == what is done beside servers ==

-- drops the full-text index of Item [safe]

-- makes Item.rank required, filled with 1 where it is empty [slow]

-- makes Item.note optional [slow]

-- adds column Item.state, filled with it's; new [slow]

-- adds column Item.parentId [safe]

-- adds column Item.shelfId [safe]

-- creates table Shelf [safe]
CREATE TABLE "Shelf" (
  "_rowid" INTEGER PRIMARY KEY,
  "_org" TEXT NOT NULL,
  "id" TEXT NOT NULL,
  "name" TEXT,
  "createdAt" TEXT NOT NULL,
  "updatedAt" TEXT NOT NULL,
  "_version" INTEGER NOT NULL,
  UNIQUE ("_org", "id")
) STRICT;

-- rewrites table Item [slow]
DROP TRIGGER "Item__search.insert";
DROP TRIGGER "Item__search.delete";
DROP TRIGGER "Item__search.update";
DROP TABLE "Item__search";
CREATE TABLE "Item.new" (
  "_rowid" INTEGER PRIMARY KEY,
  "_org" TEXT NOT NULL,
  "id" TEXT NOT NULL,
  "title" TEXT NOT NULL,
  "code" TEXT,
  "rank" INTEGER NOT NULL,
  "note" TEXT,
  "state" TEXT NOT NULL,
  "parentId" TEXT,
  "shelfId" TEXT,
  "createdAt" TEXT NOT NULL,
  "updatedAt" TEXT NOT NULL,
  "_version" INTEGER NOT NULL,
  UNIQUE ("_org", "id"),
  FOREIGN KEY ("_org", "parentId") REFERENCES "Item" ("_org", "id"),
  FOREIGN KEY ("_org", "shelfId") REFERENCES "Shelf" ("_org", "id")
) STRICT;
INSERT INTO "Item.new" ("_rowid", "_org", "id", "title", "code", "rank", "note", "state", "parentId", "shelfId", "createdAt", "updatedAt", "_version")
SELECT "_rowid", "_org", "id", "title", "code", coalesce("rank", 1), "note", 'it''s; new', NULL, NULL, "createdAt", "updatedAt", "_version"
FROM "Item";
DROP TABLE "Item";
ALTER TABLE "Item.new" RENAME TO "Item";
CREATE INDEX "Item.rank.id" ON "Item" ("_org", "rank", "id");
CREATE INDEX "Item.note.id" ON "Item" ("_org", "note", "id");

-- makes Item(code) unique [destructive]
--   counts: SELECT CAST(coalesce(sum(n - 1), 0) AS bigint) FROM (SELECT count(*) AS n FROM (SELECT "_org", "code" AS "code" FROM "Item") AS r WHERE "code" IS NOT NULL GROUP BY "_org", "code") AS g;
--   mends: UPDATE "Item" SET "code" = NULL WHERE "code" IS NOT NULL AND EXISTS (SELECT 1 FROM "Item" AS o WHERE o."_org" = "Item"."_org" AND o."code" = "Item"."code" AND (o."id") < ("Item"."id"));
CREATE UNIQUE INDEX "Item.code.unique" ON "Item" ("_org", "code");

-- indexes Item by parentId, id [slow]
CREATE INDEX "Item.parentId.id" ON "Item" ("_org", "parentId", "id");

-- indexes Item by shelfId, id [slow]
CREATE INDEX "Item.shelfId.id" ON "Item" ("_org", "shelfId", "id");

-- makes a full-text index of Item over title, state [slow]
CREATE VIRTUAL TABLE "Item__search" USING fts5("_org", "title", "state", content="Item", content_rowid="_rowid", tokenize='unicode61 remove_diacritics 2');
CREATE TRIGGER "Item__search.insert" AFTER INSERT ON "Item" BEGIN
  INSERT INTO "Item__search" (rowid, "_org", "title", "state") VALUES (new."_rowid", new."_org", new."title", new."state");
END;
CREATE TRIGGER "Item__search.delete" AFTER DELETE ON "Item" BEGIN
  INSERT INTO "Item__search" ("Item__search", rowid, "_org", "title", "state") VALUES ('delete', old."_rowid", old."_org", old."title", old."state");
END;
CREATE TRIGGER "Item__search.update" AFTER UPDATE OF "_org", "title", "state" ON "Item" BEGIN
  INSERT INTO "Item__search" ("Item__search", rowid, "_org", "title", "state") VALUES ('delete', old."_rowid", old."_org", old."title", old."state");
  INSERT INTO "Item__search" (rowid, "_org", "title", "state") VALUES (new."_rowid", new."_org", new."title", new."state");
END;
INSERT INTO "Item__search" ("Item__search") VALUES ('rebuild');

-- makes Item(parentId) a reference to Item [slow]

-- makes Item(shelfId) a reference to Shelf [slow]

CREATE VIEW "User" AS SELECT m.org AS "_org", u.id, u.created_at AS "createdAt",
  p."bio" AS "bio",
  CASE WHEN p."id" IS NULL THEN '2026-01-31T14:30:00.000Z' ELSE p."at" END AS "at"
  FROM _members m JOIN _users u ON u.id = m.user_id
  LEFT JOIN "_user_profiles" p ON p."id" = u.id;
