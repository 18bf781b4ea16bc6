package cli

import (
	"fmt"
	"strings"

	"github.com/loam-dev/loam/internal/store/migrate"
)

// maxSteps bounds how many steps of a plan one line names.
const maxSteps = 4

// inWords is a plan in one line: "adds column Task.points, indexes Task by points".
func inWords(p migrate.Plan) string {
	var words []string
	for i, s := range p.Steps {
		if i == maxSteps {
			words = append(words, fmt.Sprintf("and %d more", len(p.Steps)-maxSteps))
			break
		}
		words = append(words, s.Words)
	}
	return strings.Join(words, ", ")
}
