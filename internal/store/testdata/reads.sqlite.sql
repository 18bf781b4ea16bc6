-- get
SELECT json_object('id',t0."id",'name',t0."name",'archived',CASE t0."archived" WHEN 1 THEN json('true') WHEN 0 THEN json('false') END,'budget',CASE WHEN t0."leadId"=?1 THEN loam_float(t0."budget") ELSE null END,'leadId',t0."leadId",'createdAt',t0."createdAt",'updatedAt',t0."updatedAt",'version',t0."_version"),t0."_version" FROM "Project" t0 WHERE t0."_org"=?2 AND t0."id"=?3
--   ?1 = "u1"
--   ?2 = "o1"
--   ?3 = "p1"

-- get under two rules
SELECT json_object('id',t0."id",'title',t0."title",'body',t0."body",'points',t0."points",'status',t0."status",'place',json(t0."place"),'tags',json(t0."tags"),'slug',t0."slug",'projectId',t0."projectId",'owner',t0."owner",'createdAt',t0."createdAt",'updatedAt',t0."updatedAt",'version',t0."_version"),t0."_version" FROM "Task" t0 WHERE t0."_org"=?1 AND (t0."owner"=?2 OR EXISTS (SELECT 1 FROM "Project" t1 WHERE t1."_org"=?1 AND t1."id"=t0."projectId" AND t1."leadId"=?3)) AND t0."id"=?4
--   ?1 = "o1"
--   ?2 = "u1"
--   ?3 = "u1"
--   ?4 = "t1"

-- get by a composite key
SELECT json_object('code',t0."code",'region',t0."region",'name',t0."name",'version',t0."_version"),t0."_version" FROM "Country" t0 WHERE true AND t0."code"=?1 AND t0."region"=?2
--   ?1 = "FI"
--   ?2 = "EU"

-- list
SELECT json_object('id',t0."id",'name',t0."name",'archived',CASE t0."archived" WHEN 1 THEN json('true') WHEN 0 THEN json('false') END,'budget',CASE WHEN t0."leadId"=?1 THEN loam_float(t0."budget") ELSE null END,'leadId',t0."leadId",'createdAt',t0."createdAt",'updatedAt',t0."updatedAt",'version',t0."_version"),t0."id" FROM "Project" t0 WHERE t0."_org"=?2 ORDER BY t0."id" LIMIT ?3
--   ?1 = "u1"
--   ?2 = "o1"
--   ?3 = 101

-- list, filtered and sorted
SELECT json_object('id',t0."id",'title',t0."title",'body',t0."body",'points',t0."points",'status',t0."status",'place',json(t0."place"),'tags',json(t0."tags"),'slug',t0."slug",'projectId',t0."projectId",'owner',t0."owner",'createdAt',t0."createdAt",'updatedAt',t0."updatedAt",'version',t0."_version"),t0."points",t0."title",t0."id" FROM "Task" t0 WHERE t0."_org"=?1 AND (t0."owner"=?2 OR EXISTS (SELECT 1 FROM "Project" t1 WHERE t1."_org"=?1 AND t1."id"=t0."projectId" AND t1."leadId"=?3)) AND (t0."points">=?4 AND t0."status"=?5) AND ((t0."points"<?6 OR t0."points" IS NULL) OR t0."points"=?7 AND t0."title">=?8 AND (t0."title">?9 OR t0."title"=?10 AND (t0."id">?11))) ORDER BY t0."points" DESC,t0."title",t0."id" LIMIT ?12
--   ?1 = "o1"
--   ?2 = "u1"
--   ?3 = "u1"
--   ?4 = 3
--   ?5 = "TODO"
--   ?6 = 4
--   ?7 = 4
--   ?8 = "m"
--   ?9 = "m"
--   ?10 = "m"
--   ?11 = "t9"
--   ?12 = 31

