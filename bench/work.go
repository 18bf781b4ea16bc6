package main

import (
	"fmt"
	"net/url"
)

// work is one kind of request that every peer is asked.
type work struct {
	name, title string
	signIn      bool    // on fewer connections, and judged by the rate that the CPU allows
	vsPeer      float64 // the CPU that Loam may use as a share of PocketBase's; for sign-ins the rate it must reach
	vsBare      float64 // the same against the bare handler
	onPostgres  float64 // the same on PostgreSQL, against the bare handler there
	least       int     // bytes of a true answer
	trips       int     // requests that make one whole answer, where it is not one
}

// phases lists what is measured, in an order in which nothing disturbs what
// comes after it: reads first, then what makes rows.
func phases(s settings) [][]work {
	all := [][]work{
		{
			{name: "get", title: "get one by id", vsPeer: 1.0 / 6, vsBare: 1.8, onPostgres: 1.6, least: 200},
			{name: "list", title: "list of 30, filtered and sorted", vsPeer: 1.0 / 6, vsBare: 1.6, onPostgres: 1.4, least: 30 * 200},
			{name: "nested", title: "20 projects, each with its 10 newest tasks and their assignees", vsPeer: 1.0 / 8, vsBare: 1.6, onPostgres: 1.5, least: 200 * 100},
			{name: "nested-trips", title: "the same from PocketBase in 21 requests, each list with its own limit (for 21)", trips: 1 + nestedProjects, least: 500},
		},
		{{name: "create", title: "create, durable", vsPeer: 1.0 / 8, vsBare: 2, onPostgres: 2, least: 200}},
		{{name: "sign-in", title: "password sign-in, 16 at a time", signIn: true, vsPeer: 2, vsBare: 0.9, least: 20}},
	}
	if s.works == "" {
		return all
	}
	var list [][]work
	for _, phase := range all {
		var kept []work
		for _, w := range phase {
			if contains(s.works, w.name) {
				kept = append(kept, w)
			}
		}
		list = append(list, kept)
	}
	return list
}

// asked is what a peer is sent for a work, and the status that it answers with.
// Without requests the peer sits the work out.
type asked struct {
	status   int
	requests [][]byte
}

const nestedProjects = 20

const distinct = 1000 // different rows that a work asks for

// loamRequests are Loam's; the bare handler answers the same ones.
func loamRequests(p *peer, name string) asked {
	a := asked{status: 200}
	add := func(method, path string, body any) {
		a.requests = append(a.requests, raw(method, path, p.token, body))
	}
	switch name {
	case "get":
		for i := range distinct {
			add("GET", "/api/tasks/"+p.rows.task(i), nil)
		}
	case "list":
		for _, project := range p.rows.Projects {
			add("GET", "/api/tasks?projectId="+project+"&status=TODO&sort=-createdAt&limit=30", nil)
		}
	case "nested":
		add("POST", "/graphql", map[string]string{"query": nestedQuery})
	case "create":
		a.status = 201
		for i := range distinct {
			add("POST", "/api/tasks", map[string]string{
				"title": title(i), "body": body, "status": "TODO",
				"projectId": p.rows.project(i), "assigneeId": p.rows.person(i),
			})
		}
	case "sign-in":
		a.requests = append(a.requests, raw("POST", "/auth/sign-in", "", map[string]string{"email": email, "password": password}))
	}
	return a
}

const nestedQuery = `query Board { listProjects(limit: 20) { items { id name
  tasks(sortDirection: DESC, limit: 10) { items { id title createdAt assignee { id name } } } } } }`

// pocketbaseRequests ask PocketBase for the same, in its own way and without
// the totals that it would count.
func pocketbaseRequests(p *peer, name string) asked {
	a := asked{status: 200}
	add := func(method, path string, body any) {
		a.requests = append(a.requests, raw(method, "/api/collections/"+path, p.token, body))
	}
	switch name {
	case "get":
		for i := range distinct {
			add("GET", "tasks/records/"+p.rows.task(i), nil)
		}
	case "list":
		for _, project := range p.rows.Projects {
			filter := url.QueryEscape(fmt.Sprintf("project = '%s' && status = 'TODO'", project))
			add("GET", "tasks/records?filter="+filter+"&sort=-created&perPage=30&skipTotal=1", nil)
		}
	case "nested":
		add("GET", "projects/records?perPage=20&skipTotal=1&expand=tasks_via_project.assignee", nil)
	case "nested-trips":
		add("GET", "projects/records?perPage=20&skipTotal=1", nil)
		for i := range nestedProjects {
			filter := url.QueryEscape(fmt.Sprintf("project = '%s'", p.rows.project(i)))
			add("GET", "tasks/records?filter="+filter+"&sort=-created&perPage=10&skipTotal=1&expand=assignee", nil)
		}
	case "create":
		for i := range distinct {
			add("POST", "tasks/records", map[string]string{
				"title": title(i), "body": body, "status": "TODO",
				"org": p.org, "project": p.rows.project(i), "assignee": p.rows.person(i),
			})
		}
	case "sign-in":
		a.requests = append(a.requests, raw("POST", "/api/collections/users/auth-with-password", "",
			map[string]string{"identity": email, "password": password}))
	}
	return a
}

const body = "What is to be done, in a sentence or two that a person would write."

func title(i int) string { return fmt.Sprintf("Task %d of the plan", i) }

func status(i int) string {
	return []string{"TODO", "DOING", "TODO", "DONE", "TODO", "DOING", "TODO", "DONE", "DOING", "DONE"}[(i/projects)%10]
}

// rows are the ids of what was seeded.
type rows struct{ Projects, Tasks, People []string }

func (r rows) task(i int) string    { return r.Tasks[(i*37)%len(r.Tasks)] }
func (r rows) project(i int) string { return r.Projects[i%len(r.Projects)] }
func (r rows) person(i int) string  { return r.People[i%len(r.People)] }
