package sdkgen

import "github.com/loam-dev/loam/internal/fault"

// The tags of what is not a model's. No model can have a name with a hyphen or
// a space.
const (
	tagSignIn  = "Sign-in"
	tagKeys    = "API keys"
	tagMembers = "Organizations and members"
	tagBatch   = "Batch writes"
)

// addBatch adds the door that runs several writes as one.
func (d *document) addBatch() {
	d.tags = append(d.tags, object{{"name", tagBatch}, {"description", "Several writes as one transaction: all of them or none."}})
	write, outcome := d.name("BatchWrite"), d.name("BatchOutcome")
	d.add(write, closed(objectSchema("A write as its own request would be.", object{
		{"method", object{{"type", "string"}, {"enum", []string{"POST", "PUT", "PATCH", "DELETE"}}}},
		{"path", object{{"type", "string"}, {"description", "Such as `/api/tasks` or `/api/tasks/<id>`."}}},
		{"body", object{{"type", "object"}, {"additionalProperties", true}}},
		{"ifMatch", object{{"type", "string"}, {"description", "The version that the row must have."}}},
	}, []string{"method", "path"})))
	d.add(outcome, objectSchema("", object{
		{"status", object{{"type", "integer"}}},
		{"body", object{{"type", "object"}, {"additionalProperties", true}, {"description", "The row after the write; a delete has none."}}},
	}, []string{"status"}))
	list := func(item string) object { return object{{"type", "array"}, {"items", ref(item)}} }
	operations := append(list(write), member{"minItems", 1})
	if d.options.MaxBatch > 0 {
		operations = append(operations, member{"maxItems", d.options.MaxBatch})
	}
	d.path("/api/batch", object{{"post", operation{
		id: "batch", tag: tagBatch, summary: "Run writes together", description: "An error names the write by its place: `operations.2.title`.",
		security: anyone(), parameters: []object{sharedParameter("idempotencyKey")},
		body:   objectSchema("", object{{"operations", operations}}, []string{"operations"}),
		status: "200", answer: answers("What became of each write, in order.", objectSchema("", object{{"results", list(outcome)}}, []string{"results"})),
		problems: writeProblems,
	}.json()}})
}

// anyone may come with a token, a key or nothing: the rules decide.
func anyone() []object {
	return []object{{{bearer, []any{}}}, {{apiKey, []any{}}}, {}}
}

// signedIn needs a user.
func signedIn() []object { return []object{{{bearer, []any{}}}} }

var (
	openProblems = problemRefs(fault.Invalid, fault.Unauthenticated, fault.Forbidden, fault.Timeout, fault.Conflict, fault.TooLarge,
		fault.Unsupported, fault.TooMany, fault.Internal, fault.Unavailable, fault.StorageFull)
	factorProblems = problemRefs(fault.Invalid, fault.Unauthenticated, fault.Forbidden, fault.NotFound, fault.Timeout, fault.Conflict,
		fault.TooLarge, fault.Unsupported, fault.TooMany, fault.Internal, fault.Unavailable, fault.StorageFull)
	memberProblems = problemRefs(fault.Invalid, fault.Unauthenticated, fault.Forbidden, fault.NotFound, fault.Timeout, fault.Conflict,
		fault.TooLarge, fault.Unsupported, fault.Internal, fault.Unavailable, fault.StorageFull)
)

// authNames are the component schemas of /auth.
type authNames struct {
	user, organization, session, signedIn, me, key, membership, person, role string
}

// addAuth adds the doors of users, keys and organizations.
func (d *document) addAuth() {
	d.tags = append(d.tags,
		object{{"name", tagSignIn}, {"description", "Users and their sessions. An access token lives for `expiresIn` seconds; a refresh token is used once and brings the next pair."}},
		object{{"name", tagKeys}, {"description", "Keys of the active organization, for programs; owners and admins manage them."}},
		object{{"name", tagMembers}, {"description", "Who shares rows with whom."}})
	n := d.addAuthSchemas()
	d.addSessions(n)
	d.addFactors(n)
	d.addPasskeys(n)
	d.addAccount(n)
	d.addKeys(n)
	d.addOrganizations(n)
	d.addAudit()
	d.addAdmin(n)
}

