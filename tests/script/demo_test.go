package script

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
)

// The demo holds what its help says, and each half of it is one organization's.
func TestDemoData(t *testing.T) {
	_, url := launch(t, os.Getenv(binaryPath), "demo")
	ask := func(method, path, token, body string, into any) int {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, url+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if err := json.NewDecoder(res.Body).Decode(into); err != nil {
			t.Fatal(err)
		}
		return res.StatusCode
	}
	total := map[string]int{}
	for _, name := range []string{"ada", "grace", "alan", "edsger", "barbara", "ken"} {
		var session struct {
			AccessToken  string
			Organization struct{ Name string }
		}
		login := fmt.Sprintf(`{"email":"%s@example.com","password":"correct horse battery"}`, name)
		if got := ask("POST", "/auth/sign-in", "", login, &session); got != http.StatusOK {
			t.Fatalf("%s signs in: %d", name, got)
		}
		for path, want := range map[string]int{"projects": 6, "tasks": 250, "labels": 5} {
			var page struct{ Total int }
			if got := ask("GET", "/api/"+path+"?limit=1&count=true", session.AccessToken, "", &page); got != http.StatusOK || page.Total != want {
				t.Errorf("%s of %s sees %d %s (%d), want %d", name, session.Organization.Name, page.Total, path, got, want)
			}
			total[session.Organization.Name+" "+path] = page.Total
		}
		var people struct{ Items []any }
		if ask("GET", "/api/users", session.AccessToken, "", &people); len(people.Items) != 3 {
			t.Errorf("%s sees %d users, want 3", name, len(people.Items))
		}
	}
	if tasks := total["Acme tasks"] + total["Globex tasks"]; tasks != 500 {
		t.Errorf("%d tasks in all: %v", tasks, total)
	}
}
