package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"

	"github.com/ncruces/go-sqlite3"
	_ "github.com/ncruces/go-sqlite3/vfs/adiantum" // the VFS that encrypts
)

// The layout is the one that Loam makes: the organization leads every key.
const layout = `
CREATE TABLE User (id TEXT NOT NULL PRIMARY KEY, email TEXT NOT NULL UNIQUE, salt BLOB NOT NULL, hash BLOB NOT NULL, org TEXT NOT NULL) STRICT;
CREATE TABLE Session (token BLOB NOT NULL PRIMARY KEY, org TEXT NOT NULL) STRICT;
CREATE TABLE Person (_org TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (_org, id)) STRICT;
CREATE TABLE Project (_org TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (_org, id)) STRICT;
CREATE TABLE Task (
  _org TEXT NOT NULL, id TEXT NOT NULL, title TEXT NOT NULL, body TEXT, status TEXT NOT NULL,
  projectId TEXT NOT NULL, assigneeId TEXT, createdAt TEXT NOT NULL, updatedAt TEXT NOT NULL, _version INTEGER NOT NULL,
  PRIMARY KEY (_org, id),
  FOREIGN KEY (_org, projectId) REFERENCES Project (_org, id),
  FOREIGN KEY (_org, assigneeId) REFERENCES Person (_org, id)
) STRICT;
CREATE INDEX byProject ON Task (_org, projectId, createdAt, id);
CREATE INDEX byAssignee ON Task (_org, assigneeId, id);
CREATE TABLE Change (seq INTEGER PRIMARY KEY, org TEXT NOT NULL, model TEXT NOT NULL, id TEXT NOT NULL, op TEXT NOT NULL, before TEXT, after TEXT, at TEXT NOT NULL) STRICT;
`

const settings = `
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA foreign_keys = ON;
PRAGMA temp_store = MEMORY;
PRAGMA mmap_size = 0;
PRAGMA cache_size = -8192;
PRAGMA busy_timeout = 5000;`

// The statements. A row leaves the database as JSON.
const (
	taskJSON = `json_object('id', id, 'title', title, 'body', body, 'status', status, 'projectId', projectId,
 'assigneeId', assigneeId, 'createdAt', createdAt, 'updatedAt', updatedAt, 'version', _version)`
	getSQL  = `SELECT ` + taskJSON + ` FROM Task WHERE _org = ?1 AND id = ?2`
	listSQL = `SELECT ` + taskJSON + `, createdAt, id FROM Task
 WHERE _org = ?1 AND projectId = ?2 AND status = ?3 ORDER BY createdAt DESC, id DESC LIMIT ?4`
	nestedSQL = `SELECT json_object('id', p.id, 'name', p.name, 'tasks', json_object('items', (
  SELECT json_group_array(json_object('id', t.id, 'title', t.title, 'createdAt', t.createdAt,
    'assignee', (SELECT json_object('id', a.id, 'name', a.name) FROM Person a WHERE a._org = ?1 AND a.id = t.assigneeId)))
  FROM (SELECT id, title, createdAt, assigneeId FROM Task WHERE _org = ?1 AND projectId = p.id ORDER BY createdAt DESC, id DESC LIMIT 10) t)))
 FROM Project p WHERE p._org = ?1 ORDER BY p.id LIMIT 20`
	createSQL = `INSERT INTO Task (_org, id, title, body, status, projectId, assigneeId, createdAt, updatedAt, _version)
 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, 1)`
	changeSQL  = `INSERT INTO Change (org, model, id, op, after, at) VALUES (?1, 'Task', ?2, 'create', ?3, ?4)`
	sessionSQL = `SELECT token, org FROM Session`
	signInSQL  = `SELECT salt, hash, org FROM User WHERE email = ?1`
	keepSQL    = `INSERT INTO Session (token, org) VALUES (?1, ?2)`
)

// conn is a connection with its prepared statements.
type conn struct {
	*sqlite3.Conn
	get, list, nested, create, change, sessions, signIn, keep, begin, commit, rollback *sqlite3.Stmt
}

// database is one writer, which commits what waits together, and a pool of
// readers.
type database struct {
	readers chan *conn
	writer  *conn
	jobs    chan *job
	stopped chan struct{}
}

type job struct {
	run  func(*conn) error
	err  error
	done chan struct{}
}

func open(o options) (*database, error) {
	d := &database{jobs: make(chan *job, 1024), stopped: make(chan struct{})}
	var err error
	if d.writer, err = connect(o); err != nil {
		return nil, err
	}
	n := max(4, 2*runtime.GOMAXPROCS(0))
	d.readers = make(chan *conn, n)
	for range n {
		c, err := connect(o)
		if err != nil {
			return nil, err
		}
		d.readers <- c
	}
	go d.write()
	return d, nil
}

func connect(o options) (*conn, error) {
	db, err := dial(o)
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: db}
	for sql, into := range map[string]**sqlite3.Stmt{
		getSQL: &c.get, listSQL: &c.list, nestedSQL: &c.nested, createSQL: &c.create, changeSQL: &c.change,
		sessionSQL: &c.sessions, signInSQL: &c.signIn, keepSQL: &c.keep,
		"BEGIN IMMEDIATE": &c.begin, "COMMIT": &c.commit, "ROLLBACK": &c.rollback,
	} {
		if *into, _, err = db.PrepareFlags(sql, sqlite3.PREPARE_PERSISTENT); err != nil {
			return nil, fmt.Errorf("%s: %w", sql, err)
		}
	}
	return c, nil
}

func dial(o options) (*sqlite3.Conn, error) {
	uri := "file:" + filepath.Join(o.data, "bare.db")
	if len(o.key) > 0 {
		uri += "?vfs=adiantum"
	}
	db, err := sqlite3.Open(uri)
	if err != nil {
		return nil, err
	}
	if len(o.key) > 0 {
		if err := db.Exec("PRAGMA hexkey = '" + hex.EncodeToString(o.key) + "'"); err != nil {
			return nil, err
		}
	}
	return db, db.Exec(settings)
}

// read lends a connection.
func (d *database) read(fn func(*conn) error) error {
	c := <-d.readers
	defer func() { d.readers <- c }()
	return fn(c)
}

// commit runs fn in the next transaction and returns when that is on the disk.
func (d *database) commit(fn func(*conn) error) error {
	j := &job{run: fn, done: make(chan struct{})}
	d.jobs <- j
	<-j.done
	return j.err
}

// write is the writer's loop. A failed job fails its whole group: that is the
// part of a real writer which the limit does without.
func (d *database) write() {
	defer close(d.stopped)
	for first := range d.jobs {
		group := []*job{first}
		for more := true; more && len(group) < 256; {
			select {
			case j, ok := <-d.jobs:
				if more = ok; ok {
					group = append(group, j)
				}
			default:
				more = false
			}
		}
		err := d.writer.begin.Exec()
		for _, j := range group {
			if err == nil {
				err = j.run(d.writer)
			}
		}
		if err == nil {
			err = d.writer.commit.Exec()
		} else {
			err = errors.Join(err, d.writer.rollback.Exec())
		}
		for _, j := range group {
			j.err = err
			close(j.done)
		}
	}
}

func (d *database) close() {
	close(d.jobs)
	<-d.stopped
	for range cap(d.readers) {
		_ = (<-d.readers).Close()
	}
	_ = d.writer.Close()
}
