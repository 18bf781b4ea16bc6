package schema

// The directive table. The checker reads arguments by it, and Reference
// prints it, so that what is documented is what is checked.

// argKind is the form of an argument.
type argKind uint8

const (
	argText    argKind = iota // a string
	argNumber                 // an integer
	argWord                   // one of argSpec.words
	argWords                  // a list of them
	argTexts                  // a list of strings, or one string
	argObject                 // an object with argSpec.fields
	argObjects                // a list of such objects, or one
	argFilter                 // a filter
	argAny
)

// argSpec is an argument of a directive, or a key of an object argument.
type argSpec struct {
	name     string
	kind     argKind
	required bool
	nullable bool // null means something: turned off
	words    []string
	fields   []argSpec
	doc      string
}

// place is where a directive may stand.
type place uint8

const (
	onModel place = 1 << iota
	onEmbedded
	onField     // of a model
	onEmbedded1 // a field of an embedded type
	onEnum
	onEnumValue

	anywhere = onModel | onEmbedded | onField | onEmbedded1 | onEnum | onEnumValue
)

// directiveSpec is a directive of the language. One with instead is known but
// not served; instead says what to write.
type directiveSpec struct {
	name       string
	on         place
	repeatable bool
	args       []argSpec
	instead    string
	doc        string
}

func textArg(name, doc string) argSpec { return argSpec{name: name, kind: argText, doc: doc} }
func needText(name, doc string) argSpec {
	return argSpec{name: name, kind: argText, required: true, doc: doc}
}
func textsArg(name, doc string) argSpec  { return argSpec{name: name, kind: argTexts, doc: doc} }
func numberArg(name, doc string) argSpec { return argSpec{name: name, kind: argNumber, doc: doc} }
func renameArg(name, doc string) argSpec {
	return argSpec{name: name, kind: argText, nullable: true, doc: doc}
}
func wordArg(name, doc string, words ...string) argSpec {
	return argSpec{name: name, kind: argWord, words: words, doc: doc}
}

var operationNames = []string{"create", "read", "get", "list", "listen", "search", "update", "delete"}

var operationBits = map[string]Operation{
	"create": Create, "read": Read, "get": Get, "list": List, "listen": Listen, "search": SearchOp, "sync": 0, "update": Update, "delete": Delete,
}

var authRule = []argSpec{
	{name: "allow", kind: argWord, required: true, words: []string{"member", "owner", "where", "groups", "private", "public", "custom"},
		doc: "who: `public` an API key; `private` anyone signed in; `owner` the user that the row names; `groups` a group of the caller's; `member` a member of the active organization; `where` a user, for rows that match `filter`"},
	wordArg("provider", "how the caller signed in", "apiKey", "iam", "identityPool", "userPools", "oidc", "function"),
	textArg("ownerField", "owner: the field that holds the owner or a list of them; `owner` unless given, made where it does not exist"),
	textArg("identityClaim", "owner: the claim of the caller to compare; the user's id unless given"),
	textsArg("groups", "groups: the groups"),
	textArg("groupsField", "groups: the field that holds the row's group or a list of them"),
	textArg("groupClaim", "groups: the claim that lists the caller's groups"),
	textsArg("roles", "member: the organization roles; any role unless given"),
	textsArg("team", "member: the slug of a team, or a list of them; in one of them is enough"),
	{name: "filter", kind: argFilter, doc: "where: a filter in the language of queries, with `$user.id`, `$user.username`, `$user.email`, `$user.groups`, `$user.roles`, `$user.teams` (their ids), `$user.claims.<name>` and `$org.id`"},
	{name: "operations", kind: argWords, words: append([]string{"sync"}, operationNames...),
		doc: "what is allowed; everything unless given. `read` is get, list, listen and search"},
}

// directiveSpecs returns the language, in the order of the reference.
func directiveSpecs() []directiveSpec {
	return append(servedDirectives(), unservedDirectives()...)
}

