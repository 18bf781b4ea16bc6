package httpapi

// consoleRoutes are the console's: its page, and what it alone asks for.
var consoleRoutes = []route{
	{"GET /console", open, consolePage, "the console for admins of the server, in a browser"},
	{"GET /console/{page...}", open, consolePage, "the same: one page shows all of its addresses"},
	{"GET /console/assets/{file...}", open, consoleAsset, "the files of that page"},
	{"GET /console/api/{rest...}", open, consoleNothing, "no page: what the console asks for has addresses of its own"},
	{"GET /console/api", open, consoleNothing, "likewise"},
}
