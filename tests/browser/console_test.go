package browser

import "testing"

// The admin of the demo's server looks at all that the console shows, and changes rows.
func TestConsole(t *testing.T) {
	loam, data := build(t), t.TempDir()
	_, port := launch(t, loam, "demo", "--addr", "127.0.0.1:0", "--data", data)
	run(t, "console.mjs", "http://localhost:"+port)
}
