package form

import (
	"os"
	"strings"
	"testing"
)

// TestPlurals holds our plurals against those of the npm package pluralize,
// which Amplify names its operations with.
func TestPlurals(t *testing.T) {
	p := NewPluralizer()
	list, err := os.ReadFile("testdata/plurals.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(list)) {
		word, want, _ := strings.Cut(strings.TrimSpace(line), " ")
		if got := p.Plural(word); got != want {
			t.Errorf("%s became %s, want %s", word, got, want)
		}
	}
}
