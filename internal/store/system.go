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
	Name    string     // of the model
	Org     string     // the expression of the organization that a row is of; "" is none
	Columns string     // the select list of the others
	Times   []ViewTime // but for those that are times
	From    string     // what follows FROM
	ID      string     // the expression, in From, of the model's id
}

// ViewTime is a column that is a time. A system table keeps it as text, a model's
// table as the database's own type where it has one.
type ViewTime struct{ Name, Value string }

// OrgSetting is what row-level security goes by, in PostgreSQL: the setting of a
// transaction that names the organization whose rows the server's role sees.
const OrgSetting = "loam.org"

// Moved is what the triggers of a database that has moved elsewhere say to who would
// write to it; the engines make it a fault.
const Moved = "loam: this database has moved"

// Isolator is an engine whose statements run as a role that owns nothing, which
// policies and grants name. It is of one database, schema and owner alone: roles are
// shared by all databases of a server.
type Isolator interface{ AppRole() string }
