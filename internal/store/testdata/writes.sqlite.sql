-- create
INSERT INTO "Project"("_org","_version","name","archived","leadId","id","createdAt","updatedAt") VALUES (?1,1,?2,?3,?4,?5,?6,?7) RETURNING json_object('id',"Project"."id",'name',"Project"."name",'archived',CASE "Project"."archived" WHEN 1 THEN json('true') WHEN 0 THEN json('false') END,'budget',loam_float("Project"."budget"),'leadId',"Project"."leadId",'createdAt',"Project"."createdAt",'updatedAt',"Project"."updatedAt",'version',"Project"."_version"),("Project"."leadId" IS NULL OR EXISTS (SELECT 1 FROM "User" t1 WHERE t1."_org"=?1 AND t1."id"="Project"."leadId" AND true))
INSERT INTO "_changes"(at,org,model,key,op,before,after,actor) VALUES (?1,?2,?3,?4,?5,?6,?7,?8)
SELECT json_object('id',t0."id",'name',t0."name",'archived',CASE t0."archived" WHEN 1 THEN json('true') WHEN 0 THEN json('false') END,'budget',CASE WHEN t0."leadId"=?1 THEN loam_float(t0."budget") ELSE null END,'leadId',t0."leadId",'createdAt',t0."createdAt",'updatedAt',t0."updatedAt",'version',t0."_version"),t0."_version" FROM "Project" t0 WHERE t0."_org"=?2 AND t0."id"=?3
INSERT INTO "_usage" (org, rows, bytes) VALUES (?1, ?2, ?3)
	ON CONFLICT (org) DO UPDATE SET rows = "_usage".rows + excluded.rows, bytes = "_usage".bytes + excluded.bytes

-- create, once
INSERT INTO "_idempotency"(caller,key,request,answer,at) VALUES (?1,?2,?3,?4,?5)
		ON CONFLICT (caller,key) DO UPDATE SET request=excluded.request, answer=excluded.answer, at=excluded.at WHERE "_idempotency".at<=?6
DELETE FROM "_idempotency" WHERE (caller,key) IN (SELECT caller,key FROM "_idempotency" WHERE at<=?1 LIMIT 100)
INSERT INTO "Country"("_version","code","region") VALUES (1,?1,?2) RETURNING json_object('code',"Country"."code",'region',"Country"."region",'name',"Country"."name",'version',"Country"."_version")
INSERT INTO "_changes"(at,org,model,key,op,before,after,actor) VALUES (?1,?2,?3,?4,?5,?6,?7,?8)
UPDATE "_idempotency" SET answer=?3 WHERE caller=?1 AND key=?2

-- create under a rule on another row
SELECT 1,((t0."owner"=?1 OR EXISTS (SELECT 1 FROM "Project" t1 WHERE t1."_org"=?2 AND t1."id"=t0."projectId" AND t1."leadId"=?3))) FROM (SELECT ?4 AS "id",?5 AS "title",NULL AS "body",NULL AS "points",?6 AS "status",NULL AS "place",?7 AS "tags",NULL AS "slug",?8 AS "projectId",?9 AS "owner",?10 AS "createdAt",?11 AS "updatedAt",?12 AS "_version",?2 AS "_org") t0
INSERT INTO "Task"("_org","_version","title","status","tags","projectId","id","createdAt","updatedAt","owner") VALUES (?1,1,?2,?3,?4,?5,?6,?7,?8,?9) RETURNING json_object('id',"Task"."id",'title',"Task"."title",'body',"Task"."body",'points',"Task"."points",'status',"Task"."status",'place',json("Task"."place"),'tags',json("Task"."tags"),'slug',"Task"."slug",'projectId',"Task"."projectId",'owner',"Task"."owner",'createdAt',"Task"."createdAt",'updatedAt',"Task"."updatedAt",'version',"Task"."_version")
INSERT INTO "_changes"(at,org,model,key,op,before,after,actor) VALUES (?1,?2,?3,?4,?5,?6,?7,?8)
SELECT json_object('id',t0."id",'title',t0."title",'body',t0."body",'points',t0."points",'status',t0."status",'place',json(t0."place"),'tags',json(t0."tags"),'slug',t0."slug",'projectId',t0."projectId",'owner',t0."owner",'createdAt',t0."createdAt",'updatedAt',t0."updatedAt",'version',t0."_version"),t0."_version" FROM "Task" t0 WHERE t0."_org"=?1 AND (t0."owner"=?2 OR EXISTS (SELECT 1 FROM "Project" t1 WHERE t1."_org"=?1 AND t1."id"=t0."projectId" AND t1."leadId"=?3)) AND t0."id"=?4
INSERT INTO "_usage" (org, rows, bytes) VALUES (?1, ?2, ?3)
	ON CONFLICT (org) DO UPDATE SET rows = "_usage".rows + excluded.rows, bytes = "_usage".bytes + excluded.bytes

