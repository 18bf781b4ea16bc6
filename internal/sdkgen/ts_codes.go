package sdkgen

import (
	"maps"
	"slices"
	"strings"

	"github.com/loam-dev/loam/internal/fault"
)

// tsCodes is the module of the client's runtime that names every code of an
// error which a door may answer: sdk/js/src/codes.ts.
func tsCodes() []byte {
	var b strings.Builder
	b.WriteString("// Made from internal/fault by `go test ./internal/sdkgen -update`.\n\n/** The codes of the server's errors. */\nexport type ServerCode =\n")
	for _, code := range slices.Sorted(maps.Keys(fault.Catalog)) {
		if !ofTheMachine(code) {
			b.WriteString("  | '" + string(code) + "'\n")
		}
	}
	return []byte(b.String())
}

// ofTheMachine tells the codes that only commands and configuration have.
func ofTheMachine(code fault.Code) bool {
	room, _, _ := strings.Cut(string(code), "/")
	return slices.Contains([]string{"cli", "config", "migrate", "schema", "move", "restore"}, room)
}
