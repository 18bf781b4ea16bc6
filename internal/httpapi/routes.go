package httpapi

import "slices"

// guard says what a route demands of the caller before its handler runs.
type guard uint8

const (
	open         guard = iota // nothing: credentials are not even looked at
	anyone                    // credentials are verified if shown; the rules decide
	signedIn                  // a user
	adminReads                // an admin of the server, in a session of their own; to others nothing is there
	adminActs                 // likewise, who has just proved who they are
	adminUploads              // likewise, with a body of any length
	operates                  // who runs the server, on its own machine; to others nothing is there
)

// route is one line of the table.
type route struct {
	pattern string // as of http.ServeMux
	guard   guard
	handle  func(*call) (reply, error)
	doc     string // what it does, for docs/reference/http.md
}

// routes are all of them.
func routes() []route { return slices.Concat(mainRoutes, adminRoutes, consoleRoutes) }

var mainRoutes = []route{
	{"GET /{$}", open, front, "leads to `/api`"},
	{"GET /healthz", open, health, "the process answers"},
	{"GET /readyz", open, ready, "the database answers, and the server is not stopping"},
	{"GET /metrics", open, metrics, "figures in Prometheus' text form, for who sends `server.metricsToken`; in development for this machine's pages and tools"},
	{"GET /.well-known/jwks.json", open, jwks, "the public keys of access tokens and ID tokens"},
	{"GET /.well-known/openid-configuration", open, discovery, "what applications need to know to sign users in here"},
	{"GET /.well-known/oauth-authorization-server", open, discovery, "the same, under the name that OAuth gives it"},

	{"GET /oauth/authorize", open, authorize, "an application's request to sign a user in: leads to sign-in, to consent, and back to it"},
	{"POST /oauth/authorize", open, authorizeByForm, "the same as a form"},
	{"GET /oauth/consent", open, consentPage, "asks the user whether an application may"},
	{"POST /oauth/consent", open, decideConsent, "takes the answer, and leads back to the application"},
	{"GET /oauth/_page/{file}", open, oauthAsset, "the files of that page"},
	{"POST /oauth/token", open, oauthToken, "tokens for a code or a refresh token"},
	{"GET /oauth/userinfo", open, userInfo, "what an application's access token lets it know of the user"},
	{"POST /oauth/userinfo", open, userInfo, "the same"},
	{"POST /oauth/revoke", open, revokeToken, "ends the session of an application's token"},
	{"POST /oauth/introspect", open, introspect, "tells a client with a secret whether its access token is good"},
	{"GET /oauth/end-session", open, endSessionPage, "signs the user out for an application, and leads back to it"},
	{"POST /oauth/end-session", open, endSessionByForm, "the same as a form, and the user's own answer to whether they meant it"},

	{"GET /account", open, accountPage, "the user's account, in a browser; leads to `/account/sign-in` where nobody is signed in"},
	{"GET /account/{$}", open, accountPage, "likewise"},
	{"GET /account/{page}", open, accountPage, "the pages of sign-in, sign-up, mailed links, an account and its organizations"},
	{"GET /account/_page/{file}", open, accountAsset, "the files of these pages"},
	{"GET /auth/settings", open, showWaysIn, "how one signs in here, for a page that offers it"},

	{"POST /auth/sign-up", open, signUp, "makes a user, with an organization of their own, and signs in"},
	{"POST /auth/sign-in", open, signIn, "signs in with email and password"},
	{"POST /auth/refresh", open, refresh, "new tokens for a refresh token, which is used up"},
	{"POST /auth/sign-out", signedIn, signOut, "ends the session"},
	{"POST /auth/confirm", open, confirm, "takes the address of a new user as theirs, by the mailed code or link, and signs in"},
	{"POST /auth/confirm/resend", open, resendConfirmation, "mails another code or link to an address that waits to be confirmed"},
	{"POST /auth/password/forgot", open, forgotPassword, "mails a code and a link to set a new password with"},
	{"POST /auth/password/reset", open, resetPassword, "sets a new password by the mailed code or link, and signs in"},
	{"POST /auth/password", signedIn, changePassword, "changes the password; every session ends, and the answer is a new one"},
	{"POST /auth/sign-in/email", open, askSignIn, "mails a code or link to sign in with"},
	{"POST /auth/sign-in/email/verify", open, signInByMail, "signs in by the mailed code or link"},
	{"POST /auth/anonymous", open, signInAnonymously, "makes a user without an address, and signs in"},
	{"POST /auth/anonymous/convert", signedIn, becomeReal, "makes an anonymous user a real one, who keeps their rows"},
	{"POST /auth/email", signedIn, askEmailChange, "mails links to the old and the new address, to change to the new one"},
	{"POST /auth/email/confirm", open, confirmEmailChange, "follows one of these links; with both the address changes"},
	{"GET /auth/sessions", signedIn, listSessions, "the caller's sessions"},
	{"DELETE /auth/sessions", signedIn, endSessions, "ends all of the caller's sessions; with `?others=true` all but this one"},
	{"DELETE /auth/sessions/{session}", signedIn, endSession, "ends one of the caller's sessions"},
	{"GET /auth/identities", signedIn, listIdentities, "the providers that sign in to the caller's account"},
	{"DELETE /auth/identities/{provider}", signedIn, unlinkIdentity, "unlinks one of them"},
	{"GET /auth/consents", signedIn, listConsents, "what the caller lets applications do"},
	{"DELETE /auth/consents/{client}", signedIn, revokeConsent, "takes that back from one; its sessions end"},
	{"DELETE /auth/me", signedIn, deleteMe, "deletes the caller's account"},
	{"GET /auth/me", signedIn, me, "who the caller is, and the active organization"},
	{"POST /auth/challenge", open, answerChallenge, "a second proof for the challenge of a sign-in: the session"},
	{"POST /auth/challenge/passkey", open, challengeOptions, "what the browser takes to answer a challenge by passkey"},
	{"POST /auth/challenge/enrol", open, enrolByChallenge, "the secret of a second factor, where a sign-in needs one and there is none"},
	{"POST /auth/reauthenticate", signedIn, reauthenticate, "shows who the caller is once more, for what needs a fresh proof"},
	{"POST /auth/reauthenticate/options", signedIn, reauthenticateOptions, "what the browser takes to do that by passkey"},
	{"POST /auth/sign-in/passkey/options", open, signInOptions, "what the browser takes to sign in by passkey"},
	{"POST /auth/sign-in/passkey", open, signInByPasskey, "signs in by passkey"},
	{"GET /auth/passkeys", signedIn, listPasskeys, "the caller's passkeys"},
	{"POST /auth/passkeys/options", signedIn, passkeyOptions, "what the browser takes to make a passkey"},
	{"POST /auth/passkeys", signedIn, addPasskey, "adds a passkey"},
	{"PATCH /auth/passkeys/{passkey}", signedIn, renamePasskey, "renames a passkey"},
	{"DELETE /auth/passkeys/{passkey}", signedIn, removePasskey, "removes a passkey"},
	{"GET /auth/factors", signedIn, listFactors, "the second factors that the caller has"},
	{"POST /auth/totp", signedIn, beginTOTP, "the secret of an authenticator app to be"},
	{"POST /auth/totp/confirm", signedIn, confirmTOTP, "takes the app as second factor by its first code; recovery codes"},
	{"DELETE /auth/totp", signedIn, removeTOTP, "removes the authenticator app"},
	{"POST /auth/recovery-codes", signedIn, renewRecoveryCodes, "new recovery codes; the old ones end"},
	{"PATCH /auth/me", signedIn, changeMe, "changes the caller's name and the fields of `extend type User`"},
	{"GET /auth/me/fields", signedIn, myFields, "the fields of `extend type User` that the caller may change, for a page that offers them"},
	{"POST /auth/identities/{provider}", signedIn, beginLink, "a URL to go to, to add a provider to the caller's account"},
	{"GET /auth/providers", open, listProviders, "the other identity providers that one signs in with"},
	{"GET /auth/sign-in/{provider}", open, departByProvider, "sends the browser to a provider, to come back to `redirect` with a code"},
	{"GET /auth/callback/{provider}", open, returnFromProvider, "where a provider sends the browser back to"},
	{"POST /auth/callback/{provider}", open, returnFromProvider, "likewise, for providers that answer by a form"},
	{"POST /auth/exchange", anyone, exchangeCode, "the session for a code that came back, and the verifier of its challenge"},
	{"POST /auth/sign-in/discover", open, discoverSignIn, "how to sign in with an address of this domain"},
	{"GET /auth/sso/{connection}/metadata", open, samlMetadata, "what a SAML provider asks to know of this server"},
	{"POST /auth/sso/{connection}/acs", open, returnFromSAML, "where a SAML provider sends the browser back to"},
	{"GET /auth/organizations/{org}/connections", signedIn, listConnections, "an organization's own identity providers"},
	{"POST /auth/organizations/{org}/connections", signedIn, addConnection, "connects one, by SAML or OpenID Connect"},
	{"PATCH /auth/organizations/{org}/connections/{connection}", signedIn, changeConnection, "changes what is given of a connection"},
	{"DELETE /auth/organizations/{org}/connections/{connection}", signedIn, removeConnection, "removes a connection; its members stay"},
	{"GET /auth/keys", signedIn, listKeys, "the API keys of the active organization"},
	{"POST /auth/keys", signedIn, createKey, "makes an API key; its secret is shown once"},
	{"DELETE /auth/keys/{key}", signedIn, revokeKey, "revokes an API key"},
	{"GET /auth/organizations/{org}/audit", signedIn, listAudit, "a page of an organization's audit log, newest first, for its owners and admins"},
	{"GET /auth/organizations/{org}/audit/export", signedIn, exportAudit, "that log as JSON Lines, oldest first"},
	{"GET /auth/organizations", signedIn, listOrganizations, "the caller's organizations"},
	{"POST /auth/organizations", signedIn, createOrganization, "founds an organization, which the caller owns"},
	{"POST /auth/organizations/{org}/switch", signedIn, switchOrganization, "makes an organization the active one: new tokens"},
	{"GET /auth/organizations/{org}", signedIn, getOrganization, "an organization of the caller's"},
	{"PATCH /auth/organizations/{org}", signedIn, changeOrganization, "changes its name, slug, logo or colour"},
	{"DELETE /auth/organizations/{org}", signedIn, deleteOrganization, "deletes it with all that is in it; `confirm` is its slug"},
	{"POST /auth/organizations/{org}/export", signedIn, exportOrganization, "all that is in it, as JSON Lines"},
	{"GET /auth/organizations/{org}/roles", signedIn, listRoles, "the roles that its members can have, with what each allows"},
	{"GET /auth/organizations/{org}/members", signedIn, listMembers, "a page of an organization's members"},
	{"POST /auth/organizations/{org}/members", signedIn, addMember, "makes a user a member with whom the caller shares another organization"},
	{"PATCH /auth/organizations/{org}/members/{user}", signedIn, changeMember, "gives a member another role"},
	{"DELETE /auth/organizations/{org}/members/{user}", signedIn, removeMember, "removes a member; oneself to leave"},
	{"GET /auth/organizations/{org}/teams", signedIn, listTeams, "an organization's teams"},
	{"POST /auth/organizations/{org}/teams", signedIn, addTeam, "makes a team"},
	{"PATCH /auth/organizations/{org}/teams/{team}", signedIn, changeTeam, "gives a team another name or slug"},
	{"DELETE /auth/organizations/{org}/teams/{team}", signedIn, removeTeam, "ends a team"},
	{"GET /auth/organizations/{org}/teams/{team}/members", signedIn, listTeamMembers, "a page of a team's members"},
	{"PUT /auth/organizations/{org}/teams/{team}/members/{user}", signedIn, assignMember, "puts a member into a team"},
	{"DELETE /auth/organizations/{org}/teams/{team}/members/{user}", signedIn, unassignMember, "takes a member out of a team; oneself to leave it"},
	{"GET /auth/organizations/{org}/invitations", signedIn, listInvitations, "a page of an organization's open invitations"},
	{"POST /auth/organizations/{org}/invitations", signedIn, invite, "mails somebody an invitation"},
	{"POST /auth/organizations/{org}/invitations/{invitation}/resend", signedIn, resendInvitation, "mails it again, with a new token"},
	{"DELETE /auth/organizations/{org}/invitations/{invitation}", signedIn, revokeInvitation, "revokes an invitation"},
	{"GET /auth/organizations/{org}/domains", signedIn, listDomains, "the e-mail domains that an organization claims"},
	{"POST /auth/organizations/{org}/domains", signedIn, claimDomain, "claims a domain: answers with the DNS record to set"},
	{"POST /auth/organizations/{org}/domains/{domain}/verify", signedIn, verifyDomain, "looks for that record"},
	{"PATCH /auth/organizations/{org}/domains/{domain}", signedIn, changeDomain, "says who joins by the domain, and as what"},
	{"DELETE /auth/organizations/{org}/domains/{domain}", signedIn, releaseDomain, "gives a domain up"},
	{"GET /auth/invitations", open, showInvitation, "what the invitation of a `token` is: who invites whom to what"},
	{"POST /auth/invitations/accept", signedIn, acceptInvitation, "joins the organization that invites the caller's confirmed address"},
	{"POST /auth/invitations/decline", anyone, declineInvitation, "turns an invitation down"},
	{"GET /auth/me/invitations", signedIn, myInvitations, "the open invitations for the caller's confirmed address"},

	{"GET /graphql", anyone, graphqlGet, "a GraphQL query in the URL, or a WebSocket of `graphql-transport-ws`; GraphiQL for a browser in development"},
	{"POST /graphql", anyone, graphqlPost, "a GraphQL document; with `Accept: text/event-stream` also a subscription"},
	{"GET /graphql/realtime", anyone, appSync, "a WebSocket for the subscriptions of AWS Amplify's clients"},
	{"GET /graphql/_explorer/{file}", open, graphiqlAsset, "the files of GraphiQL, in development"},

	{"GET /_mail", open, mailboxPage, "the mailbox, in development without a mail server: what would have been sent"},
	{"GET /_mail/_page/{file}", open, mailboxAsset, "the files of that page"},
	{"GET /_mail/messages", open, listMessages, "the messages in the mailbox, newest first; `?to=` for those of one address"},
	{"DELETE /_mail/messages", open, clearMessages, "empties the mailbox"},
	{"GET /_mail/messages/{id}", open, getMessage, "a message with its text and HTML"},
	{"GET /_mail/messages/{id}/html", open, showMessage, "its HTML alone"},
	{"DELETE /_mail/messages/{id}", open, clearMessages, "removes a message"},

	{"GET /demo", open, demoPage, "the example's own app, under `loam demo`"},
	{"GET /demo/{page...}", open, demoPage, "the same: one page shows all of its addresses"},
	{"GET /demo/assets/{file}", open, demoAsset, "the files of that page"},

	{"GET /api", open, docsPage, "the browsable page of the REST API"},
	{"GET /api/_docs/{file}", open, docsAsset, "the files of that page"},
	{"GET /api/openapi.json", open, openAPI, "the OpenAPI 3.1 document"},
	{"POST /api/batch", anyone, batch, "several writes as one transaction"},
	{"GET /api/{plural}", anyone, listRows, "a page of rows; with `:aggregate` behind the name, totals of them"},
	{"POST /api/{plural}", anyone, createRow, "makes a row"},
	{"PUT /api/{plural}", anyone, upsertRow, "changes the row that has the same primary or unique key, or makes one"},
	{"GET /api/{plural}/{id}", anyone, getRow, "one row"},
	{"PATCH /api/{plural}/{id}", anyone, updateRow, "changes fields of a row"},
	{"DELETE /api/{plural}/{id}", anyone, deleteRow, "removes a row"},

	{"GET /live", anyone, liveSocket, "a WebSocket of `loam-live`, for any number of live lists"},
	{"GET /channels", anyone, channelSocket, "a WebSocket of `loam-channels`, for any number of channels"},
	{"GET /channels/{name}", anyone, getChannel, "who is in a channel and what it keeps; with `Accept: text/event-stream` what happens there, as a member"},
	{"POST /channels/{name}", anyone, sendToChannel, "sends a message to all in a channel"},
}
