package sdkgen

// accountNames are the component schemas of an account's life.
type accountNames struct {
	signedIn, device, identity, emailChange string
}

// addAccount adds the doors of an account's life: what is mailed, what is proved
// by it, sessions and ways in.
func (d *document) addAccount(n authNames) {
	text, at := object{{"type", "string"}}, object{{"type", "string"}, {"format", "date-time"}}
	a := accountNames{n.signedIn, d.name("AuthDevice"), d.name("AuthIdentity"), d.name("AuthEmailChange")}
	d.add(a.device, objectSchema("", object{
		{"id", text}, {"current", object{{"type", "boolean"}}}, {"method", object{{"type", "string"}, {"description", "How the session began: `password`, `email`, `provider:google`, `client`."}}},
		{"client", object{{"type", "string"}, {"description", "The name of the application whose session it is; absent for the user's own."}}}, {"address", text}, {"agent", text}, {"createdAt", at}, {"lastUsedAt", at},
	}, []string{"id", "current", "method", "address", "agent", "createdAt", "lastUsedAt"}))
	d.add(a.identity, objectSchema("", object{{"provider", text}, {"email", text}, {"createdAt", at}, {"lastUsedAt", at}},
		[]string{"provider", "createdAt", "lastUsedAt"}))
	d.add(a.emailChange, objectSchema("", object{
		{"changed", object{{"type", "boolean"}}}, {"email", object{{"type", "string"}, {"description", "The address in force."}}},
		{"waiting", object{{"type", "string"}, {"enum", []string{"old", "new"}}, {"description", "The address that waits to be confirmed."}}},
	}, []string{"changed", "email"}))
	d.addWaysIn()
	d.addMailed(a)
	d.addOwnAccount(a)
	d.addConsents()
}

// addWaysIn adds what a sign-in page asks before anybody has signed in.
func (d *document) addWaysIn() {
	flag := object{{"type", "boolean"}}
	word := func(words ...string) object { return object{{"type", "string"}, {"enum", words}} }
	whole := func(of object) object {
		var names []string
		for _, m := range of {
			names = append(names, m.key)
		}
		return objectSchema("", of, names)
	}
	field := d.addOwnField()
	settings := d.name("AuthSettings")
	d.add(settings, whole(object{
		{"name", object{{"type", "string"}, {"description", "Of the app."}}}, {"signUp", word("open", "invited", "closed")},
		{"password", whole(object{{"enabled", flag}, {"minLength", object{{"type", "integer"}}}})},
		{"email", whole(object{{"confirm", word("none", "code", "link")}, {"code", flag}, {"link", flag}})},
		{"anonymous", flag}, {"passkeys", flag}, {"totp", flag}, {"secondFactor", word("optional", "required", "admins")},
		{"cookies", object{{"type", "boolean"}, {"description", "`Loam-Session: cookie` is understood."}}},
		{"organizations", whole(object{{"enabled", flag}, {"create", word("anyone", "admins")}, {"domains", flag}})},
		{"fields", object{{"type", "array"}, {"description", "What a sign-up must have besides."}, {"items", ref(field)}}},
		{"returnTo", object{{"type", "string"}, {"description", "`return_to`, where a browser may be sent there after it has signed in; otherwise empty."}}},
	}))
	d.path("/auth/settings", object{{"get", operation{
		id: "authSettings", tag: tagSignIn, summary: "How one signs in here", description: "For a page that offers it.",
		parameters: []object{{{"name", "return_to"}, {"in", "query"}, {"description", "A path of this server, or one of `auth.redirects`."}, {"schema", object{{"type", "string"}}}}},
		status:     "200", answer: answers("The public part of loam.yaml.", ref(settings)), problems: openProblems,
	}.json()}})
}

// addOwnField adds a field of `extend type User` as a page knows it, and returns its
// name.
func (d *document) addOwnField() string {
	text, flag := object{{"type", "string"}}, object{{"type", "boolean"}}
	field := d.name("AuthField")
	d.add(field, objectSchema("A field of `extend type User`.", object{
		{"name", text}, {"type", object{{"type", "string"}, {"description", "A scalar, or the name of an enum or of an embedded type."}}},
		{"values", object{{"type", "array"}, {"description", "Those of an enum."}, {"items", text}}}, {"list", flag}, {"required", flag},
	}, []string{"name", "type", "list", "required"}))
	d.path("/auth/me/fields", object{{"get", operation{
		id: "authMyFields", tag: tagSignIn, summary: "What the caller may change of their profile", description: "For a page that offers it.", security: signedIn(),
		status: "200", answer: answers("The fields.", items(field)), problems: memberProblems,
	}.json()}})
	return field
}

