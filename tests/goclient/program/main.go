// Command program is what one writes with a client that oapi-codegen has made of
// the example's OpenAPI document.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"

	"github.com/loam-dev/loam/tests/goclient/api"
)

func main() {
	if err := run(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, url string) error {
	app, err := api.NewClientWithResponses(url)
	if err != nil {
		return err
	}
	answer, err := app.AuthSignInWithResponse(ctx, api.AuthSignInJSONRequestBody{Email: "ada@example.com", Password: "correct horse battery"})
	if err != nil {
		return err
	}
	session, err := answer.JSON200.AsAuthSession()
	if err != nil {
		return err
	}
	signedIn := func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+session.AccessToken)
		return nil
	}

	code := "ENG"
	projects, err := app.ListProjectsWithResponse(ctx, &api.ListProjectsParams{Code: &code}, signedIn)
	if err != nil {
		return err
	}
	project := projects.JSON200.Items[0]
	fmt.Println("project:", project.Name)

	points, key := int32(5), "once"
	made, err := app.CreateTaskWithResponse(ctx, &api.CreateTaskParams{IdempotencyKey: &key},
		api.TaskCreate{Title: "Written in Go", ProjectId: project.Id, Points: &points}, signedIn)
	if err != nil {
		return err
	}
	fmt.Println("made:", made.StatusCode(), made.JSON201.Title, made.JSON201.Status)

	filter, err := json.Marshal(map[string]any{"title": map[string]any{"beginsWith": "Written"}, "points": map[string]any{"gt": 3}})
	if err != nil {
		return err
	}
	text, include := string(filter), "project"
	tasks, err := app.ListTasksWithResponse(ctx, &api.ListTasksParams{Filter: &text, Include: &include}, signedIn)
	if err != nil {
		return err
	}
	for _, task := range tasks.JSON200.Items {
		fmt.Println("found:", task.Title, "in", task.Project.Code)
	}

	refused, err := app.CreateTaskWithResponse(ctx, nil, api.TaskCreate{Title: "", ProjectId: "nowhere"}, signedIn)
	if err != nil {
		return err
	}
	fmt.Println("refused:", refused.ApplicationproblemJSON400.Code, *refused.ApplicationproblemJSON400.Field)
	return nil
}