-- every operator
SELECT json_object('id',t0."id",'title',t0."title",'body',t0."body",'points',t0."points",'status',t0."status",'place',json(t0."place"),'tags',json(t0."tags"),'slug',t0."slug",'projectId',t0."projectId",'owner',t0."owner",'createdAt',t0."createdAt",'updatedAt',t0."updatedAt",'version',t0."_version"),t0."id" FROM "Task" t0 WHERE t0."_org"=?1 AND (t0."owner"=?2 OR EXISTS (SELECT 1 FROM "Project" t1 WHERE t1."_org"=?1 AND t1."id"=t0."projectId" AND t1."leadId"=?3)) AND ((t0."body" IS NOT NULL AND (t0."body"=?4) IS NOT TRUE) AND t0."points" BETWEEN ?5 AND ?6 AND (t0."slug" IN (SELECT value FROM json_each(?7))) IS NOT TRUE AND t0."status" IN (SELECT value FROM json_each(?8)) AND (EXISTS (SELECT 1 FROM json_each(t0."tags") WHERE value IN (SELECT value FROM json_each(?9))) AND json_array_length(t0."tags")=?10) AND (t0."title">=?11 AND t0."title"<?12 AND instr(t0."title",?13)>0 AND (instr(t0."title",?14)>0) IS NOT TRUE AND length(t0."title")>?15)) ORDER BY t0."id" LIMIT ?16
--   ?1 = "o1"
--   ?2 = "u1"
--   ?3 = "u1"
--   ?4 = "x"
--   ?5 = 1
--   ?6 = 9
--   ?7 = "[\"a\",\"b\"]"
--   ?8 = "[\"TODO\",\"DONE\"]"
--   ?9 = "[\"red\"]"
--   ?10 = 2
--   ?11 = "a"
--   ?12 = "b"
--   ?13 = "b"
--   ?14 = "c"
--   ?15 = 3
--   ?16 = 101

-- and, or, not
SELECT json_object('id',t0."id",'title',t0."title",'body',t0."body",'points',t0."points",'status',t0."status",'place',json(t0."place"),'tags',json(t0."tags"),'slug',t0."slug",'projectId',t0."projectId",'owner',t0."owner",'createdAt',t0."createdAt",'updatedAt',t0."updatedAt",'version',t0."_version"),t0."id" FROM "Task" t0 WHERE t0."_org"=?1 AND (t0."owner"=?2 OR EXISTS (SELECT 1 FROM "Project" t1 WHERE t1."_org"=?1 AND t1."id"=t0."projectId" AND t1."leadId"=?3)) AND (t0."points"=?4 OR (t0."points"=?5) IS NOT TRUE) ORDER BY t0."id" LIMIT ?6
--   ?1 = "o1"
--   ?2 = "u1"
--   ?3 = "u1"
--   ?4 = 1
--   ?5 = 2
--   ?6 = 101

-- through relations
SELECT json_object('id',t0."id",'name',t0."name",'archived',CASE t0."archived" WHEN 1 THEN json('true') WHEN 0 THEN json('false') END,'budget',CASE WHEN t0."leadId"=?1 THEN loam_float(t0."budget") ELSE null END,'leadId',t0."leadId",'createdAt',t0."createdAt",'updatedAt',t0."updatedAt",'version',t0."_version"),t0."id" FROM "Project" t0 WHERE t0."_org"=?2 AND EXISTS (SELECT 1 FROM "Task" t1 WHERE t1."_org"=?2 AND t1."projectId"=t0."id" AND ((t1."owner"=?3 OR EXISTS (SELECT 1 FROM "Project" t2 WHERE t2."_org"=?2 AND t2."id"=t1."projectId" AND t2."leadId"=?4)) AND (EXISTS (SELECT 1 FROM "Project" t3 WHERE t3."_org"=?2 AND t3."id"=t1."projectId" AND t3."name"=?5) AND t1."title"=?6))) ORDER BY t0."id" LIMIT ?7
--   ?1 = "u1"
--   ?2 = "o1"
--   ?3 = "u1"
--   ?4 = "u1"
--   ?5 = "y"
--   ?6 = "x"
--   ?7 = 101

-- a field behind a rule
SELECT json_object('id',t0."id",'name',t0."name",'archived',CASE t0."archived" WHEN 1 THEN json('true') WHEN 0 THEN json('false') END,'budget',CASE WHEN t0."leadId"=?1 THEN loam_float(t0."budget") ELSE null END,'leadId',t0."leadId",'createdAt',t0."createdAt",'updatedAt',t0."updatedAt",'version',t0."_version"),t0."id" FROM "Project" t0 WHERE t0."_org"=?2 AND ((t0."leadId"=?3 AND t0."budget">?4)) IS NOT TRUE ORDER BY t0."id" LIMIT ?5
--   ?1 = "u1"
--   ?2 = "o1"
--   ?3 = "u1"
--   ?4 = 5
--   ?5 = 101

