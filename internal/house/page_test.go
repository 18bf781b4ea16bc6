package house

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// page is what ARCHITECTURE.md says that a machine can check.
type page struct {
	floors map[string]int    // by room: "store/sqlite"
	deps   map[string]string // reason by module path
}

var (
	roomRow = regexp.MustCompile("^\\| (\\d+) \\| (`[^|]+`) \\| [^|]+ \\|$")
	depRow  = regexp.MustCompile("^\\| `([a-z0-9.-]+\\.[a-z]+/[^`]+)` \\| ([^|]+) \\|$")
	ticked  = regexp.MustCompile("`([^`]+)`")
)

func readPage(t *testing.T) page {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	p := page{floors: map[string]int{}, deps: map[string]string{}}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		if m := roomRow.FindStringSubmatch(line); m != nil {
			floor, err := strconv.Atoi(m[1])
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range ticked.FindAllStringSubmatch(m[2], -1) {
				p.floors[name[1]] = floor
			}
		}
		if m := depRow.FindStringSubmatch(line); m != nil {
			p.deps[m[1]] = m[2]
		}
	}
	if len(p.floors) == 0 || len(p.deps) == 0 {
		t.Fatal("ARCHITECTURE.md has lost its table of rooms or of dependencies")
	}
	return p
}

// room finds the room of a directory under internal/: the longest row that is
// the directory or holds it.
func (p page) room(dir string) (string, bool) {
	dir, ok := strings.CutPrefix(dir, "internal/")
	for ok && dir != "" {
		if _, found := p.floors[dir]; found {
			return dir, true
		}
		cut := strings.LastIndexByte(dir, '/')
		dir = dir[:max(cut, 0)]
	}
	return "", false
}
