-- get
SELECT t0."id",t0."name",t0."archived",CASE WHEN t0."leadId"=$1::text THEN t0."budget" ELSE NULL END,t0."leadId",t0."createdAt",t0."updatedAt",t0."_version" FROM "Project" t0 WHERE t0."_org"=$2::text AND t0."id"=$3::text
--   $1 = "u1"
--   $2 = "o1"
--   $3 = "p1"

-- get under two rules
SELECT t0."id",t0."title",t0."body",t0."points",t0."status",t0."place",t0."tags",t0."slug",t0."projectId",t0."owner",t0."createdAt",t0."updatedAt",t0."_version" FROM "Task" t0 WHERE t0."_org"=$1::text AND (t0."owner"=$2::text OR EXISTS (SELECT 1 FROM "Project" t1 WHERE t1."_org"=$1::text AND t1."id"=t0."projectId" AND t1."leadId"=$3::text)) AND t0."id"=$4::text
--   $1 = "o1"
--   $2 = "u1"
--   $3 = "u1"
--   $4 = "t1"

-- get by a composite key
SELECT t0."code",t0."region",t0."name",t0."_version" FROM "Country" t0 WHERE true AND t0."code"=$1::text AND t0."region"=$2::text
--   $1 = "FI"
--   $2 = "EU"

-- list
SELECT t0."id",t0."name",t0."archived",CASE WHEN t0."leadId"=$1::text THEN t0."budget" ELSE NULL END,t0."leadId",t0."createdAt",t0."updatedAt",t0."_version" FROM "Project" t0 WHERE t0."_org"=$2::text ORDER BY t0."id" LIMIT $3::bigint
--   $1 = "u1"
--   $2 = "o1"
--   $3 = 101

-- list, filtered and sorted
SELECT t0."id",t0."title",t0."body",t0."points",t0."status",t0."place",t0."tags",t0."slug",t0."projectId",t0."owner",t0."createdAt",t0."updatedAt",t0."_version" FROM "Task" t0 WHERE t0."_org"=$1::text AND (t0."owner"=$2::text OR EXISTS (SELECT 1 FROM "Project" t1 WHERE t1."_org"=$1::text AND t1."id"=t0."projectId" AND t1."leadId"=$3::text)) AND (t0."points">=$4::bigint AND t0."status"=$5::text) AND ((t0."points"<$6::bigint OR t0."points" IS NULL) OR t0."points"=$7::bigint AND t0."title">=$8::text AND (t0."title">$9::text OR t0."title"=$10::text AND (t0."id">$11::text))) ORDER BY t0."points" DESC NULLS LAST,t0."title",t0."id" LIMIT $12::bigint
--   $1 = "o1"
--   $2 = "u1"
--   $3 = "u1"
--   $4 = 3
--   $5 = "TODO"
--   $6 = 4
--   $7 = 4
--   $8 = "m"
--   $9 = "m"
--   $10 = "m"
--   $11 = "t9"
--   $12 = 31

-- every operator
SELECT t0."id",t0."title",t0."body",t0."points",t0."status",t0."place",t0."tags",t0."slug",t0."projectId",t0."owner",t0."createdAt",t0."updatedAt",t0."_version" FROM "Task" t0 WHERE t0."_org"=$1::text AND (t0."owner"=$2::text OR EXISTS (SELECT 1 FROM "Project" t1 WHERE t1."_org"=$1::text AND t1."id"=t0."projectId" AND t1."leadId"=$3::text)) AND ((t0."body" IS NOT NULL AND (t0."body"=$4::text) IS NOT TRUE) AND t0."points" BETWEEN $5::bigint AND $6::bigint AND (t0."slug"=ANY($7::text[])) IS NOT TRUE AND t0."status"=ANY($8::text[]) AND (EXISTS (SELECT 1 FROM json_array_elements_text(t0."tags") e WHERE e.value=ANY($9::text[])) AND json_array_length(t0."tags")=$10::bigint) AND (t0."title">=$11::text AND t0."title"<$12::text AND strpos(t0."title",$13::text)>0 AND (strpos(t0."title",$14::text)>0) IS NOT TRUE AND length(t0."title")>$15::bigint)) ORDER BY t0."id" LIMIT $16::bigint
--   $1 = "o1"
--   $2 = "u1"
--   $3 = "u1"
--   $4 = "x"
--   $5 = 1
--   $6 = 9
--   $7 = "{\"a\",\"b\"}"
--   $8 = "{\"TODO\",\"DONE\"}"
--   $9 = "{\"red\"}"
--   $10 = 2
--   $11 = "a"
--   $12 = "b"
--   $13 = "b"
--   $14 = "c"
--   $15 = 3
--   $16 = 101