func servedDirectives() []directiveSpec {
	return []directiveSpec{
		{name: "model", on: onModel, doc: "A table with its operations on every door.", args: []argSpec{
			{name: "queries", kind: argObject, nullable: true, doc: "GraphQL names of the queries; null turns off", fields: []argSpec{
				renameArg("get", "`getTask`"), renameArg("list", "`listTasks`")}},
			{name: "mutations", kind: argObject, nullable: true, doc: "GraphQL names of the mutations; null turns off", fields: []argSpec{
				renameArg("create", "`createTask`"), renameArg("update", "`updateTask`"), renameArg("delete", "`deleteTask`")}},
			{name: "subscriptions", kind: argObject, nullable: true, doc: "GraphQL names of the subscriptions; null turns off", fields: []argSpec{
				{name: "onCreate", kind: argTexts, nullable: true, doc: "`onCreateTask`"}, {name: "onUpdate", kind: argTexts, nullable: true, doc: "`onUpdateTask`"},
				{name: "onDelete", kind: argTexts, nullable: true, doc: "`onDeleteTask`"}, wordArg("level", "`public` lets everyone subscribe", "on", "off", "public")}},
			{name: "timestamps", kind: argObject, nullable: true, doc: "names of the time fields; null turns off", fields: []argSpec{
				renameArg("createdAt", "when the row was made"), renameArg("updatedAt", "when it last changed")}},
			wordArg("scope", "`TENANT`, unless given: rows belong to one organization. `GLOBAL`: all organizations share them", "TENANT", "GLOBAL"),
			wordArg("onOwnerDelete", "what becomes of a user's rows when the account is deleted, for models with `allow: owner`. `KEEP`, unless given: they stay. `DELETE`: they are deleted, with what the schema says of those that refer to them. `CLEAR`: the owner field is emptied, or the user taken from the list",
				"KEEP", "DELETE", "CLEAR"),
		}},
		{name: "auth", on: onModel | onField, doc: "Who may do what. Rules add up: one that allows is enough. Those of a field replace the model's for that field.", args: []argSpec{
			{name: "rules", kind: argObjects, required: true, fields: authRule, doc: "the rules"}}},
		{name: "primaryKey", on: onField, doc: "The model's key instead of `id`.", args: []argSpec{
			textsArg("sortKeyFields", "the key's other fields")}},
		{name: "index", on: onField, repeatable: true, doc: "An index that starts with this field.", args: []argSpec{
			textArg("name", "the index's name"), textsArg("sortKeyFields", "further fields of the index"),
			{name: "queryField", kind: argText, nullable: true, doc: "the GraphQL query over it; made from the fields unless given, none for null"},
			{name: "projection", kind: argAny, doc: "accepted and without effect: an index row leads to the whole row"}}},
		{name: "hasOne", on: onField, doc: "One row of another model. Without arguments this model keeps its key in `<model><Field>Id`.", args: []argSpec{
			textsArg("fields", "the fields of this model that hold the other's key"), textsArg("references", "the fields of the other model that hold this one's key")}},
		{name: "hasMany", on: onField, doc: "The rows of another model that refer to this one.", args: []argSpec{
			textArg("indexName", "the index of the other model that holds this one's key"), textsArg("fields", "the fields of this model that the other's index holds"),
			textsArg("references", "the fields of the other model that hold this one's key"), numberArg("limit", "rows unless a query asks for another number; 100 unless given")}},
		{name: "belongsTo", on: onField, doc: "A reference. Without arguments its key stands beside it: `project` has `projectId`.", args: []argSpec{
			textsArg("fields", "the fields of this model that hold the other's key"), textsArg("references", "the same as `fields`"),
			textArg("overrideIndexName", "the name of the index over the key"),
			wordArg("onDelete", "what deleting the other row does: `SET_NULL` (unless the reference is required), `RESTRICT` refuses, `CASCADE` deletes this row too", "CASCADE", "SET_NULL", "RESTRICT")}},
		{name: "manyToMany", on: onField, doc: "A list on both sides, over a join model of its own.", args: []argSpec{
			needText("relationName", "the join model's name, the same on both sides"), numberArg("limit", "rows unless a query asks for another number; 100 unless given")}},
		{name: "default", on: onField, doc: "The value of a field that a new row does not give.", args: []argSpec{
			textArg("value", "the value, in quotes")}},
		{name: "validate", on: onField, repeatable: true, doc: "A check on every written value. Stands after @default.", args: []argSpec{
			{name: "type", kind: argWord, required: true, words: checkNames, doc: "the check; `matches` takes an RE2 expression"},
			needText("value", "what to compare with, in quotes"), textArg("errorMessage", "what to answer")}},
		{name: "unique", on: onField | onModel, repeatable: true, doc: "No two rows of an organization have the same value. On a type: the same values in all of `fields`.", args: []argSpec{
			textsArg("fields", "on a type: the fields")}},
		{name: "search", on: onModel, doc: "A full-text index.", args: []argSpec{
			{name: "fields", kind: argTexts, required: true, doc: "text fields, the weightiest first"}}},
		{name: "mapsTo", on: onModel, doc: "The table has another name than the type.", args: []argSpec{needText("name", "the table")}},
		{name: "refersTo", on: onModel | onField, doc: "The column (or table) has another name than the field (or type).", args: []argSpec{needText("name", "the column")}},
		{name: "renamedFrom", on: onModel | onField, doc: "The type's or field's former name: the next migration renames instead of dropping.", args: []argSpec{needText("name", "the former name")}},
		{name: "deprecated", on: onField | onEmbedded1 | onEnumValue, doc: "Shown to clients as deprecated.", args: []argSpec{textArg("reason", "what to use instead")}},
	}
}

// unservedDirectives are those of Amplify and of Loam to come.
func unservedDirectives() []directiveSpec {
	unserved := func(name, instead string) directiveSpec {
		return directiveSpec{name: name, on: anywhere, repeatable: true, instead: instead}
	}
	return []directiveSpec{
		unserved("function", "remove it; functions come in a later version"),
		unserved("http", "remove it; call the address from your own code"),
		unserved("searchable", "write @search(fields: [\"title\"]) with the text fields to search"),
		unserved("predictions", "remove it; call the service from your own code"),
		unserved("sql", "remove it; use filters, sorts and aggregates"),
		unserved("conversation", "remove it; call the model from your own code"),
		unserved("generation", "remove it; call the model from your own code"),
		unserved("connection", "write @hasMany, @hasOne or @belongsTo"),
		unserved("key", "write @primaryKey or @index on the field"),
		unserved("versioned", "remove it; every row has a `version`"),
		unserved("on", "remove it; triggers come in a later version"),
		unserved("encrypted", "remove it; fields sealed by themselves come in a later version, the whole database is sealed already where a master key is set"),
		unserved("pii", "remove it; marks for personal data come in a later version"),
		unserved("aws_api_key", "write @auth(rules: [{ allow: public }])"),
		unserved("aws_iam", "write @auth(rules: [{ allow: private }])"),
		unserved("aws_oidc", "write @auth(rules: [{ allow: private, provider: oidc }])"),
		unserved("aws_lambda", "write @auth with allow: where and a filter"),
		unserved("aws_cognito_user_pools", "write @auth(rules: [{ allow: private }])"),
		unserved("aws_auth", "write @auth(rules: [{ allow: groups, groups: [\"admin\"] }])"),
		unserved("aws_subscribe", "remove it; every model has subscriptions"),
	}
}

var checkNames = []string{"gt", "lt", "gte", "lte", "minLength", "maxLength", "startsWith", "endsWith", "matches"}
