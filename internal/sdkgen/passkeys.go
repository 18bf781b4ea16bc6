package sdkgen

const tagPasskeys = "Passkeys"

// addPasskeys adds the doors of WebAuthn. What the browser takes and makes is as
// the standard has it, in its JSON form.
func (d *document) addPasskeys(n authNames) {
	d.tags = append(d.tags, object{{"name", tagPasskeys}, {"description",
		"WebAuthn. Options go to `PublicKeyCredential.parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON`, and `toJSON()` of what " +
			"`navigator.credentials` answers comes back as `passkey`, with the `id` of the options."}})
	key := d.name("AuthPasskey")
	text := object{{"type", "string"}}
	at := object{{"type", "string"}, {"format", "date-time"}}
	free := object{{"type", "object"}, {"additionalProperties", true}}
	d.add(key, objectSchema("", object{
		{"id", text}, {"name", text}, {"transports", object{{"type", "array"}, {"items", text}}},
		{"backedUp", object{{"type", "boolean"}, {"description", "It is synchronized to the user's other devices."}}},
		{"createdAt", at}, {"lastUsedAt", orNull(at)},
	}, []string{"id", "name", "transports", "backedUp", "createdAt", "lastUsedAt"}))
	options := answers("What the browser takes.", objectSchema("", object{
		{"id", object{{"type", "string"}, {"description", "To send back with the answer, within five minutes."}}}, {"publicKey", free},
	}, []string{"id", "publicKey"}))
	passkey := member{"passkey", free}
	id := member{"id", object{{"type", "string"}, {"description", "Of the options."}}}

	post := func(path, tag string, o operation) {
		o.tag = tag
		if o.problems == nil {
			o.problems = openProblems
		}
		d.path(path, object{{"post", o.json()}})
	}
	post("/auth/sign-in/passkey/options", tagPasskeys, operation{id: "authSignInOptions", summary: "Begin a sign-in by passkey",
		description: "The same for everybody: whose passkey it is the answer says.", status: "200", answer: options})
	post("/auth/sign-in/passkey", tagPasskeys, operation{id: "authSignInByPasskey", summary: "Sign in by passkey",
		body: input(2, id, passkey), status: "200", answer: answers("A session.", ref(n.signedIn))})
	post("/auth/challenge/passkey", tagFactors, operation{id: "authChallengeOptions", summary: "Begin to answer a challenge by passkey",
		body: input(1, member{"id", object{{"type", "string"}, {"description", "The challenge's."}}}), status: "200",
		answer: answers("What the browser takes.", objectSchema("", object{{"publicKey", free}}, []string{"publicKey"})), problems: factorProblems})
	post("/auth/reauthenticate/options", tagFactors, operation{id: "authReauthenticateOptions", summary: "Begin to show who you are by passkey",
		security: signedIn(), status: "200", answer: options, problems: factorProblems})
	post("/auth/passkeys/options", tagPasskeys, operation{id: "authPasskeyOptions", summary: "Begin to add a passkey",
		security: signedIn(), status: "200", answer: options, problems: factorProblems})

	of := func(o operation) object {
		o.tag, o.security, o.problems = tagPasskeys, signedIn(), factorProblems
		return o.json()
	}
	name := member{"name", object{{"type", "string"}, {"description", "To tell it from others: the device."}}}
	one := pathParameter("passkey", "Its id.")
	d.path("/auth/passkeys", object{
		{"get", of(operation{id: "authListPasskeys", summary: "List the caller's passkeys", status: "200", answer: answers("The passkeys, oldest first.", items(key))})},
		{"post", of(operation{id: "authAddPasskey", summary: "Add a passkey", body: input(2, id, passkey, name), status: "201", answer: answers("The passkey.", ref(key))})},
	})
	d.path("/auth/passkeys/{passkey}", object{
		{"patch", of(operation{id: "authRenamePasskey", summary: "Rename a passkey", parameters: []object{one}, body: input(1, name), status: "200", answer: answers("The passkey.", ref(key))})},
		{"delete", of(operation{id: "authRemovePasskey", summary: "Remove a passkey", parameters: []object{one}, status: "204", answer: object{{"description", "It is removed."}}})},
	})
}
