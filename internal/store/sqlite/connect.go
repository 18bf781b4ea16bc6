package sqlite

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/ext/fts5"
	_ "github.com/ncruces/go-sqlite3/vfs/adiantum" // the VFS that encrypts

	"github.com/loam-dev/loam/internal/fault"
)

// purpose is what a connection is for.
type purpose uint8

const (
	forReading purpose = iota
	forWriting
	forCheckpoints
)

// settings hold on every connection, whatever it is for.
const settings = `
PRAGMA synchronous = FULL;
PRAGMA foreign_keys = ON;
PRAGMA recursive_triggers = ON;
PRAGMA trusted_schema = OFF;
PRAGMA temp_store = MEMORY;
PRAGMA mmap_size = 0;
PRAGMA wal_autocheckpoint = 0;`

// connect opens a connection and sets it up. The file is read once, so that a
// wrong key shows here and not at the first request.
func (f *file) connect(ctx context.Context, p purpose) (_ *conn, err error) {
	db, err := sqlite3.OpenContext(ctx, f.uri())
	if err != nil {
		return nil, f.unreadable(err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, db.Close())
		}
	}()
	if err := f.unlock(db); err != nil {
		return nil, err
	}
	if err := db.BusyTimeout(f.busyWait); err != nil {
		return nil, f.translate(ctx, err)
	}
	if _, err := db.Config(sqlite3.DBCONFIG_DEFENSIVE, true); err != nil {
		return nil, f.translate(ctx, err)
	}
	db.Limit(sqlite3.LIMIT_LENGTH, f.valueBytes)
	db.Limit(sqlite3.LIMIT_SQL_LENGTH, f.statementBytes)
	script := settings + fmt.Sprintf("PRAGMA cache_size = %d;", -f.cacheKiB)
	if f.filling {
		script += "PRAGMA foreign_keys = OFF;"
	}
	switch p {
	case forWriting:
		script = fmt.Sprintf("PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = %d;", f.walKeptBytes) + script
		script += "BEGIN IMMEDIATE; COMMIT;" // makes the log and its index
	case forReading:
		script += "PRAGMA query_only = ON;"
	}
	// Reading the schema's version is what finds out about a wrong key.
	if err := db.Exec("PRAGMA schema_version;" + script); err != nil {
		return nil, f.unreadable(err)
	}
	if err := fts5.Register(db); err != nil {
		return nil, fmt.Errorf("sqlite: full text search: %w", err)
	}
	if err := registerFloat(db); err != nil {
		return nil, fmt.Errorf("sqlite: the form of numbers: %w", err)
	}
	return newConn(f, db), nil
}

func (f *file) uri() string {
	u := url.URL{Scheme: "file", OmitHost: true, Path: f.path}
	if f.key != nil {
		u.RawQuery = "vfs=adiantum"
	}
	return u.String()
}

// unlock hands the key over by PRAGMA: in the file's URI it could be read back
// from the connection, and would stand in error messages. No error from here
// may carry the statement.
func (f *file) unlock(db *sqlite3.Conn) error {
	if f.key == nil {
		return nil
	}
	if err := db.Exec("PRAGMA hexkey = '" + hex.EncodeToString(f.key) + "'"); err != nil {
		code, _ := errors.AsType[sqlite3.ExtendedErrorCode](err)
		return fault.New(fault.StoreUnreadable, "the key does not fit %s", f.path).Because(code)
	}
	return nil
}

// unreadable explains why a file could not be opened as a database.
func (f *file) unreadable(err error) error {
	code, _ := errors.AsType[sqlite3.ErrorCode](err)
	switch code {
	case sqlite3.NOTADB, sqlite3.CORRUPT:
		if f.key != nil && f.plain() {
			return fault.New(fault.StoreUnreadable, "%s is not encrypted: it was made by loam dev without a key; serve from another directory with --data", f.path).Because(err)
		}
		if f.key != nil {
			return fault.New(fault.StoreUnreadable, "%s can't be read with this key; give the key it was made with", f.path).Because(err)
		}
		return fault.New(fault.StoreUnreadable, "%s is encrypted or is no database; give the key it was made with", f.path).Because(err)
	case sqlite3.CANTOPEN, sqlite3.PERM, sqlite3.READONLY:
		return unwritable(f.path, err)
	}
	return f.translate(context.Background(), err)
}

// plainHeader begins every SQLite file that is not encrypted.
const plainHeader = "SQLite format 3\x00"

// plain tells whether the file is a database without encryption.
func (f *file) plain() bool {
	db, err := os.Open(f.path)
	if err != nil {
		return false
	}
	defer db.Close()
	head := make([]byte, len(plainHeader))
	_, err = io.ReadFull(db, head)
	return err == nil && string(head) == plainHeader
}
