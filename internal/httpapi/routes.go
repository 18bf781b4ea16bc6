package httpapi

// guard says what a route demands of the caller before its handler runs.
type guard uint8

const (
	open     guard = iota // nothing: credentials are not even looked at
	anyone                // credentials are verified if shown; the rules decide
	signedIn              // a user
)

// route is one line of the table.
type route struct {
	pattern string // as of http.ServeMux
	guard   guard
	handle  func(*call) (reply, error)
}

var routes = []route{
	{"GET /{$}", open, front},
	{"GET /healthz", open, health},
	{"GET /readyz", open, ready},
	{"GET /.well-known/jwks.json", open, jwks},

	{"POST /auth/sign-up", open, signUp},
	{"POST /auth/sign-in", open, signIn},
	{"POST /auth/refresh", open, refresh},
	{"POST /auth/sign-out", signedIn, signOut},
	{"GET /auth/me", signedIn, me},
	{"GET /auth/keys", signedIn, listKeys},
	{"POST /auth/keys", signedIn, createKey},
	{"DELETE /auth/keys/{key}", signedIn, revokeKey},
	{"GET /auth/organizations", signedIn, listOrganizations},
	{"POST /auth/organizations", signedIn, createOrganization},
	{"POST /auth/organizations/{org}/switch", signedIn, switchOrganization},
	{"GET /auth/organizations/{org}/members", signedIn, listMembers},
	{"POST /auth/organizations/{org}/members", signedIn, addMember},
	{"PATCH /auth/organizations/{org}/members/{user}", signedIn, changeMember},
	{"DELETE /auth/organizations/{org}/members/{user}", signedIn, removeMember},

	{"GET /graphql", anyone, graphqlGet},
	{"POST /graphql", anyone, graphqlPost},
	{"GET /graphql/_explorer/{file}", open, graphiqlAsset},

	{"GET /api", open, docsPage},
	{"GET /api/_docs/{file}", open, docsAsset},
	{"GET /api/openapi.json", open, openAPI},
	{"POST /api/batch", anyone, batch},
	{"GET /api/{plural}", anyone, listRows},
	{"POST /api/{plural}", anyone, createRow},
	{"PUT /api/{plural}", anyone, upsertRow},
	{"GET /api/{plural}/{id}", anyone, getRow},
	{"PATCH /api/{plural}/{id}", anyone, updateRow},
	{"DELETE /api/{plural}/{id}", anyone, deleteRow},
}
