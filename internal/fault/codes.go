package fault

// The codes, by room.
const (
	InternalError Code = "loam/internal"
	Unready       Code = "loam/unavailable"

	HTTPNotFound      Code = "http/not_found"
	HTTPMethod        Code = "http/method_not_allowed"
	HTTPMediaType     Code = "http/media_type"
	HTTPNotAcceptable Code = "http/not_acceptable"
	HTTPBodyTooLarge  Code = "http/body_too_large"
	HTTPQueryTooLong  Code = "http/query_too_long"
	HTTPParameter     Code = "http/bad_parameter"
	HTTPHeader        Code = "http/bad_header"
	HTTPCredentials   Code = "http/credentials"
	HTTPTimeout       Code = "http/timeout"
	HTTPForeign       Code = "http/foreign_origin"

	GraphQLRequest      Code = "graphql/bad_request"
	GraphQLSyntax       Code = "graphql/syntax"
	GraphQLInvalid      Code = "graphql/invalid"
	GraphQLVariables    Code = "graphql/variables"
	GraphQLNotPersisted Code = "graphql/not_persisted"
	GraphQLByGet        Code = "graphql/mutation_by_get"
	GraphQLSubscription Code = "graphql/subscription"
	GraphQLSilent       Code = "graphql/no_introspection"

	QueryMalformed    Code = "query/malformed"
	QueryUnknownField Code = "query/unknown_field"
	QueryUnknownModel Code = "query/unknown_model"
	QueryUnknownOp    Code = "query/unknown_operator"
	QueryBadValue     Code = "query/bad_value"
	QueryNotSortable  Code = "query/not_sortable"
	QueryBadCursor    Code = "query/bad_cursor"
	QueryTooComplex   Code = "query/too_complex"
	QueryLimit        Code = "query/limit"
	QueryRequired     Code = "query/required"
	QueryReadOnly     Code = "query/read_only"
	QueryNoSearch     Code = "query/no_search"
	QueryCheckFailed  Code = "query/check_failed"

	AccessSignIn         Code = "access/sign_in"
	AccessDenied         Code = "access/denied"
	AccessFieldDenied    Code = "access/field_denied"
	AccessNoOrganization Code = "access/no_organization"
	AccessScope          Code = "access/insufficient_scope"

	ChannelName     Code = "channel/bad_name"
	ChannelUnknown  Code = "channel/unknown"
	ChannelLimit    Code = "channel/limit"
	ChannelTooLarge Code = "channel/too_large"
	ChannelTwice    Code = "channel/joined_already"

	RealtimeNotFollowed Code = "realtime/not_followed"
	RealtimePosition    Code = "realtime/bad_position"
	RealtimeTooMany     Code = "realtime/too_many"
	RealtimeSlow        Code = "realtime/slow_consumer"
	RealtimeRestart     Code = "realtime/restart"
	RealtimeExpired     Code = "realtime/expired"
	RealtimeHandshake   Code = "realtime/handshake"

	StoreBusy        Code = "store/busy"
	StoreFull        Code = "store/full"
	StoreCancelled   Code = "store/cancelled"
	StoreCorrupt     Code = "store/corrupt"
	StoreHeld        Code = "store/held"
	StoreTooLarge    Code = "store/too_large"
	StoreUnreadable  Code = "store/unreadable"
	StoreUnreachable Code = "store/unreachable"
	StoreUnsuitable  Code = "store/unsuitable"
	StoreUncertain   Code = "store/uncertain"
	StoreUnstorable  Code = "store/unstorable"
	StoreMoved       Code = "store/moved"

	MoveTarget     Code = "move/target"
	MoveUnfinished Code = "move/unfinished"
	MoveChanged    Code = "move/changed"
	MoveRefused    Code = "move/refused"
	MoveDiffers    Code = "move/differs"
	MoveBehind     Code = "move/behind"
	MoveNone       Code = "move/none"

	MigrateRefused Code = "migrate/refused"
	MigrateBlocked Code = "migrate/blocked"
	MigrateFailed  Code = "migrate/failed"
	MigrateEdited  Code = "migrate/edited"
	MigrateForeign Code = "migrate/foreign"
	MigrateNewer   Code = "migrate/newer_database"

	MigrateOutdated Code = "migrate/outdated"

	DataNotFound    Code = "data/not_found"
	DataNoReference Code = "data/no_reference"
	DataReferenced  Code = "data/referenced"
	DataDuplicate   Code = "data/duplicate"
	DataVersion     Code = "data/version"
	DataCondition   Code = "data/condition_failed"
	DataBatchLimit  Code = "data/batch_limit"
	DataKeyReused   Code = "data/idempotency_key_reused"

	VaultNoKey   Code = "vault/no_key"
	VaultWeakKey Code = "vault/weak_key"
	VaultKeyFile Code = "vault/key_file"
	VaultSealed  Code = "vault/sealed"

	JobsFull     Code = "jobs/full"
	JobsTooLarge Code = "jobs/too_large"
	JobsNotFound Code = "jobs/not_found"
	JobsReplaced Code = "jobs/replaced"

	MailTooMany  Code = "mail/too_many"
	MailOff      Code = "mail/off"
	MailAddress  Code = "mail/bad_address"
	MailTemplate Code = "mail/bad_template"
	MailSettings Code = "mail/bad_settings"
	MailNotFound Code = "mail/not_found"

	AuthBadEmail        Code = "auth/bad_email"
	AuthBadPassword     Code = "auth/bad_password"
	AuthCommon          Code = "auth/common_password"
	AuthBadName         Code = "auth/bad_name"
	AuthBadImport       Code = "auth/bad_import"
	AuthBadFile         Code = "auth/bad_import_file"
	AuthEmailTaken      Code = "auth/email_taken"
	AuthWrong           Code = "auth/wrong_credentials"
	AuthTooMany         Code = "auth/too_many_attempts"
	AuthBusy            Code = "auth/busy"
	AuthDisabled        Code = "auth/disabled"
	AuthBadToken        Code = "auth/bad_token"
	AuthExpired         Code = "auth/expired_token"
	AuthRevoked         Code = "auth/revoked_token"
	AuthTokenReused     Code = "auth/token_reused"
	AuthBadKey          Code = "auth/bad_key"
	AuthKeyNotFound     Code = "auth/key_not_found"
	AuthKeyLimit        Code = "auth/key_limit"
	AuthUserNotFound    Code = "auth/user_not_found"
	AuthNotAllowed      Code = "auth/not_allowed"
	AuthReauthenticate  Code = "auth/reauthenticate"
	AuthBadProof        Code = "auth/bad_proof"
	AuthBadTicket       Code = "auth/bad_ticket"
	AuthBadRedirect     Code = "auth/bad_redirect"
	AuthMethodOff       Code = "auth/method_off"
	AuthSignUpClosed    Code = "auth/sign_up_closed"
	AuthUnconfirmed     Code = "auth/unconfirmed"
	AuthNoSession       Code = "auth/session_not_found"
	AuthUnverified      Code = "auth/unverified_email"
	AuthLinked          Code = "auth/already_linked"
	AuthNotLinked       Code = "auth/not_linked"
	AuthLastWay         Code = "auth/last_way_in"
	AuthNotAnonymous    Code = "auth/not_anonymous"
	AuthLastAdmin       Code = "auth/last_admin"
	AuthNoImpersonation Code = "auth/no_impersonation"

	FederationMisconfigured Code = "federation/misconfigured"
	FederationUnknown       Code = "federation/unknown_provider"
	FederationRedirect      Code = "federation/bad_redirect"
	FederationChallenge     Code = "federation/bad_challenge"
	FederationState         Code = "federation/bad_state"
	FederationCode          Code = "federation/bad_code"
	FederationDenied        Code = "federation/denied"
	FederationRefused       Code = "federation/refused"
	FederationUnreachable   Code = "federation/unreachable"
	FederationNoURL         Code = "federation/no_url"
	FederationTooMany       Code = "federation/too_many"

	ProviderOff               Code = "provider/off"
	ProviderUnknownClient     Code = "provider/unknown_client"
	ProviderRedirect          Code = "provider/bad_redirect"
	ProviderRequestEnded      Code = "provider/request_ended"
	ProviderNoConsent         Code = "provider/no_consent"
	ProviderInvalidRequest    Code = "provider/invalid_request"
	ProviderInvalidClient     Code = "provider/invalid_client"
	ProviderInvalidGrant      Code = "provider/invalid_grant"
	ProviderUnsupportedGrant  Code = "provider/unsupported_grant_type"
	ProviderInvalidToken      Code = "provider/invalid_token"
	ProviderInsufficientScope Code = "provider/insufficient_scope"
	FederationConnection      Code = "federation/bad_connection"
	FederationNoConnection    Code = "federation/connection_not_found"
	FederationForeign         Code = "federation/foreign_domain"
	FederationRequired        Code = "federation/sso_required"

	AuthChallenge Code = "auth/challenge_ended"

	AuthHookRefused Code = "auth/hook_refused"
	AuthHookFailed  Code = "auth/hook_failed"

	FactorWrongCode    Code = "factor/wrong_code"
	FactorExists       Code = "factor/exists"
	FactorNotFound     Code = "factor/not_found"
	FactorOff          Code = "factor/off"
	FactorOptions      Code = "factor/options_ended"
	FactorPasskey      Code = "factor/passkey_refused"
	FactorBadPasskey   Code = "factor/bad_passkey"
	FactorPasskeyLimit Code = "factor/passkey_limit"

	TenantNotFound     Code = "tenant/not_found"
	TenantNoMember     Code = "tenant/member_not_found"
	TenantNoUser       Code = "tenant/user_not_found"
	TenantMember       Code = "tenant/already_member"
	TenantNotAllowed   Code = "tenant/not_allowed"
	TenantLastOwner    Code = "tenant/last_owner"
	TenantBadRole      Code = "tenant/bad_role"
	TenantBadName      Code = "tenant/bad_name"
	TenantLimit        Code = "tenant/limit"
	TenantOff          Code = "tenant/off"
	TenantSuspended    Code = "tenant/suspended"
	TenantNoInvitation Code = "tenant/invitation_not_found"
	TenantInvited      Code = "tenant/already_invited"
	TenantNotInvited   Code = "tenant/not_invited"
	TenantUnverified   Code = "tenant/unverified_address"
	TenantNoTeam       Code = "tenant/team_not_found"
	TenantBadSlug      Code = "tenant/bad_slug"
	TenantSlugTaken    Code = "tenant/slug_taken"
	TenantBadBrand     Code = "tenant/bad_brand"
	TenantBadDomain    Code = "tenant/bad_domain"
	TenantNoDomain     Code = "tenant/domain_not_found"
	TenantNoDomains    Code = "tenant/no_domains"
	TenantUnproved     Code = "tenant/domain_unproved"
	TenantDomainTaken  Code = "tenant/domain_taken"
	TenantTooMany      Code = "tenant/too_many_requests"
	TenantUnconfirmed  Code = "tenant/unconfirmed"
	TenantStranger     Code = "tenant/invite_instead"

	AuditBroken    Code = "audit/broken"
	AuditBadFilter Code = "audit/bad_filter"

	OutboundBlocked   Code = "outbound/blocked"
	OutboundAnswer    Code = "outbound/answer"
	OutboundSecret    Code = "outbound/bad_secret"
	OutboundSignature Code = "outbound/bad_signature"

	BackupTarget  Code = "backup/target"
	BackupKey     Code = "backup/wrong_key"
	BackupDamaged Code = "backup/damaged"
	BackupGap     Code = "backup/gap"
	BackupNone    Code = "backup/none"
	BackupNewer   Code = "backup/newer"

	CLIUsage     Code = "cli/usage"
	CLINoProject Code = "cli/no_project"
	CLIMistakes  Code = "cli/mistakes"
	CLISeed      Code = "cli/seed"
	CLIExists    Code = "cli/exists"
	CLIAddress   Code = "cli/address"
	CLIFiles     Code = "cli/files"
	CLIRefuses   Code = "cli/refuses"
)

