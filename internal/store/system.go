package store

// What rooms that keep system tables tell the migrator of them.

// Upgrade changes a system table that an earlier version of Loam made. The
// statements of migrate.Options.SystemTables are always of the newest shape: a
// new database needs no upgrade, and one that lacks the table gets it right.
type Upgrade struct {
	Name  string // "auth/verified_at": once applied, never again
	Table string // that it changes
	SQL   string
}

// View is a view over system tables, from which a built-in model is read. The
// fields that the app gives the model are joined to it from the table where they
// are kept: a row without one there has their defaults.
type View struct {
	Name    string // of the model
	Columns string // the select list
	From    string // what follows FROM
	ID      string // the expression, in From, of the model's id
}
