package httpapi

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the generated part of docs/reference/http.md anew")

// TestRouteReference holds the table of routes in the reference against the
// table that serves them.
func TestRouteReference(t *testing.T) {
	const path, start, end = "../../docs/reference/http.md", "<!-- routes: made from internal/httpapi/routes.go -->\n", "<!-- end of routes -->"
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), start)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has no place for the routes: %q and %q", path, start, end)
	}
	want := before + start + routeTable() + end + after
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if string(page) != want {
		t.Errorf("%s does not list the routes that are served; run make generate", path)
	}
}

func routeTable() string {
	guards := map[guard]string{open: "everybody", anyone: "whom the rules let", signedIn: "a user",
		adminReads: "an admin", adminActs: "an admin, freshly proved", adminUploads: "an admin, freshly proved", operates: "who runs the server"}
	var b strings.Builder
	b.WriteString("\n| route | for | what it does |\n| --- | --- | --- |\n")
	for _, r := range routes() {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", strings.TrimSuffix(r.pattern, "{$}"), guards[r.guard], r.doc)
	}
	b.WriteString("\n")
	return b.String()
}
