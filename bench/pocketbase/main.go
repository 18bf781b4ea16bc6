// Command pocketbase is PocketBase as it comes, with one more command: seed
// makes the collections and rows that the bench asks for. It is a module of its
// own, so that none of this is in Loam's.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/pocketbase/pocketbase"
	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/types"
	"github.com/spf13/cobra"
)

// The rules that keep organizations apart.
const (
	// The organization lists its members: what a product with members has.
	membersRule = "org.members.id ?= @request.auth.id"
	// The user's record holds the one organization: the cheapest that there is.
	fieldRule = "org = @request.auth.org"
)

func main() {
	app := pocketbase.New()
	var o sizes
	cmd := &cobra.Command{
		Use:  "seed",
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return seed(app, o) },
	}
	cmd.Flags().IntVar(&o.projects, "projects", 100, "projects")
	cmd.Flags().IntVar(&o.tasks, "tasks", 100, "tasks in each project")
	cmd.Flags().IntVar(&o.people, "people", 20, "people")
	cmd.Flags().StringVar(&o.rule, "rule", membersRule, "the rule of every collection")
	cmd.Flags().StringVar(&o.email, "email", "", "the user's address")
	cmd.Flags().StringVar(&o.password, "password", "", "the user's password")
	app.RootCmd.AddCommand(cmd)
	if err := app.Start(); err != nil {
		log.Fatal(err)
	}
}

type sizes struct {
	projects, tasks, people int
	email, password, rule   string
	orgs                    *core.Collection
}

// ids is what the bench needs to know of the rows.
type ids struct {
	Projects, Tasks, People []string
}

func seed(app core.App, o sizes) error {
	var made ids
	err := app.RunInTransaction(func(tx core.App) error {
		org, err := collections(tx, o)
		if err != nil {
			return err
		}
		made, err = rows(tx, org, o)
		return err
	})
	if err != nil {
		return err
	}
	text, err := json.Marshal(made)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(app.DataDir(), "ids.json"), text, 0o600)
}

// collections makes the tables, one organization and its user, and returns the
// organization's id.
func collections(app core.App, o sizes) (string, error) {
	orgs := core.NewBaseCollection("orgs")
	users, err := app.FindCollectionByNameOrId("users")
	if err != nil {
		return "", err
	}
	orgs.Fields.Add(&core.TextField{Name: "name"}, &core.RelationField{Name: "members", CollectionId: users.Id, MaxSelect: 1000})
	if err := app.Save(orgs); err != nil {
		return "", err
	}
	users.Fields.Add(&core.RelationField{Name: "org", CollectionId: orgs.Id, MaxSelect: 1})
	if err := app.Save(users); err != nil {
		return "", err
	}
	o.orgs = orgs
	if err := events(app); err != nil {
		return "", err
	}
	people, err := owned(app, o, "people", &core.TextField{Name: "name", Required: true})
	if err != nil {
		return "", err
	}
	projects, err := owned(app, o, "projects", &core.TextField{Name: "name", Required: true})
	if err != nil {
		return "", err
	}
	_, err = owned(app, o, "tasks",
		&core.TextField{Name: "title", Required: true, Max: 200},
		&core.TextField{Name: "body"},
		&core.SelectField{Name: "status", Values: []string{"TODO", "DOING", "DONE"}, MaxSelect: 1},
		&core.RelationField{Name: "project", CollectionId: projects.Id, MaxSelect: 1, Required: true},
		&core.RelationField{Name: "assignee", CollectionId: people.Id, MaxSelect: 1},
	)
	if err != nil {
		return "", err
	}
	org := core.NewRecord(orgs)
	org.Set("name", "Bench")
	if err := app.Save(org); err != nil {
		return "", err
	}
	user := core.NewRecord(users)
	user.SetEmail(o.email)
	user.SetPassword(o.password)
	user.SetVerified(true)
	user.Set("org", org.Id)
	if err := app.Save(user); err != nil {
		return "", err
	}
	org.Set("members", []string{user.Id})
	return org.Id, app.Save(org)
}

// events makes the collection that is followed live, by whoever is signed in.
func events(app core.App) error {
	c := core.NewBaseCollection("events")
	c.Fields.Add(&core.TextField{Name: "text"}, &core.AutodateField{Name: "created", OnCreate: true})
	rule := types.Pointer(`@request.auth.id != ""`)
	c.ListRule, c.ViewRule, c.CreateRule = rule, rule, rule
	return app.Save(c)
}

// owned makes a collection whose rows belong to an organization.
func owned(app core.App, o sizes, name string, fields ...core.Field) (*core.Collection, error) {
	c := core.NewBaseCollection(name)
	c.Fields.Add(&core.RelationField{Name: "org", CollectionId: o.orgs.Id, MaxSelect: 1, Required: true})
	c.Fields.Add(fields...)
	c.Fields.Add(&core.AutodateField{Name: "created", OnCreate: true})
	c.Fields.Add(&core.AutodateField{Name: "updated", OnCreate: true, OnUpdate: true})
	rule := types.Pointer(o.rule)
	c.ListRule, c.ViewRule, c.CreateRule, c.UpdateRule, c.DeleteRule = rule, rule, rule, rule, rule
	if name == "tasks" {
		c.AddIndex("tasks_by_project", false, "project, created", "")
	}
	return c, app.Save(c)
}

func rows(app core.App, org string, o sizes) (ids, error) {
	var made ids
	people, err := insert(app, "people", o.people, func(i int, r *core.Record) {
		r.Set("org", org)
		r.Set("name", fmt.Sprintf("Person %d", i))
	})
	if err != nil {
		return made, err
	}
	projects, err := insert(app, "projects", o.projects, func(i int, r *core.Record) {
		r.Set("org", org)
		r.Set("name", fmt.Sprintf("Project %d", i))
	})
	if err != nil {
		return made, err
	}
	tasks, err := insert(app, "tasks", o.projects*o.tasks, func(i int, r *core.Record) {
		r.Set("org", org)
		r.Set("title", fmt.Sprintf("Task %d of the plan", i))
		r.Set("body", "What is to be done, in a sentence or two that a person would write.")
		r.Set("status", []string{"TODO", "DOING", "TODO", "DONE", "TODO", "DOING", "TODO", "DONE", "DOING", "DONE"}[(i/o.projects)%10])
		r.Set("project", projects[i%o.projects])
		r.Set("assignee", people[i%o.people])
	})
	return ids{Projects: projects, Tasks: tasks, People: people}, err
}

func insert(app core.App, name string, n int, fill func(int, *core.Record)) ([]string, error) {
	c, err := app.FindCollectionByNameOrId(name)
	if err != nil {
		return nil, err
	}
	list := make([]string, 0, n)
	for i := range n {
		r := core.NewRecord(c)
		fill(i, r)
		if err := app.Save(r); err != nil {
			return nil, fmt.Errorf("%s %d: %w", name, i, err)
		}
		list = append(list, r.Id)
	}
	return list, nil
}