-- update
SELECT json_object('id',t0."id",'name',t0."name",'archived',CASE t0."archived" WHEN 1 THEN json('true') WHEN 0 THEN json('false') END,'budget',loam_float(t0."budget"),'leadId',t0."leadId",'createdAt',t0."createdAt",'updatedAt',t0."updatedAt",'version',t0."_version"),t0."_version",(true),(true),(true AND t0."archived"=?1),t0."id" FROM "Project" t0 WHERE t0."_org"=?2 AND t0."id"=?3
UPDATE "Project" SET "_version"="_version"+1,"name"=?1,"updatedAt"=?2 WHERE "Project"."_org"=?3 AND "Project"."id"=?4 RETURNING json_object('id',"Project"."id",'name',"Project"."name",'archived',CASE "Project"."archived" WHEN 1 THEN json('true') WHEN 0 THEN json('false') END,'budget',loam_float("Project"."budget"),'leadId',"Project"."leadId",'createdAt',"Project"."createdAt",'updatedAt',"Project"."updatedAt",'version',"Project"."_version")
INSERT INTO "_changes"(at,org,model,key,op,before,after,actor) VALUES (?1,?2,?3,?4,?5,?6,?7,?8)
SELECT json_object('id',t0."id",'name',t0."name",'archived',CASE t0."archived" WHEN 1 THEN json('true') WHEN 0 THEN json('false') END,'budget',CASE WHEN t0."leadId"=?1 THEN loam_float(t0."budget") ELSE null END,'leadId',t0."leadId",'createdAt',t0."createdAt",'updatedAt',t0."updatedAt",'version',t0."_version"),t0."_version" FROM "Project" t0 WHERE t0."_org"=?2 AND t0."id"=?3

-- delete
SELECT json_object('id',t0."id",'name',t0."name",'archived',CASE t0."archived" WHEN 1 THEN json('true') WHEN 0 THEN json('false') END,'budget',loam_float(t0."budget"),'leadId',t0."leadId",'createdAt',t0."createdAt",'updatedAt',t0."updatedAt",'version',t0."_version"),t0."_version",(true),(true),(true),t0."id" FROM "Project" t0 WHERE t0."_org"=?1 AND t0."id"=?2
SELECT json_object('id',t0."id",'name',t0."name",'archived',CASE t0."archived" WHEN 1 THEN json('true') WHEN 0 THEN json('false') END,'budget',CASE WHEN t0."leadId"=?1 THEN loam_float(t0."budget") ELSE null END,'leadId',t0."leadId",'createdAt',t0."createdAt",'updatedAt',t0."updatedAt",'version',t0."_version"),t0."_version" FROM "Project" t0 WHERE t0."_org"=?2 AND t0."id"=?3
SELECT json_object('id',t0."id",'title',t0."title",'body',t0."body",'points',t0."points",'status',t0."status",'place',json(t0."place"),'tags',json(t0."tags"),'slug',t0."slug",'projectId',t0."projectId",'owner',t0."owner",'createdAt',t0."createdAt",'updatedAt',t0."updatedAt",'version',t0."_version"),t0."id" FROM "Task" t0 WHERE t0."_org"=?1 AND t0."projectId"=?2 LIMIT 1001

-- upsert
SELECT json_object('id',t0."id",'name',t0."name",'archived',CASE t0."archived" WHEN 1 THEN json('true') WHEN 0 THEN json('false') END,'budget',loam_float(t0."budget"),'leadId',t0."leadId",'createdAt',t0."createdAt",'updatedAt',t0."updatedAt",'version',t0."_version"),t0."_version",(true),(true),(true),t0."id" FROM "Project" t0 WHERE t0."_org"=?1 AND t0."id"=?2
UPDATE "Project" SET "_version"="_version"+1,"name"=?1,"archived"=?2,"updatedAt"=?3 WHERE "Project"."_org"=?4 AND "Project"."id"=?5 RETURNING json_object('id',"Project"."id",'name',"Project"."name",'archived',CASE "Project"."archived" WHEN 1 THEN json('true') WHEN 0 THEN json('false') END,'budget',loam_float("Project"."budget"),'leadId',"Project"."leadId",'createdAt',"Project"."createdAt",'updatedAt',"Project"."updatedAt",'version',"Project"."_version")
INSERT INTO "_changes"(at,org,model,key,op,before,after,actor) VALUES (?1,?2,?3,?4,?5,?6,?7,?8)
SELECT json_object('id',t0."id",'name',t0."name",'archived',CASE t0."archived" WHEN 1 THEN json('true') WHEN 0 THEN json('false') END,'budget',CASE WHEN t0."leadId"=?1 THEN loam_float(t0."budget") ELSE null END,'leadId',t0."leadId",'createdAt',t0."createdAt",'updatedAt',t0."updatedAt",'version',t0."_version"),t0."_version" FROM "Project" t0 WHERE t0."_org"=?2 AND t0."id"=?3