// Catalog holds every code. It is never written after start.
var Catalog = map[Code]Entry{
	InternalError: {Internal, "A mistake of ours. The request id in the answer finds the log entry."},
	Unready:       {Unavailable, "The server is starting, stopping or overloaded. Try again after Retry-After."},

	HTTPNotFound:      {NotFound, "There is no such path. /api lists what there is."},
	HTTPMethod:        {MethodNotAllowed, "The path does not take this method. The Allow header lists those it does."},
	HTTPMediaType:     {Unsupported, "The body's Content-Type is not served here. Send application/json."},
	HTTPNotAcceptable: {NotAcceptable, "The client takes no content type that this path answers in."},
	HTTPBodyTooLarge:  {TooLarge, "The body is over the limit. The message names it."},
	HTTPQueryTooLong:  {TooLarge, "The URL's query is over the limit. The message names it."},
	HTTPParameter:     {Invalid, "A parameter of the URL is wrong: unknown, twice there, or of the wrong form."},
	HTTPHeader:        {Invalid, "A header is not of the form that the message names."},
	HTTPCredentials:   {Invalid, "The request shows two kinds of credentials. Send one."},
	HTTPTimeout:       {Timeout, "The request took too long and was given up. Ask for less at once."},
	HTTPForeign:       {Forbidden, "A page of another site, or one under a name that is not the server's, has made the request. The message says which pages may."},

	GraphQLRequest:      {Invalid, "The request has no document to run, or does not say which of its operations."},
	GraphQLSyntax:       {Invalid, "The document is not well formed. The location says where."},
	GraphQLInvalid:      {Invalid, "The document does not fit the schema."},
	GraphQLVariables:    {Invalid, "A variable does not fit its type."},
	GraphQLNotPersisted: {Invalid, "No document is kept under this hash. Send the query with its hash once."},
	GraphQLByGet:        {MethodNotAllowed, "A GET request may only query. Send mutations by POST."},
	ChannelName:         {Invalid, "The name of the channel, or of the message's event, has a character that it can't have. The message says which it can."},
	ChannelUnknown:      {NotFound, "No pattern under `channels` in loam.yaml names the channel, or the connection is not in it."},
	ChannelLimit:        {TooMany, "A limit of channels is reached. The message names it; it is raised under limits.channels."},
	ChannelTwice:        {Conflict, "The connection is in the channel already."},
	ChannelTooLarge:     {TooLarge, "A message or a state is over the limit. The message names it."},

	RealtimeNotFollowed: {Invalid, "Nothing follows these rows or this shape of them; ask again in a while, or follow another list."},
	RealtimePosition:    {Invalid, "The position was not made by this subscription for you; subscribe without it, and start from the rows."},
	RealtimeTooMany:     {TooMany, "There are too many connections or subscriptions; end some, or raise limits.realtime."},
	RealtimeSlow:        {TooMany, "The client took its events too slowly and was cut off; connect again and resume from the last one."},
	RealtimeRestart:     {Unavailable, "The server starts anew or serves a new schema; connect again and resume from the last event."},
	RealtimeHandshake:   {Invalid, "This is no handshake of a WebSocket (RFC 6455); use a client for them."},
	RealtimeExpired:     {Unauthenticated, "The token has expired or was revoked; get a new one, connect again and resume from the last event."},

	GraphQLSubscription: {Invalid, "Subscriptions need a connection that streams."},
	GraphQLSilent:       {Forbidden, "Introspection is for admins in production."},

	QueryMalformed:    {Invalid, "The request is not well formed: bad JSON, a duplicate key, invalid UTF-8, a NUL byte, or nested too deep."},
	QueryUnknownField: {Invalid, "The model has no such field. The message suggests the nearest name."},
	QueryUnknownModel: {NotFound, "The schema has no such model."},
	QueryUnknownOp:    {Invalid, "The field's type does not have this filter operator. The message lists those it has."},
	QueryBadValue:     {Invalid, "A value does not fit its field's type."},
	QueryNotSortable:  {Invalid, "Sort by plain fields that you may read; lists, embedded types and JSON have no order."},
	QueryBadCursor:    {Invalid, "The cursor was not made by this query for this caller. Start again without it."},
	QueryTooComplex:   {Invalid, "The query is over a limit of depth, breadth, cost or size. The message names the limit."},
	QueryLimit:        {Invalid, "The page size is out of range. The message names the range."},
	QueryRequired:     {Invalid, "A required value is missing."},
	QueryReadOnly:     {Invalid, "The field is set by the server and can't be written."},
	QueryNoSearch:     {Invalid, "The model has no @search index."},
	QueryCheckFailed:  {Invalid, "A value fails the field's @validate check."},

	AccessSignIn:         {Unauthenticated, "Nobody is signed in. Send Authorization: Bearer <access token>, or X-Api-Key."},
	AccessDenied:         {Forbidden, "No rule of the model allows this operation for this caller."},
	AccessFieldDenied:    {Forbidden, "No rule of the field allows this caller to read or write it."},
	AccessNoOrganization: {Forbidden, "The model belongs to an organization, and the caller has none active. Create one or switch to one."},
	AccessScope:          {Forbidden, "The token is an application's, and what was asked for is not among what its user lets it do. The message names the scope that would."},

	StoreBusy:        {Unavailable, "The database is busy. Try again."},
	StoreFull:        {StorageFull, "The disk is full. Nothing was written; reads go on."},
	StoreCancelled:   {Timeout, "The request was cancelled or ran out of time before the database was done. Nothing was written."},
	StoreCorrupt:     {Internal, "The database file is damaged. Restore the latest backup."},
	StoreHeld:        {Unavailable, "Another process has the database open. Stop it first."},
	StoreTooLarge:    {TooLarge, "A value or a row is larger than the database takes. The message names the limit."},
	StoreUnreachable: {Unavailable, "The database server can't be reached, or refuses the connection. Try again."},
	StoreUnsuitable:  {Unavailable, "The database server does not suit: it is too old, or lacks what Loam has no right to make. The message says what to do."},
	StoreUncertain:   {Unavailable, "The database was lost while it saved the change, which may be there or not. With the same Idempotency-Key it is safe to try again."},
	StoreUnstorable:  {Invalid, "A text holds a character that the database can't keep. The message names it."},
	StoreMoved:       {Unavailable, "The database was moved elsewhere, or is being moved this moment. It takes no writes; try again, and the new one has them."},
	StoreUnreadable:  {Unavailable, "The database file can't be opened: a wrong key, no database, or no right to read and write it."},

	MoveTarget:     {Conflict, "The database to move to is in use by something else. Name an empty one."},
	MoveUnfinished: {Unavailable, "A move from or to this database is not finished. Run the same loam move again: it goes on where it was."},
	MoveChanged:    {Conflict, "The database is not as the move found it. The message says what has changed, and what to do."},
	MoveRefused:    {Conflict, "The new database does not take a row. The message names it, and why."},
	MoveDiffers:    {Internal, "A row is not the same in both databases. The old one goes on to be the one in use."},
	MoveBehind:     {Unavailable, "Rows change faster than they can be taken to the new database. Run the move again when less is written."},
	MoveNone:       {NotFound, "There is no move to cancel."},

	MigrateRefused: {Conflict, "The migration has steps that lose or make up data. Allow each by its name, or change the schema."},
	MigrateBlocked: {Conflict, "The rows that are there do not allow a step of the migration. Change the rows or the schema; the message names both."},
	MigrateFailed:  {Conflict, "A step of the migration failed and all of it was undone. The schema and the data are as before."},
	MigrateEdited:  {Conflict, "The file of a migration that was applied has been changed since. Restore it, and put the change into the schema."},
	MigrateForeign: {Conflict, "A file in the directory of the migrations is of another database. Keep this database's in a directory of its own, with --migrations."},
	MigrateNewer:   {Unavailable, "The database was written by a newer version of Loam. Run that version, or restore a backup from before."},

	MigrateOutdated: {Unavailable, "The database was migrated to a schema that this server does not have and can't be served beside. Start the server with the newer schema; meanwhile others answer."},

	DataNotFound:    {NotFound, "There is no such row, or none that the caller may see."},
	DataNoReference: {Invalid, "A reference points to a row that does not exist, or that the caller may not see."},
	DataReferenced:  {Conflict, "Other rows need this one. Delete or re-point them first."},
	DataDuplicate:   {Conflict, "Another row already has this unique value."},
	DataVersion:     {Precondition, "The row has changed since it was read. Read it again and retry."},
	DataCondition:   {Precondition, "The row does not meet the condition sent along."},
	DataBatchLimit:  {Invalid, "The batch has too many operations. The message names the limit."},
	DataKeyReused:   {Unprocessable, "The Idempotency-Key was used before with another request."},

	VaultNoKey:   {Invalid, "There is no master key. Set LOAM_MASTER_KEY or name a key file."},
	VaultWeakKey: {Invalid, "The master key is short, guessable or malformed. Make one with `loam keys generate`."},
	VaultKeyFile: {Invalid, "The key file can't be read or made, or others may read it."},
	VaultSealed:  {Internal, "A stored secret does not open: the master key is not the one that the data was made with."},

	JobsFull:     {Unavailable, "Too much background work of this kind waits already. Try again after Retry-After."},
	JobsTooLarge: {TooLarge, "A background job carries more than it may. The message names the limit."},
	JobsNotFound: {NotFound, "No background job that was given up has this id. It may run again, or be gone."},
	JobsReplaced: {Conflict, "A newer background job does the same work already. Drop this one."},

	MailTooMany:  {TooMany, "The address got as many messages of this kind as it may. Try again after Retry-After."},
	MailOff:      {Unavailable, "The server has no mail server to send through. Its operator sets mail.from and mail.smtp in loam.yaml."},
	MailAddress:  {Invalid, "No message can go to this address."},
	MailTemplate: {Invalid, "A template in the project's directory `mail` has a mistake. The message names the file and the line."},
	MailSettings: {Invalid, "The mail settings in loam.yaml can't be used. The message says which."},
	MailNotFound: {NotFound, "The mailbox of development has no such message."},

	AuthBadEmail:        {Invalid, "The email address is not well formed."},
	AuthBadPassword:     {Invalid, "The password is too short or too long. The message names the limits."},
	AuthCommon:          {Invalid, "The password is among the first that are tried, or little more than the user's name or address. Choose another."},
	AuthBadName:         {Invalid, "The name is empty, too long, or has control characters."},
	AuthBadImport:       {Invalid, "A row of a file of users can't be imported. The message names its line and field; the other rows are."},
	AuthBadFile:         {Invalid, "A file of users can't be read, or not to its end. The rows before that are imported."},
	AuthEmailTaken:      {Conflict, "An account with this email address exists. Sign in instead."},
	AuthWrong:           {Unauthenticated, "The email address or the password is wrong."},
	AuthTooMany:         {TooMany, "Too many failed attempts for this account or from this network. Try again after Retry-After."},
	AuthBusy:            {Unavailable, "Too many sign-ins at once. Try again after Retry-After."},
	AuthDisabled:        {Forbidden, "The account is disabled. Ask an administrator."},
	AuthBadToken:        {Unauthenticated, "The token is not one of this server's, or not of the kind that belongs here. Sign in again."},
	AuthExpired:         {Unauthenticated, "The token has expired. Refresh it, or sign in again."},
	AuthRevoked:         {Unauthenticated, "The token's session or membership has ended. Refresh it, or sign in again."},
	AuthTokenReused:     {Unauthenticated, "The refresh token was used before, so its session was ended as stolen. Sign in again."},
	AuthBadKey:          {Unauthenticated, "The API key is unknown or revoked."},
	AuthKeyNotFound:     {NotFound, "There is no such API key in this organization."},
	AuthKeyLimit:        {Invalid, "The organization has as many API keys as it may have. Revoke one first."},
	AuthUserNotFound:    {NotFound, "There is no such user."},
	AuthNotAllowed:      {Forbidden, "Only a signed-in owner or admin of the organization may do this."},
	AuthReauthenticate:  {Forbidden, "The change needs a fresh proof of who you are. Send the password, a code or a passkey to /auth/reauthenticate, then repeat the change."},
	AuthBadProof:        {Invalid, "Neither a link's token nor an address with its code was sent, or the code has the wrong form."},
	AuthBadTicket:       {Invalid, "The code or link is wrong, was used, has expired, or was replaced by a newer one. Ask for another."},
	AuthBadRedirect:     {Invalid, "The page to return to is not named in auth.redirects of loam.yaml."},
	AuthMethodOff:       {Forbidden, "This way of signing in is turned off in loam.yaml."},
	AuthSignUpClosed:    {Forbidden, "Not everybody may sign up here. The message says who may."},
	AuthUnconfirmed:     {Forbidden, "The email address waits to be confirmed. Follow the mail, or ask for another at /auth/confirm/resend."},
	AuthNoSession:       {NotFound, "The user has no such session."},
	AuthUnverified:      {Forbidden, "The provider does not say that the address is verified. Verify it there, or link the provider to an account."},
	AuthLinked:          {Conflict, "The provider's account, or another of the same provider, is linked already. Unlink it first."},
	AuthNotLinked:       {NotFound, "The account is not linked to this provider."},
	AuthLastWay:         {Conflict, "It is the user's last way to sign in. Add another first."},
	AuthLastAdmin:       {Forbidden, "A server that has administrators keeps one. Make another user one first, or use the command line."},
	AuthNoImpersonation: {Forbidden, "The caller may not act as this user, or not in this way. The message says why."},
	AuthNotAnonymous:    {Conflict, "Only an anonymous user becomes another. Sign out first to sign up anew."},

	FederationMisconfigured: {Invalid, "An identity provider in loam.yaml lacks a setting or has a wrong one. The message names it."},
	FederationUnknown:       {NotFound, "No way in has this name. GET /auth/providers lists them."},
	FederationRedirect:      {Invalid, "The redirect is not one of auth.redirects in loam.yaml, which are compared exactly."},
	FederationChallenge:     {Invalid, "A sign-in with a provider begins with an S256 code challenge, so that only the app that began it can finish it."},
	FederationState:         {Invalid, "The answer of the provider belongs to no sign-in that this browser has begun and not finished. Start again."},
	FederationCode:          {Invalid, "The code was used, has expired, or is not of this verifier. Start again."},
	FederationDenied:        {Forbidden, "The user or the provider broke the sign-in off. It is sent to the redirect as `error`."},
	FederationRefused:       {Unauthenticated, "What the provider sent does not prove who the user is. Start again."},
	FederationUnreachable:   {Unavailable, "The identity provider does not answer as it should. Try again, and check its settings."},
	FederationNoURL:         {Unavailable, "The server does not know its own URL. Set url in loam.yaml."},
	FederationConnection:    {Invalid, "The organization's connection to its identity provider has a setting that is missing or wrong. The message names it."},
	FederationNoConnection:  {NotFound, "The organization has no such connection."},
	FederationForeign:       {Forbidden, "The address is not of a domain that the organization has shown to be its own, so that its provider does not speak for it."},
	FederationRequired:      {Forbidden, "The organization wants its members to sign in with its own provider. The message says where to begin."},
	FederationTooMany:       {TooMany, "Too many sign-ins from one network wait for their browser. Try again after Retry-After."},

	ProviderOff:               {NotFound, "No application signs in with this server. Name one in auth.clients of loam.yaml, and set url."},
	ProviderUnknownClient:     {Invalid, "The client_id is none of auth.clients in loam.yaml."},
	ProviderRedirect:          {Invalid, "The redirect is none of the application's in loam.yaml, which are compared exactly. Nothing is sent there."},
	ProviderRequestEnded:      {Invalid, "The question of an application was answered, has expired, or belongs to another sign-in. Begin again at the application."},
	ProviderNoConsent:         {NotFound, "The user lets no application of this id do anything. GET /auth/consents lists them."},
	ProviderInvalidRequest:    {Invalid, "A request to /oauth lacks a parameter, or has one wrong or twice. As OAuth's `invalid_request`."},
	ProviderInvalidClient:     {Unauthenticated, "The client's id or secret is wrong. As OAuth's `invalid_client`."},
	ProviderInvalidGrant:      {Invalid, "The code or refresh token was used, has expired, or belongs to another client or verifier. As OAuth's `invalid_grant`: sign in again."},
	ProviderUnsupportedGrant:  {Invalid, "The token endpoint takes codes and refresh tokens alone. As OAuth's `unsupported_grant_type`."},
	ProviderInvalidToken:      {Unauthenticated, "The access token is not valid, or has expired. As OAuth's `invalid_token`: refresh it."},
	ProviderInsufficientScope: {Forbidden, "The access token's scope does not have what the endpoint needs. As OAuth's `insufficient_scope`."},

	AuthChallenge: {Unauthenticated, "The challenge of a sign-in is unknown, was answered, has expired, or had too many wrong answers. Sign in again."},

	AuthHookRefused: {Forbidden, "The app's own check before sign-up refuses. The message is that check's."},
	AuthHookFailed:  {Unavailable, "A service of the app that is to be asked first does not answer as it should. Try again; the server's log says what is wrong."},

	FactorWrongCode:    {Unauthenticated, "The code is wrong, or was used before. Send a new one."},
	FactorExists:       {Conflict, "The account has this factor already. Remove it first."},
	FactorNotFound:     {NotFound, "The account has no such factor."},
	FactorOff:          {Forbidden, "The configuration turns this kind of factor off."},
	FactorOptions:      {Unauthenticated, "The options of a passkey were answered, have expired, or are of something else. Ask for new ones."},
	FactorPasskey:      {Unauthenticated, "The passkey's answer does not fit the options, this site or an account. Ask for new options and try again."},
	FactorBadPasskey:   {Invalid, "The passkey can't be registered. The message says what to send."},
	FactorPasskeyLimit: {Invalid, "The user has as many passkeys as they may have. Remove one first."},

	TenantNotFound:     {NotFound, "There is no such organization, or none that the caller belongs to."},
	TenantNoMember:     {NotFound, "The organization has no such member."},
	TenantNoUser:       {NotFound, "No account has this id or email address. They sign up first, or are invited."},
	TenantMember:       {Conflict, "The user is a member already. Change their role instead."},
	TenantNotAllowed:   {Forbidden, "The caller's role in the organization does not allow this. The message names the permission that is lacking."},
	TenantLastOwner:    {Forbidden, "An organization keeps at least one owner. Make another member an owner first."},
	TenantBadRole:      {Invalid, "There is no such role. The message lists those that are declared."},
	TenantBadName:      {Invalid, "The name is empty, too long, or has control characters."},
	TenantLimit:        {Forbidden, "A limit of the organization or the user is reached. The message names it."},
	TenantOff:          {Forbidden, "This backend has no organizations: loam.yaml says tenancy: off."},
	TenantSuspended:    {Forbidden, "The organization is suspended: nobody works in it until an administrator of the server restores it."},
	TenantNoInvitation: {NotFound, "There is no such invitation: it was answered or revoked, or has expired. Ask for another."},
	TenantInvited:      {Conflict, "The address has an open invitation. Resend or revoke that one."},
	TenantNotInvited:   {Forbidden, "The invitation is for another address. Sign in or sign up with that one."},
	TenantUnverified:   {Forbidden, "The address is not confirmed yet. Confirm it, then try again."},
	TenantNoTeam:       {NotFound, "The organization has no such team."},
	TenantBadSlug:      {Invalid, "The slug is not of the form that the message names, or a reserved word."},
	TenantSlugTaken:    {Conflict, "Another organization, or another team of this one, has this slug. Choose another."},
	TenantBadBrand:     {Invalid, "The logo is no https address, or the colour not of the form #rrggbb."},
	TenantBadDomain:    {Invalid, "The domain is not well formed, or is shared by many, as a public suffix or a mail service is."},
	TenantNoDomain:     {NotFound, "The organization has not claimed this domain."},
	TenantNoDomains:    {Forbidden, "Organizations claim no domains here: loam.yaml says organizations.domains: off."},
	TenantUnproved:     {Conflict, "The DNS does not have the TXT record yet that shows the domain to be the organization's. The message names it."},
	TenantDomainTaken:  {Conflict, "Another organization has shown the domain to be its own."},
	TenantTooMany:      {TooMany, "The organization has had as many requests a minute as it may. Try again after Retry-After."},
	TenantStranger:     {Forbidden, "Members add users with whom they share another organization. Invite anybody else, by POST /auth/organizations/{id}/invitations."},
	TenantUnconfirmed:  {Invalid, "Deleting an organization needs its slug as confirm. The message names it."},

	AuditBroken:    {Internal, "The audit log was changed from outside. The message names the first record that is wrong; restore a backup beside it to see what was there."},
	AuditBadFilter: {Invalid, "A filter of the audit log is not well formed. The message says what it takes."},

	OutboundBlocked:   {Invalid, "The server does not call this address: it is not a public one, or not well formed. The message says which."},
	OutboundAnswer:    {Unavailable, "Another server that is needed for this can't be reached, is too slow, or answers with too much. Try again."},
	OutboundSecret:    {Invalid, "A webhook's secret is not well formed. The message says how to make one."},
	OutboundSignature: {Unauthenticated, "A webhook's signature, id or timestamp does not fit."},

	BackupTarget:  {Unavailable, "The place of the backups can't be read or written. Give the user that runs Loam the right to, or make room."},
	BackupKey:     {Invalid, "The backup was sealed with another master key. Give the one that the server had then."},
	BackupDamaged: {Unprocessable, "A file of the backup was cut short or changed. The message says what can be restored in spite of it."},
	BackupGap:     {NotFound, "What was committed about that time is not in the backups. The message says what is."},
	BackupNone:    {NotFound, "There is no backup of that moment. `loam backup list` shows what there is."},
	BackupNewer:   {Precondition, "The backup was written by a newer version of Loam. Use that version to restore it."},

	CLIUsage:     {Invalid, "The command line is not understood. `loam <command> --help` shows how the command is called."},
	CLINoProject: {NotFound, "The directory holds no schema.graphql. Make a project with `loam init`, or name one with --dir."},
	CLIMistakes:  {Invalid, "schema.graphql or loam.yaml has mistakes. Each was shown with its place and what to write instead."},
	CLISeed:      {Invalid, "seed.json does not fit the schema. The message names the row."},
	CLIExists:    {Conflict, "The files of a new project would replace some that are there. Choose an empty directory."},
	CLIAddress:   {Unavailable, "The address can't be listened on. Choose another with --addr."},
	CLIFiles:     {Unavailable, "A file or directory can't be read or written. The message names it."},
	CLIRefuses:   {Precondition, "The server can't run safely like this. The message lists all reasons."},
}
