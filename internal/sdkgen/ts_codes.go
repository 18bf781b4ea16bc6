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
	for _, code := range doorCodes() {
		b.WriteString("  | " + code + "\n")
	}
	return []byte(b.String())
}

// tsCodeTypes is what the compiler makes of it, so that who adds a code needs no
// Node.
func tsCodeTypes() []byte {
	return []byte("/** The codes of the server's errors. */\nexport type ServerCode = " + strings.Join(doorCodes(), " | ") + ";\n")
}

func doorCodes() []string {
	var codes []string
	for _, code := range slices.Sorted(maps.Keys(fault.Catalog)) {
		if !ofTheMachine(code) {
			codes = append(codes, "'"+string(code)+"'")
		}
	}
	return codes
}

// ofTheMachine tells the codes that only commands and configuration have.
func ofTheMachine(code fault.Code) bool {
	room, _, _ := strings.Cut(string(code), "/")
	return slices.Contains([]string{"cli", "config", "migrate", "schema", "move", "restore"}, room)
}