-- nested
SELECT concat('{"id":',json_quote(t0."id"),',"archived":',CASE t0."archived" WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE 'null' END,',"lead":',coalesce((SELECT json_object('id',t1."id",'name',t1."name",'email',t1."email",'role',t1."role",'createdAt',t1."createdAt") FROM "User" t1 WHERE t1."_org"=?1 AND t1."id"=t0."leadId" LIMIT 1),'null'),',"tasks":',(SELECT concat('[',group_concat(coalesce(concat('{"title":',json_quote(t2."title"),',"project":',coalesce((SELECT json_object('name',t4."name") FROM "Project" t4 WHERE t4."_org"=?1 AND t4."id"=t2."projectId" LIMIT 1),'null'),'}'),'null'),','),']') FROM (SELECT t3.* FROM "Task" t3 WHERE t3."_org"=?1 AND t3."projectId"=t0."id" AND (t3."owner"=?2 OR EXISTS (SELECT 1 FROM "Project" t5 WHERE t5."_org"=?1 AND t5."id"=t3."projectId" AND t5."leadId"=?3)) ORDER BY t3."createdAt" DESC,t3."id" DESC LIMIT 10) t2),'}'),t0."id" FROM "Project" t0 WHERE t0."_org"=?1 ORDER BY t0."id" LIMIT ?4
--   ?1 = "o1"
--   ?2 = "u1"
--   ?3 = "u1"
--   ?4 = 21

-- nested, in an index's order
SELECT concat('{"tasks":',(SELECT concat('[',group_concat(coalesce(concat('{"title":',json_quote(t1."title"),',"project":',coalesce((SELECT concat('{"budget":',CASE WHEN t3."leadId"=?1 THEN coalesce(loam_float(t3."budget"),'null') ELSE 'null' END,',"lead":',coalesce((SELECT json_object('name',t4."name") FROM "User" t4 WHERE t4."_org"=?2 AND t4."id"=t3."leadId" LIMIT 1),'null'),',"tasks":',(SELECT concat('[',group_concat(coalesce(concat('{"id":',json_quote(t5."id"),',"project":',coalesce((SELECT json_object('id',t7."id",'name',t7."name",'archived',CASE t7."archived" WHEN 1 THEN json('true') WHEN 0 THEN json('false') END,'budget',CASE WHEN t7."leadId"=?3 THEN loam_float(t7."budget") ELSE null END,'leadId',t7."leadId",'createdAt',t7."createdAt",'updatedAt',t7."updatedAt",'version',t7."_version") FROM "Project" t7 WHERE t7."_org"=?2 AND t7."id"=t5."projectId" LIMIT 1),'null'),'}'),'null'),','),']') FROM (SELECT t6.* FROM "Task" t6 WHERE t6."_org"=?2 AND t6."projectId"=t3."id" AND (t6."owner"=?4 OR EXISTS (SELECT 1 FROM "Project" t8 WHERE t8."_org"=?2 AND t8."id"=t6."projectId" AND t8."leadId"=?5)) ORDER BY t6."id" LIMIT 1) t5),'}') FROM "Project" t3 WHERE t3."_org"=?2 AND t3."id"=t1."projectId" LIMIT 1),'null'),'}'),'null'),','),']') FROM (SELECT t2.* FROM "Task" t2 WHERE t2."_org"=?2 AND t2."projectId"=t0."id" AND (t2."owner"=?6 OR EXISTS (SELECT 1 FROM "Project" t9 WHERE t9."_org"=?2 AND t9."id"=t2."projectId" AND t9."leadId"=?7)) ORDER BY t2."id" LIMIT 10) t1),'}'),t0."id" FROM "Project" t0 WHERE t0."_org"=?2 ORDER BY t0."id" LIMIT ?8
--   ?1 = "u1"
--   ?2 = "o1"
--   ?3 = "u1"
--   ?4 = "u1"
--   ?5 = "u1"
--   ?6 = "u1"
--   ?7 = "u1"
--   ?8 = 21

-- nested page
SELECT concat('{"ts":',concat('{"items":',(SELECT concat('[',group_concat(coalesce(json_object('title',t1."title"),'null'),','),']') FROM (SELECT t2.* FROM "Task" t2 WHERE t2."_org"=?1 AND t2."projectId"=t0."id" AND (t2."owner"=?2 OR EXISTS (SELECT 1 FROM "Project" t3 WHERE t3."_org"=?1 AND t3."id"=t2."projectId" AND t3."leadId"=?3)) ORDER BY t2."id" LIMIT 5) t1),',"nextToken":',coalesce((SELECT concat('[',json_quote(l.c0),']') FROM (SELECT t4."id" AS c0 FROM "Task" t4 WHERE t4."_org"=?1 AND t4."projectId"=t0."id" AND (t4."owner"=?4 OR EXISTS (SELECT 1 FROM "Project" t6 WHERE t6."_org"=?1 AND t6."id"=t4."projectId" AND t6."leadId"=?5)) ORDER BY t4."id" LIMIT 1 OFFSET 4) l WHERE EXISTS (SELECT 1 FROM "Task" t5 WHERE t5."_org"=?1 AND t5."projectId"=t0."id" AND (t5."owner"=?6 OR EXISTS (SELECT 1 FROM "Project" t7 WHERE t7."_org"=?1 AND t7."id"=t5."projectId" AND t7."leadId"=?7)) ORDER BY t5."id" LIMIT 1 OFFSET 5)),'null'),',"total":',(SELECT count(*) FROM "Task" t8 WHERE t8."_org"=?1 AND t8."projectId"=t0."id" AND (t8."owner"=?8 OR EXISTS (SELECT 1 FROM "Project" t9 WHERE t9."_org"=?1 AND t9."id"=t8."projectId" AND t9."leadId"=?9))),',"__typename":','"TaskConnection"','}'),'}'),t0."id" FROM "Project" t0 WHERE t0."_org"=?1 ORDER BY t0."id" LIMIT ?10
--   ?1 = "o1"
--   ?2 = "u1"
--   ?3 = "u1"
--   ?4 = "u1"
--   ?5 = "u1"
--   ?6 = "u1"
--   ?7 = "u1"
--   ?8 = "u1"
--   ?9 = "u1"
--   ?10 = 101

