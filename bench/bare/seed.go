package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"
	"github.com/ncruces/go-sqlite3"
)

// seed makes the database with its rows, and ids.json beside it.
func seed(_ context.Context, o options) error {
	if err := os.MkdirAll(o.data, 0o700); err != nil {
		return err
	}
	db, err := dial(o)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.Exec("BEGIN;" + layout); err != nil {
		return err
	}
	made, err := rows(db, o)
	if err != nil {
		return err
	}
	if err := db.Exec("COMMIT; ANALYZE"); err != nil {
		return err
	}
	text, err := json.Marshal(made)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(o.data, "ids.json"), text, 0o600)
}

type ids struct{ Projects, Tasks, People []string }

func rows(db *sqlite3.Conn, o options) (ids, error) {
	var made ids
	org, salt := newID(), []byte(rand.Text())
	if err := exec(db, `INSERT INTO User (id, email, salt, hash, org) VALUES (?1, ?2, ?3, ?4, ?5)`,
		newID(), o.email, salt, hash(o.password, salt), org); err != nil {
		return made, err
	}
	for i := range o.people {
		made.People = append(made.People, newID())
		if err := exec(db, `INSERT INTO Person (_org, id, name) VALUES (?1, ?2, ?3)`, org, made.People[i], fmt.Sprintf("Person %d", i)); err != nil {
			return made, err
		}
	}
	for i := range o.projects {
		made.Projects = append(made.Projects, newID())
		if err := exec(db, `INSERT INTO Project (_org, id, name) VALUES (?1, ?2, ?3)`, org, made.Projects[i], fmt.Sprintf("Project %d", i)); err != nil {
			return made, err
		}
	}
	statuses := []string{"TODO", "DOING", "TODO", "DONE", "TODO", "DOING", "TODO", "DONE", "DOING", "DONE"}
	start := time.Now().Add(-time.Hour).UTC()
	for i := range o.projects * o.tasks {
		made.Tasks = append(made.Tasks, newID())
		err := exec(db, createSQL, org, made.Tasks[i], fmt.Sprintf("Task %d of the plan", i),
			"What is to be done, in a sentence or two that a person would write.",
			statuses[(i/o.projects)%10], made.Projects[i%o.projects], made.People[i%o.people],
			start.Add(time.Duration(i)*time.Millisecond).Format(timeForm))
		if err != nil {
			return made, err
		}
	}
	return made, nil
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func exec(db *sqlite3.Conn, sql string, args ...any) error {
	stmt, _, err := db.Prepare(sql)
	if err != nil {
		return err
	}
	defer stmt.Close()
	for i, arg := range args {
		switch v := arg.(type) {
		case string:
			err = stmt.BindText(i+1, v)
		case []byte:
			err = stmt.BindBlob(i+1, v)
		}
		if err != nil {
			return err
		}
	}
	return stmt.Exec()
}