func (d *document) addAuthSchemas() authNames {
	n := authNames{
		d.name("AuthUser"), d.name("AuthOrganization"), d.name("AuthSession"), d.name("AuthSignedIn"), d.name("AuthMe"),
		d.name("AuthKey"), d.name("AuthMembership"), d.name("AuthMember"), d.name("AuthRole"),
	}
	text, email := object{{"type", "string"}}, object{{"type", "string"}, {"format", "email"}}
	at := object{{"type", "string"}, {"format", "date-time"}}
	all := func(name string, properties object) {
		names := make([]string, len(properties))
		for i, p := range properties {
			names[i] = p.key
		}
		d.add(name, objectSchema("", properties, names))
	}
	active := member{"organization", orNull(ref(n.organization))}
	d.add(n.role, object{{"type", "string"}, {"enum", d.schema.Roles}})
	d.add(n.user, objectSchema("", object{{"id", text}, {"email", email}, {"emailVerified", object{{"type", "boolean"}}}, {"name", text},
		{"locale", text}, {"createdAt", at}}, []string{"id", "emailVerified", "name", "createdAt"}))
	all(n.organization, object{{"id", text}, {"name", text}, {"role", ref(n.role)}})
	all(n.me, object{{"user", d.withOwn(n.user, "User")}, active})
	d.add(n.session, objectSchema("", object{{"user", ref(n.user)}, active, {"accessToken", text}, {"refreshToken", text}, {"expiresIn", object{{"type", "integer"}}},
		{"recoveryCodes", object{{"type", "array"}, {"items", text}, {"description", "Shown once, by the sign-in that set up a second factor."}}},
	}, []string{"user", "organization", "accessToken", "refreshToken", "expiresIn"}))
	challenge := objectSchema("One proof is not enough: answer at `/auth/challenge`.", object{{"challenge", objectSchema("", object{
		{"id", text}, {"kinds", object{{"type", "array"}, {"items", object{{"type", "string"}, {"enum", []string{"totp", "passkey", "recovery", "enrol"}}}}}},
	}, []string{"id", "kinds"})}}, []string{"challenge"})
	d.add(n.signedIn, object{{"anyOf", []object{ref(n.session), challenge}}})
	all(n.membership, object{{"id", text}, {"name", text}, {"role", ref(n.role)}, {"createdAt", at}})
	all(n.person, object{{"userId", text}, {"name", text}, {"email", email}, {"role", ref(n.role)}, {"createdAt", at}})
	d.add(n.key, objectSchema("", object{
		{"id", text}, {"name", text}, {"readOnly", object{{"type", "boolean"}}}, {"createdBy", text}, {"createdAt", at},
		{"lastUsedAt", orNull(at)}, {"key", object{{"type", "string"}, {"description", "The key itself: shown once, when it is made."}}},
	}, []string{"id", "name", "readOnly", "createdBy", "createdAt", "lastUsedAt"}))
	return n
}

// input is a body of named fields, the first ones required.
func input(required int, properties ...member) object {
	names := make([]string, required)
	for i := range names {
		names[i] = properties[i].key
	}
	return closed(objectSchema("", properties, names))
}

// items is a page of a list that is not a model's.
func items(item string) object {
	return objectSchema("", object{
		{"items", object{{"type", "array"}, {"items", ref(item)}}},
		{"nextCursor", object{{"type", []string{"string", "null"}}}},
	}, []string{"items", "nextCursor"})
}

func (d *document) addSessions(n authNames) {
	text := object{{"type", "string"}}
	email := member{"email", object{{"type", "string"}, {"format", "email"}}}
	password := member{"password", object{{"type", "string"}, {"format", "password"}}}
	session := answers("A session.", ref(n.session))
	post := func(path string, o operation) {
		o.tag, o.problems = tagSignIn, openProblems
		d.path(path, object{{"post", o.json()}})
	}
	post("/auth/sign-up", operation{
		id: "authSignUp", summary: "Make an account", description: "A new user gets an organization to start in, and is its owner.",
		body: input(2, email, password, member{"name", text}, member{"locale", text}, member{"redirect", text}, member{"invitation", text}), status: "201", answer: session,
	})
	post("/auth/sign-in", operation{id: "authSignIn", summary: "Sign in", body: input(2, email, password), status: "200",
		answer: answers("A session, or a challenge where a second factor is due.", ref(n.signedIn))})
	post("/auth/refresh", operation{
		id: "authRefresh", summary: "Get new tokens", description: "The refresh token is used up. One that was used before ends its session.",
		body: input(1, member{"refreshToken", text}), status: "200", answer: session,
	})
	post("/auth/sign-out", operation{
		id: "authSignOut", summary: "End the session", security: signedIn(), status: "204", answer: object{{"description", "The session has ended."}},
	})
	d.path("/auth/me", object{{"get", operation{
		id: "authMe", tag: tagSignIn, summary: "Who the caller is", security: signedIn(),
		status: "200", answer: answers("The user and the active organization.", ref(n.me)), problems: memberProblems,
	}.json()}, {"patch", operation{
		id: "authChangeMe", tag: tagSignIn, summary: "Change the caller's name and profile", description: "What is left out stays as it is.", security: signedIn(),
		body:   closed(objectSchema("", append(object{{"name", text}}, d.ownInput("User")...), nil)),
		status: "200", answer: answers("The user and the active organization.", ref(n.me)), problems: memberProblems,
	}.json()}})
}