-- and, or, not
SELECT t0."id",t0."title",t0."body",t0."points",t0."status",t0."place",t0."tags",t0."slug",t0."projectId",t0."owner",t0."createdAt",t0."updatedAt",t0."_version" FROM "Task" t0 WHERE t0."_org"=$1::text AND (t0."owner"=$2::text OR EXISTS (SELECT 1 FROM "Project" t1 WHERE t1."_org"=$1::text AND t1."id"=t0."projectId" AND t1."leadId"=$3::text)) AND (t0."points"=$4::bigint OR (t0."points"=$5::bigint) IS NOT TRUE) ORDER BY t0."id" LIMIT $6::bigint
--   $1 = "o1"
--   $2 = "u1"
--   $3 = "u1"
--   $4 = 1
--   $5 = 2
--   $6 = 101

-- through relations
SELECT t0."id",t0."name",t0."archived",CASE WHEN t0."leadId"=$1::text THEN t0."budget" ELSE NULL END,t0."leadId",t0."createdAt",t0."updatedAt",t0."_version" FROM "Project" t0 WHERE t0."_org"=$2::text AND EXISTS (SELECT 1 FROM "Task" t1 WHERE t1."_org"=$2::text AND t1."projectId"=t0."id" AND ((t1."owner"=$3::text OR EXISTS (SELECT 1 FROM "Project" t2 WHERE t2."_org"=$2::text AND t2."id"=t1."projectId" AND t2."leadId"=$4::text)) AND (EXISTS (SELECT 1 FROM "Project" t3 WHERE t3."_org"=$2::text AND t3."id"=t1."projectId" AND t3."name"=$5::text) AND t1."title"=$6::text))) ORDER BY t0."id" LIMIT $7::bigint
--   $1 = "u1"
--   $2 = "o1"
--   $3 = "u1"
--   $4 = "u1"
--   $5 = "y"
--   $6 = "x"
--   $7 = 101

-- a field behind a rule
SELECT t0."id",t0."name",t0."archived",CASE WHEN t0."leadId"=$1::text THEN t0."budget" ELSE NULL END,t0."leadId",t0."createdAt",t0."updatedAt",t0."_version" FROM "Project" t0 WHERE t0."_org"=$2::text AND ((t0."leadId"=$3::text AND t0."budget">$4::double precision)) IS NOT TRUE ORDER BY t0."id" LIMIT $5::bigint
--   $1 = "u1"
--   $2 = "o1"
--   $3 = "u1"
--   $4 = 5
--   $5 = 101

-- nested
SELECT t0."id",t0."archived",record_send((SELECT ROW(t1."id"::text,t1."name"::text,t1."email"::text,t1."role"::text,t1."createdAt"::timestamptz) FROM "User" t1 WHERE t1."_org"=$1::text AND t1."id"=t0."leadId" LIMIT 1)),array_send(ARRAY(SELECT ROW(t2."title"::text,(SELECT ROW(t4."name"::text) FROM "Project" t4 WHERE t4."_org"=$1::text AND t4."id"=t2."projectId" LIMIT 1)) FROM (SELECT t3.* FROM "Task" t3 WHERE t3."_org"=$1::text AND t3."projectId"=t0."id" AND (t3."owner"=$2::text OR EXISTS (SELECT 1 FROM "Project" t5 WHERE t5."_org"=$1::text AND t5."id"=t3."projectId" AND t5."leadId"=$3::text)) ORDER BY t3."createdAt" DESC,t3."id" DESC LIMIT 10) t2)) FROM "Project" t0 WHERE t0."_org"=$1::text ORDER BY t0."id" LIMIT $4::bigint
--   $1 = "o1"
--   $2 = "u1"
--   $3 = "u1"
--   $4 = 21