// addMailed adds what is asked for and proved by mail.
func (d *document) addMailed(a accountNames) {
	text := object{{"type", "string"}}
	email, token := member{"email", object{{"type", "string"}, {"format", "email"}}}, member{"token", text}
	code, password := member{"code", text}, member{"password", object{{"type", "string"}, {"format", "password"}}}
	redirect := member{"redirect", object{{"type", "string"}, {"description", "The page that the link leads to: one of `auth.redirects`."}}}
	locale := member{"locale", object{{"type", "string"}, {"description", "The language of the mail."}}}
	post := func(path string, o operation) {
		o.tag, o.problems = tagSignIn, openProblems
		d.path(path, object{{"post", o.json()}})
	}
	asked := answers("The mail is on its way, where the address is one that gets it.", object{{"type", "object"}})
	session := answers("A session.", ref(a.signedIn))
	proof := input(0, token, email, code)
	post("/auth/confirm", operation{id: "authConfirm", summary: "Confirm an address", description: "By the link's `token`, or by `email` and `code`.",
		body: proof, status: "200", answer: session})
	post("/auth/confirm/resend", operation{id: "authResendConfirmation", summary: "Mail another confirmation", body: input(1, email, redirect, locale), status: "202", answer: asked})
	post("/auth/password/forgot", operation{id: "authForgotPassword", summary: "Mail a password reset", body: input(1, email, redirect, locale), status: "202", answer: asked})
	post("/auth/password/reset", operation{id: "authResetPassword", summary: "Set a new password by mail", description: "By the link's `token`, or by `email` and `code`. Every session ends.",
		body: input(1, password, token, email, code), status: "200", answer: session})
	post("/auth/sign-in/email", operation{id: "authAskSignIn", summary: "Mail a code or link to sign in with", body: input(1, email, redirect, locale), status: "202", answer: asked})
	post("/auth/sign-in/email/verify", operation{id: "authSignInByMail", summary: "Sign in by mail", description: "By the link's `token`, or by `email` and `code`.",
		body: proof, status: "200", answer: session})
	post("/auth/email/confirm", operation{id: "authConfirmEmailChange", summary: "Follow a link of a change of address", body: input(1, token), status: "200",
		answer: answers("How far the change is.", ref(a.emailChange))})
	post("/auth/anonymous", operation{id: "authSignInAnonymously", summary: "Sign in without an account", status: "201", answer: session})
}

// addOwnAccount adds what a user does with their own account.
func (d *document) addOwnAccount(a accountNames) {
	text := object{{"type", "string"}}
	secret := object{{"type", "string"}, {"format", "password"}}
	email := member{"email", object{{"type", "string"}, {"format", "email"}}}
	of := func(o operation) object {
		o.tag, o.security, o.problems = tagSignIn, signedIn(), memberProblems
		return o.json()
	}
	done := func(what string) object { return object{{"description", what}} }
	d.path("/auth/anonymous/convert", object{{"post", of(operation{id: "authBecome", summary: "Become a real user", description: "The anonymous user keeps their rows.",
		body: input(2, email, member{"password", secret}, member{"name", text}, member{"locale", text}), status: "201", answer: answers("A session.", ref(a.signedIn))})}})
	d.path("/auth/password", object{{"post", of(operation{id: "authChangePassword", summary: "Change the password", description: "`current` may be left out where there is none, after a fresh sign-in.",
		body: input(1, member{"new", secret}, member{"current", secret}), status: "200", answer: answers("A new session; all others have ended.", ref(a.signedIn))})}})
	d.path("/auth/email", object{{"post", of(operation{id: "authAskEmailChange", summary: "Change the address", description: "Links go to the old and the new address; both are to be followed.",
		body: input(1, email, member{"password", secret}, member{"redirect", text}), status: "202", answer: answers("The links are on their way.", object{{"type", "object"}})})}})
	d.path("/auth/sessions", object{
		{"get", of(operation{id: "authListSessions", summary: "List the caller's sessions", status: "200", answer: answers("The sessions, newest first.", items(a.device))})},
		{"delete", of(operation{id: "authEndSessions", summary: "End the caller's sessions", parameters: []object{{{"name", "others"}, {"in", "query"},
			{"description", "`true` keeps the session that asks."}, {"schema", object{{"type", "boolean"}}}}}, status: "204", answer: done("They have ended.")})},
	})
	d.path("/auth/sessions/{session}", object{{"delete", of(operation{id: "authEndSession", summary: "End a session", parameters: []object{pathParameter("session", "Its id.")},
		status: "204", answer: done("It has ended.")})}})
	d.path("/auth/identities", object{{"get", of(operation{id: "authListIdentities", summary: "List the linked providers", status: "200", answer: answers("The providers.", items(a.identity))})}})
	d.path("/auth/identities/{provider}", object{{"delete", of(operation{id: "authUnlink", summary: "Unlink a provider", parameters: []object{pathParameter("provider", "Its id.")},
		status: "204", answer: done("It is unlinked.")})}})
}
