package sdkgen

import (
	"bytes"
	"os"
	"testing"
)

// TestCodes holds the runtime's codes against the catalog.
func TestCodes(t *testing.T) {
	const path = "../../sdk/js/src/codes.ts"
	if *update {
		if err := os.WriteFile(path, tsCodes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(have, tsCodes()) {
		t.Errorf("%s is not what the catalog makes (%v): run go test ./internal/sdkgen -run TestCodes -update, and npm run build in sdk/js", path, err)
	}
}