-- embedded
SELECT concat('{"place":',coalesce(CASE WHEN t0."place" IS NOT NULL THEN concat('{"town":',coalesce(t0."place"->'$.city','null'),'}') END,'null'),'}'),t0."id" FROM "Task" t0 WHERE t0."_org"=?1 AND (t0."owner"=?2 OR EXISTS (SELECT 1 FROM "Project" t1 WHERE t1."_org"=?1 AND t1."id"=t0."projectId" AND t1."leadId"=?3)) ORDER BY t0."id" LIMIT ?4
--   ?1 = "o1"
--   ?2 = "u1"
--   ?3 = "u1"
--   ?4 = 101

-- search
SELECT json_object('id',t0."id",'title',t0."title",'body',t0."body",'points',t0."points",'status',t0."status",'place',json(t0."place"),'tags',json(t0."tags"),'slug',t0."slug",'projectId',t0."projectId",'owner',t0."owner",'createdAt',t0."createdAt",'updatedAt',t0."updatedAt",'version',t0."_version"),(coalesce((length(highlight("Task__search",1,char(1),''))-length(t0."title"))*2.0/(16+length(t0."title")),0)+coalesce((length(highlight("Task__search",2,char(1),''))-length(t0."body"))*1.0/(16+length(t0."body")),0)),t0."id" FROM "Task__search" JOIN "Task" t0 ON t0."_rowid"="Task__search".rowid WHERE t0."_org"=?1 AND "Task__search" MATCH ?2 AND (t0."owner"=?3 OR EXISTS (SELECT 1 FROM "Project" t1 WHERE t1."_org"=?1 AND t1."id"=t0."projectId" AND t1."leadId"=?4)) ORDER BY (coalesce((length(highlight("Task__search",1,char(1),''))-length(t0."title"))*2.0/(16+length(t0."title")),0)+coalesce((length(highlight("Task__search",2,char(1),''))-length(t0."body"))*1.0/(16+length(t0."body")),0)) DESC,t0."id" LIMIT ?5
--   ?1 = "o1"
--   ?2 = "\"_org\" : \"o1\" AND {\"title\" \"body\"} : (\"red\" AND \"fox\" *)"
--   ?3 = "u1"
--   ?4 = "u1"
--   ?5 = 101

-- aggregate
SELECT concat('{"group":',concat('{"status":',json_quote(t0."status"),'}'),',"count":',count(*),',"sum":',concat('{"points":',json_quote(sum(t0."points")),'}'),',"avg":','{}',',"min":','{}',',"max":',concat('{"createdAt":',json_quote(max(t0."createdAt")),'}'),'}') FROM "Task" t0 WHERE t0."_org"=?1 AND (t0."owner"=?2 OR EXISTS (SELECT 1 FROM "Project" t1 WHERE t1."_org"=?1 AND t1."id"=t0."projectId" AND t1."leadId"=?3)) GROUP BY t0."status" ORDER BY t0."status" LIMIT 1001
--   ?1 = "o1"
--   ?2 = "u1"
--   ?3 = "u1"

-- count
SELECT json_object('id',t0."id",'title',t0."title",'body',t0."body",'points',t0."points",'status',t0."status",'place',json(t0."place"),'tags',json(t0."tags"),'slug',t0."slug",'projectId',t0."projectId",'owner',t0."owner",'createdAt',t0."createdAt",'updatedAt',t0."updatedAt",'version',t0."_version"),t0."id" FROM "Task" t0 WHERE t0."_org"=?1 AND (t0."owner"=?2 OR EXISTS (SELECT 1 FROM "Project" t1 WHERE t1."_org"=?1 AND t1."id"=t0."projectId" AND t1."leadId"=?3)) ORDER BY t0."id" LIMIT ?4
--   ?1 = "o1"
--   ?2 = "u1"
--   ?3 = "u1"
--   ?4 = 101

