package httpapi

// consoleRoutes are the console's: its page, and what it alone asks for.
var consoleRoutes = []route{
	{"GET /console", open, consolePage, "the console for admins of the server, in a browser"},
	{"GET /console/{page...}", open, consolePage, "the same: one page shows all of its addresses"},
	{"GET /console/assets/{file...}", open, consoleAsset, "the files of that page"},
	{"GET /console/api/{rest...}", open, consoleNothing, "no page: what the console asks for has addresses of its own"},
	{"GET /console/api/setup", open, consoleWaits, "whether nobody administers the server yet"},
	{"POST /console/api/setup", anyone, consoleSetUp, "makes the first admin of the server, by the link that its terminal shows"},
	{"GET /console/api/me", adminReads, consoleSelf, "who asks, and what there is to do in the console"},
	{"GET /console/api/overview", adminReads, consoleOverview, "what requests were like over the last `hour`, `day` or `14d` (`range`), and which operations are slow"},
	{"GET /console/api/schema", adminReads, consoleSchema, "the schema in force: models, relations as edges, rules in words, remarks on the file"},
	{"POST /console/api/explain", adminReads, consoleExplain, "why somebody may do something with a row, or may not: what each rule says, in words"},
	{"GET /console/api/history/{plural}/{id}", adminReads, consoleHistory, "what happened to a row of `?organization=`, newest first"},
	{"GET /console/api/migrations", adminReads, consoleMigrations, "the migrations that the database has had, and what the schema's file would do to it"},
	{"GET /console/api/settings", adminReads, consoleSettings, "the settings in force, without secrets, and what the server is"},
	{"GET /console/api/connections", adminReads, consoleConnections, "the live connections of all servers of the database, oldest first, or of one (`node`), and which servers there are"},
	{"DELETE /console/api/connections/{id}", adminActs, consoleHangUp, "closes one of them"},
	{"GET /console/api/users/{user}/sessions", adminReads, consoleSessions, "a user's sessions"},
	{"DELETE /console/api/users/{user}/sessions/{session}", adminActs, consoleEndSession, "ends one of them"},
	{"GET /console/api/audit", adminReads, consoleAudit, "the audit log of all organizations in one list, newest first; `?organization=` (`none`: what belongs to none), `actor`, `target`, `action`, `since`, `until`"},
	{"GET /console/api", open, consoleNothing, "likewise"},
}
