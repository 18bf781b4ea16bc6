package browser

import (
	"os"
	"os/exec"
	"testing"
)

// TestReact drives the components and hooks of sdk/react in a page that is built of
// their sources.
func TestReact(t *testing.T) {
	if _, err := os.Stat("../../sdk/react/node_modules/esbuild"); err != nil {
		install := exec.Command("npm", "ci", "--no-audit", "--no-fund", "--loglevel=error")
		install.Dir = "../../sdk/react"
		if out, err := install.CombinedOutput(); err != nil {
			t.Fatalf("npm ci in sdk/react: %v\n%s", err, out)
		}
	}
	tasks := "type Task @model @auth(rules: [{ allow: member }]) {\n  title: String!\n  done: Boolean\n}\n"
	url := serve(t, tasks+person, "name: Tracker\nauth:\n  redirects: [https://app.example/react/]\n  email:\n    confirm: code\n    code: on\n    link: on\n")
	run(t, "react.mjs", url)
}