-- nested, in an index's order
SELECT array_send(ARRAY(SELECT ROW(t1."title"::text,t1."+t3") FROM (SELECT t2.*,t3.one AS "+t3" FROM "Task" t2 LEFT JOIN LATERAL (SELECT ROW(CASE WHEN t3."leadId"=$1::text THEN t3."budget"::text ELSE NULL END,(SELECT ROW(t4."name"::text) FROM "User" t4 WHERE t4."_org"=$2::text AND t4."id"=t3."leadId" LIMIT 1),ARRAY(SELECT ROW(t5."id"::text,t5."+t7") FROM (SELECT t6.*,t7.one AS "+t7" FROM "Task" t6 LEFT JOIN LATERAL (SELECT ROW(t7."id"::text,t7."name"::text,t7."archived"::boolean,CASE WHEN t7."leadId"=$3::text THEN t7."budget"::text ELSE NULL END,t7."leadId"::text,t7."createdAt"::timestamptz,t7."updatedAt"::timestamptz,t7."_version"::bigint) AS one FROM "Project" t7 WHERE t7."_org"=$2::text AND t7."id"=t6."projectId" LIMIT 1) t7 ON true WHERE t6."_org"=$2::text AND t6."projectId"=t3."id" AND (t6."owner"=$4::text OR EXISTS (SELECT 1 FROM "Project" t8 WHERE t8."_org"=$2::text AND t8."id"=t6."projectId" AND t8."leadId"=$5::text)) ORDER BY t6."id" LIMIT 1) t5)) AS one FROM "Project" t3 WHERE t3."_org"=$2::text AND t3."id"=t2."projectId" LIMIT 1) t3 ON true WHERE t2."_org"=$2::text AND t2."projectId"=t0."id" AND (t2."owner"=$6::text OR EXISTS (SELECT 1 FROM "Project" t9 WHERE t9."_org"=$2::text AND t9."id"=t2."projectId" AND t9."leadId"=$7::text)) ORDER BY t2."id" LIMIT 10) t1)),t0."id" FROM "Project" t0 WHERE t0."_org"=$2::text ORDER BY t0."id" LIMIT $8::bigint
--   $1 = "u1"
--   $2 = "o1"
--   $3 = "u1"
--   $4 = "u1"
--   $5 = "u1"
--   $6 = "u1"
--   $7 = "u1"
--   $8 = 21

-- nested page
SELECT record_send(ROW(ARRAY(SELECT ROW(t1."title"::text) FROM (SELECT t2.* FROM "Task" t2 WHERE t2."_org"=$1::text AND t2."projectId"=t0."id" AND (t2."owner"=$2::text OR EXISTS (SELECT 1 FROM "Project" t3 WHERE t3."_org"=$1::text AND t3."id"=t2."projectId" AND t3."leadId"=$3::text)) ORDER BY t2."id" LIMIT 5) t1),coalesce((SELECT concat('[',coalesce(to_json(l.c0::text)::text,'null'),']') FROM (SELECT t4."id" AS c0 FROM "Task" t4 WHERE t4."_org"=$1::text AND t4."projectId"=t0."id" AND (t4."owner"=$4::text OR EXISTS (SELECT 1 FROM "Project" t6 WHERE t6."_org"=$1::text AND t6."id"=t4."projectId" AND t6."leadId"=$5::text)) ORDER BY t4."id" LIMIT 1 OFFSET 4) l WHERE EXISTS (SELECT 1 FROM "Task" t5 WHERE t5."_org"=$1::text AND t5."projectId"=t0."id" AND (t5."owner"=$6::text OR EXISTS (SELECT 1 FROM "Project" t7 WHERE t7."_org"=$1::text AND t7."id"=t5."projectId" AND t7."leadId"=$7::text)) ORDER BY t5."id" LIMIT 1 OFFSET 5)),'null'),(SELECT count(*) FROM "Task" t8 WHERE t8."_org"=$1::text AND t8."projectId"=t0."id" AND (t8."owner"=$8::text OR EXISTS (SELECT 1 FROM "Project" t9 WHERE t9."_org"=$1::text AND t9."id"=t8."projectId" AND t9."leadId"=$9::text))))),t0."id" FROM "Project" t0 WHERE t0."_org"=$1::text ORDER BY t0."id" LIMIT $10::bigint
--   $1 = "o1"
--   $2 = "u1"
--   $3 = "u1"
--   $4 = "u1"
--   $5 = "u1"
--   $6 = "u1"
--   $7 = "u1"
--   $8 = "u1"
--   $9 = "u1"
--   $10 = 101

