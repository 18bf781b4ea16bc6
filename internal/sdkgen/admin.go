package sdkgen

// tagAdmin is of what admins of the server do.
const tagAdmin = "Admin"

// adminNames are the component schemas of /auth/admin.
type adminNames struct{ user, account, organization, limits, report string }

// addAdmin adds the doors of admins of the server.
func (d *document) addAdmin(n authNames) {
	d.tags = append(d.tags, object{{"name", tagAdmin}, {"description", "What admins of the server do; to everybody else nothing is there. A change needs a fresh proof of who they are: `/auth/reauthenticate`."}})
	a := d.addAdminSchemas(n)
	d.addAdminUsers(n, a)
	d.addAdminImport(a)
	d.addAdminOrganizations(n, a)
}

func (d *document) addAdminSchemas(n authNames) adminNames {
	a := adminNames{d.name("AdminUser"), d.name("AdminAccount"), d.name("AdminOrganization"), d.name("AdminLimits"), d.name("AdminImportReport")}
	text, number, yes := object{{"type", "string"}}, object{{"type", "integer"}}, object{{"type", "boolean"}}
	at := object{{"type", "string"}, {"format", "date-time"}}
	texts := object{{"type", "array"}, {"items", text}}
	user := object{
		{"id", text}, {"email", object{{"type", "string"}, {"format", "email"}}}, {"emailVerified", yes}, {"name", text}, {"locale", text}, {"createdAt", at},
		{"admin", yes}, {"groups", texts}, {"disabledAt", orNull(at)}, {"hasPassword", yes}, {"updatedAt", at},
	}
	always := []string{"id", "emailVerified", "name", "createdAt", "admin", "groups", "disabledAt", "hasPassword", "updatedAt"}
	d.add(a.user, objectSchema("", user, always))
	membership := objectSchema("", object{{"id", text}, {"name", text}, {"slug", text}, {"role", text}}, []string{"id", "name", "slug", "role"})
	d.add(a.account, objectSchema("", append(user[:len(user):len(user)],
		member{"organizations", object{{"type", "array"}, {"items", membership}}}, member{"identities", texts},
		member{"sessions", number}, member{"lastSignInAt", orNull(at)}),
		append(always[:len(always):len(always)], "organizations", "identities", "sessions", "lastSignInAt")))
	limits := object{{"members", number}, {"teams", number}, {"invitations", number}, {"domains", number}, {"rows", number}, {"storage", number}, {"requestsPerMinute", number}}
	d.add(a.limits, objectSchema("0 is no limit.", limits, nil))
	d.add(a.organization, objectSchema("", object{
		{"id", text}, {"name", text}, {"slug", text}, {"members", number}, {"suspendedAt", orNull(at)}, {"suspendedFor", text}, {"limits", ref(a.limits)},
		{"usage", objectSchema("", object{{"rows", number}, {"storage", number}}, []string{"rows", "storage"})}, {"createdAt", at},
	}, []string{"id", "name", "slug", "members", "suspendedAt", "suspendedFor", "limits", "usage", "createdAt"}))
	mistake := objectSchema("", object{{"field", text}, {"message", text}}, []string{"field", "message"})
	d.add(a.report, objectSchema("", object{
		{"created", number}, {"updated", number}, {"skipped", number}, {"failed", number}, {"dryRun", yes}, {"errors", object{{"type", "array"}, {"items", mistake}}},
	}, []string{"created", "updated", "skipped", "failed", "dryRun", "errors"}))
	return a
}

// byAdmin is an operation of an admin of the server.
func byAdmin(o operation) object {
	o.tag, o.security, o.problems = tagAdmin, signedIn(), memberProblems
	return o.json()
}

// inQuery is a parameter of the URL's query.
func inQuery(name, description string, schema object) object {
	return object{{"name", name}, {"in", "query"}, {"description", description}, {"schema", schema}}
}

// done is an answer without a body.
func done(description string) object { return object{{"description", description}} }

func (d *document) addAdminUsers(n authNames, a adminNames) {
	text, yes := object{{"type", "string"}}, object{{"type", "boolean"}}
	email, groups := object{{"type", "string"}, {"format", "email"}}, object{{"type", "array"}, {"items", text}}
	user := []object{pathParameter("user", "The user's id or address.")}
	d.path("/auth/admin/claim", object{{"post", byAdmin(operation{id: "adminClaim", summary: "Become the first admin", status: "204",
		description: "With the token that a server without an admin shows on its terminal.", body: input(1, member{"token", text}), answer: done("The caller is an admin.")})}})
	d.path("/auth/admin/users", object{
		{"get", byAdmin(operation{id: "adminListUsers", summary: "List users", status: "200", answer: answers("A page of users.", items(a.user)),
			parameters: []object{
				sharedParameter("limit"), sharedParameter("cursor"), inQuery("search", "Text in the address or the name.", text), inQuery("disabled", "", yes),
				inQuery("admin", "", yes), inQuery("org", "Members of this organization, by id or slug.", text),
				inQuery("sort", "createdAt, email or name, with - before it for the other way round.", text),
			}})},
		{"post", byAdmin(operation{id: "adminCreateUser", summary: "Make a user", description: "Without a password they are mailed a link to choose one.", status: "201",
			body:   input(1, member{"email", email}, member{"name", text}, member{"locale", text}, member{"verified", yes}, member{"password", text}),
			answer: answers("The user.", ref(a.account))})},
	})
	d.path("/auth/admin/users/{user}", object{
		{"get", byAdmin(operation{id: "adminGetUser", summary: "A user", parameters: user, status: "200", answer: answers("The user.", ref(a.account))})},
		{"patch", byAdmin(operation{id: "adminChangeUser", summary: "Change a user", parameters: user, status: "200", answer: answers("The user.", ref(a.account)),
			description: "`reset` voids the password and mails a link to choose another.",
			body: input(0, member{"name", text}, member{"email", email}, member{"verified", yes}, member{"disabled", yes}, member{"admin", yes},
				member{"groups", groups}, member{"reset", yes})})},
		{"delete", byAdmin(operation{id: "adminDeleteUser", summary: "Delete a user", parameters: user, status: "204", answer: done("The user is gone.")})},
	})
	d.path("/auth/admin/users/{user}/sessions/end", object{{"post", byAdmin(operation{id: "adminSignOut", summary: "End a user's sessions",
		parameters: user, status: "204", answer: done("They have ended.")})}})
	d.path("/auth/admin/users/{user}/impersonate", object{{"post", byAdmin(operation{id: "adminImpersonate", summary: "Act as a user",
		description: "For 30 minutes, and for reading unless `write` is asked for and `auth.impersonation` allows it. Never as another admin.",
		parameters:  user, body: input(1, member{"reason", text}, member{"write", yes}, member{"org", text}), status: "201",
		answer: answers("A session without a refresh token.", objectSchema("", object{
			{"user", ref(n.user)}, {"organization", orNull(ref(n.organization))}, {"accessToken", text}, {"expiresIn", object{{"type", "integer"}}},
		}, []string{"user", "organization", "accessToken", "expiresIn"}))})}})
}

