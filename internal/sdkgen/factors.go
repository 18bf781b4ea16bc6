package sdkgen

const tagFactors = "Second factors"

// addFactors adds the doors of second proofs.
func (d *document) addFactors(n authNames) {
	d.tags = append(d.tags, object{{"name", tagFactors}, {"description",
		"A second proof beside the first. What changes how a user signs in needs a session that has shown a secret in the last ten minutes; " +
			"the error `auth/reauthenticate` asks for one at `/auth/reauthenticate`."}})
	text := object{{"type", "string"}}
	secret := objectSchema("A secret for an authenticator app, in three forms.", object{
		{"secret", object{{"type", "string"}, {"description", "In base32, to type in."}}},
		{"uri", object{{"type", "string"}, {"description", "`otpauth://totp/...`, for a link."}}},
		{"qr", object{{"type", "string"}, {"description", "A picture to scan, as a `data:` URL."}}},
	}, []string{"secret", "uri", "qr"})
	codes := objectSchema("", object{{"recoveryCodes", object{{"type", "array"}, {"items", text}}}}, []string{"recoveryCodes"})
	id := member{"id", object{{"type", "string"}, {"description", "The challenge's."}}}
	passkey := member{"passkey", object{{"type", "object"}, {"additionalProperties", true}}}
	code := member{"code", object{{"type", "string"}, {"description", "Of the authenticator app, or a recovery code."}}}

	d.path("/auth/challenge", object{{"post", operation{
		id: "authAnswerChallenge", tag: tagFactors, summary: "Answer the challenge of a sign-in",
		description: "Send a code, or a passkey's answer to the options of `/auth/challenge/passkey`. Five wrong answers end the challenge. Where the answer sets up a second factor, the session comes with `recoveryCodes`.",
		body:        input(1, id, code, passkey), status: "200", answer: answers("A session.", ref(n.session)), problems: openProblems,
	}.json()}})
	d.path("/auth/challenge/enrol", object{{"post", operation{
		id: "authEnrolByChallenge", tag: tagFactors, summary: "Set up the second factor that a sign-in needs",
		description: "For a challenge of the kind `enrol`. Answer it with the app's first code.",
		body:        input(1, id), status: "200", answer: answers("The secret.", secret), problems: openProblems,
	}.json()}})
	of := func(o operation) object {
		o.tag, o.security, o.problems = tagFactors, signedIn(), factorProblems
		return o.json()
	}
	d.path("/auth/reauthenticate", object{{"post", of(operation{
		id: "authReauthenticate", summary: "Show who you are once more", description: "Send one of the proofs; with a passkey's answer goes the `id` of `/auth/reauthenticate/options`.",
		body:   input(0, member{"password", object{{"type", "string"}, {"format", "password"}}}, member{"code", text}, member{"id", text}, passkey),
		status: "204", answer: object{{"description", "The session is fresh for ten minutes."}},
	})}})
	d.path("/auth/factors", object{{"get", of(operation{
		id: "authListFactors", summary: "Which second factors the caller has", status: "200",
		answer: answers("What there is.", objectSchema("", object{
			{"totp", object{{"type", "boolean"}}}, {"passkeys", object{{"type", "integer"}}}, {"recoveryCodes", object{{"type", "integer"}, {"description", "That are left."}}},
		}, []string{"totp", "passkeys", "recoveryCodes"})),
	})}})
	d.path("/auth/totp", object{
		{"post", of(operation{id: "authBeginTOTP", summary: "Get a secret for an authenticator app", status: "200", answer: answers("The secret. It counts once it is confirmed.", secret)})},
		{"delete", of(operation{id: "authRemoveTOTP", summary: "Remove the authenticator app", status: "204", answer: object{{"description", "It is removed."}}})},
	})
	d.path("/auth/totp/confirm", object{{"post", of(operation{id: "authConfirmTOTP", summary: "Take the app as second factor",
		body: input(1, member{"code", text}), status: "200", answer: answers("Codes for a lost device, shown once.", codes)})}})
	d.path("/auth/recovery-codes", object{{"post", of(operation{id: "authRenewRecoveryCodes", summary: "Renew the recovery codes",
		status: "200", answer: answers("The new codes; the old ones end.", codes)})}})
}
