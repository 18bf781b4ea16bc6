package schema

import (
	"strings"
	"testing"
)

// TestPlurals holds our plurals against those of the npm package pluralize,
// which Amplify names its operations with.
func TestPlurals(t *testing.T) {
	p := newPluralizer()
	for line := range strings.Lines(read(t, "testdata/plurals.txt")) {
		word, want, _ := strings.Cut(strings.TrimSpace(line), " ")
		if got := p.plural(word); got != want {
			t.Errorf("%s became %s, want %s", word, got, want)
		}
	}
}