func (d *document) addAdminImport(a adminNames) {
	text, yes := object{{"type", "string"}}, object{{"type", "boolean"}}
	d.path("/auth/admin/import", object{{"post", byAdmin(operation{id: "adminImport", summary: "Import users from a file",
		description: "The body is the file. For `firebase` the headers Firebase-Signer-Key, Firebase-Salt-Separator, Firebase-Rounds and Firebase-Memory-Cost say how passwords are hashed.",
		parameters: []object{
			{{"name", "format"}, {"in", "query"}, {"required", true}, {"schema", object{{"type", "string"}, {"enum", []string{"csv", "json", "firebase"}}}}},
			inQuery("dryRun", "Do everything, then undo it.", yes), inQuery("update", "Change accounts that were imported before.", yes),
			inQuery("stopAtError", "End at the first row with a mistake.", yes),
		}, body: text, status: "200", answer: answers("What came of the rows.", ref(a.report))})}})
	d.path("/auth/admin/keys/rotate", object{{"post", byAdmin(operation{id: "adminRotateKeys", summary: "Sign tokens with a new key", status: "204", answer: done("Nobody is signed out.")})}})
}

func (d *document) addAdminOrganizations(n authNames, a adminNames) {
	text, page := object{{"type", "string"}}, []object{sharedParameter("limit"), sharedParameter("cursor")}
	org := []object{pathParameter("org", "The organization's id or slug.")}
	one := answers("The organization.", ref(a.organization))
	d.path("/auth/admin/organizations", object{
		{"get", byAdmin(operation{id: "adminListOrganizations", summary: "List organizations", status: "200", answer: answers("A page of organizations.", items(a.organization)),
			parameters: append(page, inQuery("search", "Organizations whose name or slug begins with this.", text))})},
		{"post", byAdmin(operation{id: "adminCreateOrganization", summary: "Found an organization for a user", status: "201", answer: one,
			body: input(2, member{"name", text}, member{"owner", object{{"type", "string"}, {"description", "The user's id or address."}}})})},
	})
	d.path("/auth/admin/organizations/{org}", object{
		{"get", byAdmin(operation{id: "adminGetOrganization", summary: "An organization", parameters: org, status: "200", answer: one})},
		{"patch", byAdmin(operation{id: "adminChangeOrganization", summary: "Change an organization", parameters: org, status: "200", answer: one,
			body: input(0, member{"name", text}, member{"slug", text}, member{"logo", text}, member{"color", text})})},
		{"delete", byAdmin(operation{id: "adminDeleteOrganization", summary: "Delete an organization with all that is in it", parameters: org, status: "204",
			body: input(1, member{"confirm", object{{"type", "string"}, {"description", "Its slug."}}}), answer: done("It is gone for everyone.")})},
	})
	d.path("/auth/admin/organizations/{org}/members", object{{"get", byAdmin(operation{id: "adminListMembers", summary: "List an organization's members",
		parameters: append(org[:1:1], page[:2]...), status: "200", answer: answers("A page of members.", items(n.person))})},
		{"post", byAdmin(operation{id: "adminAddMember", summary: "Add any user", description: "Name the user by one of `userId` and `email`.", parameters: org, status: "201",
			body: input(0, member{"userId", text}, member{"email", text}, member{"role", ref(n.role)}), answer: answers("The member.", ref(n.person))})}})
	d.path("/auth/admin/organizations/{org}/export", object{{"post", byAdmin(operation{id: "adminExportOrganization", summary: "Export an organization", parameters: org, status: "200",
		answer: object{{"description", "All that is in it, a JSON object a line."}, {"content", object{{"application/jsonl", object{{"schema", object{{"type", "object"}}}}}}}}})}})
	d.path("/auth/admin/organizations/{org}/suspend", object{{"post", byAdmin(operation{id: "adminSuspend", summary: "Close an organization", parameters: org, status: "200",
		body: input(0, member{"reason", text}), answer: one})}})
	d.path("/auth/admin/organizations/{org}/restore", object{{"post", byAdmin(operation{id: "adminRestore", summary: "Open an organization again", parameters: org, status: "200", answer: one})}})
	d.path("/auth/admin/organizations/{org}/limits", object{{"put", byAdmin(operation{id: "adminSetLimits", summary: "Set an organization's own limits", parameters: org, status: "200",
		description: "What is left out is as for all.", body: ref(a.limits), answer: one})}})
}