func (d *document) addKeys(n authNames) {
	key := pathParameter("key", "Its id.")
	of := func(o operation) object {
		o.tag, o.security, o.problems = tagKeys, signedIn(), memberProblems
		return o.json()
	}
	d.path("/auth/keys", object{
		{"get", of(operation{id: "authListKeys", summary: "List the keys", status: "200", answer: answers("The keys, oldest first.", items(n.key))})},
		{"post", of(operation{
			id: "authCreateKey", summary: "Make a key",
			body:   input(1, member{"name", object{{"type", "string"}, {"description", "What it is for."}}}, member{"readOnly", object{{"type", "boolean"}}}),
			status: "201", answer: answers("The key. It is not shown again.", ref(n.key)),
		})},
	})
	d.path("/auth/keys/{key}", object{{"delete", of(operation{
		id: "authRevokeKey", summary: "Revoke a key", parameters: []object{key}, status: "204", answer: object{{"description", "The key is revoked."}},
	})}})
}

func pathParameter(name, description string) object {
	return object{{"name", name}, {"in", "path"}, {"required", true}, {"description", description}, {"schema", object{{"type", "string"}}}}
}

func (d *document) addOrganizations(n authNames) {
	text, role := object{{"type", "string"}}, member{"role", ref(n.role)}
	org, user := pathParameter("org", "The organization's id."), pathParameter("user", "The member's user id.")
	of := func(o operation) object {
		o.tag, o.security, o.problems = tagMembers, signedIn(), memberProblems
		return o.json()
	}
	d.path("/auth/organizations", object{
		{"get", of(operation{id: "authListOrganizations", summary: "List the caller's organizations", status: "200",
			answer: answers("The organizations, with the caller's role in each.", items(n.membership))})},
		{"post", of(operation{id: "authCreateOrganization", summary: "Found an organization", body: input(1, member{"name", text}), status: "201",
			answer: answers("The organization, owned by the caller. Switch to it to act in it.", ref(n.membership))})},
	})
	d.path("/auth/organizations/{org}/switch", object{{"post", of(operation{
		id: "authSwitchOrganization", summary: "Act in another organization", parameters: []object{org}, status: "200",
		answer: answers("New tokens; the refresh token from before is used up.", ref(n.session)),
	})}})
	d.path("/auth/organizations/{org}/members", object{
		{"get", of(operation{id: "authListMembers", summary: "List the members", status: "200",
			parameters: []object{org, sharedParameter("limit"), sharedParameter("cursor")}, answer: answers("A page of members.", items(n.person))})},
		{"post", of(operation{id: "authAddMember", summary: "Add a user", description: "Name the user by one of `userId` and `email`: one with whom the caller shares another organization. Invite anybody else.",
			parameters: []object{org}, body: input(0, member{"userId", text}, member{"email", object{{"type", "string"}, {"format", "email"}}}, role),
			status: "201", answer: answers("The member.", ref(n.person))})},
	})
	d.path("/auth/organizations/{org}/members/{user}", object{
		{"patch", of(operation{id: "authChangeMember", summary: "Give a member another role", parameters: []object{org, user},
			body: input(1, role), status: "200", answer: answers("The member.", ref(n.person))})},
		{"delete", of(operation{id: "authRemoveMember", summary: "Remove a member, or leave", parameters: []object{org, user},
			status: "204", answer: object{{"description", "The membership has ended."}}})},
	})
}