-- embedded
SELECT coalesce(CASE WHEN t0."place" IS NOT NULL THEN concat('{"town":',coalesce(t0."place"->'city','null'),'}') END,'null'),t0."id" FROM "Task" t0 WHERE t0."_org"=$1::text AND (t0."owner"=$2::text OR EXISTS (SELECT 1 FROM "Project" t1 WHERE t1."_org"=$1::text AND t1."id"=t0."projectId" AND t1."leadId"=$3::text)) ORDER BY t0."id" LIMIT $4::bigint
--   $1 = "o1"
--   $2 = "u1"
--   $3 = "u1"
--   $4 = 101

-- search
SELECT t0."id",t0."title",t0."body",t0."points",t0."status",t0."place",t0."tags",t0."slug",t0."projectId",t0."owner",t0."createdAt",t0."updatedAt",t0."_version",(coalesce(loam_hits(t0."title",(SELECT loam_words($1::text)))*2.0/(16+length(t0."title")),0)+coalesce(loam_hits(t0."body",(SELECT loam_words($1::text)))*1.0/(16+length(t0."body")),0)) FROM "Task" t0 WHERE t0."_org"=$2::text AND t0.ctid=ANY(ARRAY(SELECT loam_find('"Task"',ARRAY['title','body'],$2::text,(SELECT loam_words($1::text))))) AND (t0."owner"=$3::text OR EXISTS (SELECT 1 FROM "Project" t1 WHERE t1."_org"=$2::text AND t1."id"=t0."projectId" AND t1."leadId"=$4::text)) ORDER BY (coalesce(loam_hits(t0."title",(SELECT loam_words($1::text)))*2.0/(16+length(t0."title")),0)+coalesce(loam_hits(t0."body",(SELECT loam_words($1::text)))*1.0/(16+length(t0."body")),0)) DESC,t0."id" LIMIT $5::bigint
--   $1 = "red fox"
--   $2 = "o1"
--   $3 = "u1"
--   $4 = "u1"
--   $5 = 101

-- aggregate
SELECT concat('{"group":',concat('{"status":',coalesce(to_json(t0."status"::text)::text,'null'),'}'),',"count":',count(*),',"sum":',concat('{"points":',coalesce(sum(t0."points")::text,'null'),'}'),',"avg":','{}',',"min":','{}',',"max":',concat('{"createdAt":',coalesce(to_char(max(t0."createdAt") AT TIME ZONE 'UTC','"\""YYYY-MM-DD"T"HH24:MI:SS.MS"Z\""'),'null'),'}'),'}') FROM "Task" t0 WHERE t0."_org"=$1::text AND (t0."owner"=$2::text OR EXISTS (SELECT 1 FROM "Project" t1 WHERE t1."_org"=$1::text AND t1."id"=t0."projectId" AND t1."leadId"=$3::text)) GROUP BY t0."status" ORDER BY t0."status" LIMIT 1001
--   $1 = "o1"
--   $2 = "u1"
--   $3 = "u1"

-- count
SELECT t0."id",t0."title",t0."body",t0."points",t0."status",t0."place",t0."tags",t0."slug",t0."projectId",t0."owner",t0."createdAt",t0."updatedAt",t0."_version" FROM "Task" t0 WHERE t0."_org"=$1::text AND (t0."owner"=$2::text OR EXISTS (SELECT 1 FROM "Project" t1 WHERE t1."_org"=$1::text AND t1."id"=t0."projectId" AND t1."leadId"=$3::text)) ORDER BY t0."id" LIMIT $4::bigint
--   $1 = "o1"
--   $2 = "u1"
--   $3 = "u1"
--   $4 = 101

