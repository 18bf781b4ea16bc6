package sdkgen

// tagOpenID is of what users let applications do. The endpoints that applications
// call are in the discovery document, which their libraries read.
const tagOpenID = "OpenID provider"

// addConsents adds the doors of what users let applications do.
func (d *document) addConsents() {
	d.tags = append(d.tags, object{{"name", tagOpenID}, {"description", "Applications that sign in with this server: what the user lets them do. " +
		"Their own endpoints are in `/.well-known/openid-configuration`."}})
	text, at := object{{"type", "string"}}, object{{"type", "string"}, {"format", "date-time"}}
	consent := d.name("AuthConsent")
	d.add(consent, objectSchema("", object{
		{"client", text}, {"name", object{{"type", "string"}, {"description", "The application's name, or its id."}}},
		{"scopes", object{{"type", "array"}, {"items", text}}}, {"createdAt", at}, {"updatedAt", at},
	}, []string{"client", "name", "scopes", "createdAt", "updatedAt"}))
	of := func(o operation) object {
		o.tag, o.security, o.problems = tagOpenID, signedIn(), memberProblems
		return o.json()
	}
	d.path("/auth/consents", object{{"get", of(operation{id: "authListConsents", summary: "List what applications may do", status: "200",
		answer: answers("The applications, the one of the latest consent first.", items(consent))})}})
	d.path("/auth/consents/{client}", object{{"delete", of(operation{id: "authRevokeConsent", summary: "Take a consent back", description: "The application's sessions end at once.",
		parameters: []object{pathParameter("client", "The application's id.")}, status: "204", answer: object{{"description", "It is taken back."}}})}})
}
