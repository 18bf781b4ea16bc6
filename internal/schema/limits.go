package schema

// The limits on a schema file. Over one of them the file is refused with a
// diagnostic that names it.
const (
	maxSource       = 1 << 20 // bytes
	maxTokens       = 400_000 // of GraphQL, comments included
	maxModels       = 2_000
	maxTypes        = 4_000    // enums and embedded types
	maxFields       = 500      // of a type
	mostImplicit    = 100      // implicit fields of a model
	maxValues       = 500      // of an enum
	maxIndexes      = 64       // of a model, those for relations included
	maxKeyFields    = 8        // of a primary key or an index
	maxRules        = 50       // of a type or field
	maxChecks       = 20       // @validate of a field
	maxSearch       = 20       // fields of a @search
	maxFilterDepth  = 32       // of a where filter
	maxEmbedded     = 8        // levels of embedded types inside each other
	maxPageLimit    = 1_000    // @hasMany(limit:)
	longestName     = 120      // characters
	longestPhysical = 63       // bytes of a table's or column's name in the database
	longestDefault  = 64 << 10 // bytes
	longestCheck    = 1_000    // bytes of a @validate value
	maxDiagnostics  = 500
)

// The limits on one value.
const (
	MaxString    = 1 << 20 // bytes of a String
	MaxID        = 128     // characters of an ID
	MaxEmail     = 254     // bytes
	MaxURL       = 2048    // bytes
	MaxList      = 10_000  // elements of a list field
	MaxJSONDepth = 32      // levels of a JSON value
	MaxJSON      = 1 << 20 // bytes of a JSON value, list or embedded object
)
