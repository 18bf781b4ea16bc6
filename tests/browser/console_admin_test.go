package browser

import "testing"

// What an admin does in the console holds at every door: who is disabled is out, and a
// key that is revoked opens nothing. Each page is asked for its accessibility.
func TestConsoleAdmin(t *testing.T) {
	_, port := launch(t, build(t), "demo", "--addr", "127.0.0.1:0", "--data", t.TempDir())
	run(t, "console_admin.mjs", "http://localhost:"+port)
}
