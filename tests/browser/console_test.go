package browser

import (
	"regexp"
	"testing"
)

// The admin of the demo's server looks at all that the console shows, and changes rows;
// whoever starts a server of their own becomes its admin by the link that it prints.
func TestConsole(t *testing.T) {
	loam, data := build(t), t.TempDir()
	_, port := launch(t, loam, "demo", "--addr", "127.0.0.1:0", "--data", data)
	first, _ := launch(t, loam, "dev", "--dir", project(t, notes, "auth:\n  email:\n    confirm: none\n"), "--addr", "127.0.0.1:0")
	link := regexp.MustCompile(`http://localhost:\d+/console/setup#\S+`).FindString(first.Stdout.(*output).String())
	run(t, "console.mjs", "http://localhost:"+port, link)
}
