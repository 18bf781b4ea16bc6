package house

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The floors hold for what ships: a test may use a whole server to reach its
// own room.
func TestRoomsImportDownward(t *testing.T) {
	p := readPage(t)
	for _, f := range load(t).files {
		from, ok := p.room(f.dir)
		if f.test || !ok {
			continue
		}
		for _, path := range f.imports() {
			dir, ours := strings.CutPrefix(path, module+"/")
			if !ours {
				continue
			}
			to, ok := p.room(dir)
			switch {
			case !ok:
				t.Errorf("%s: a room imports %s, which is no room", f.path, dir)
			case to != from && p.floors[to] >= p.floors[from]:
				t.Errorf("%s: %s (floor %d) imports %s (floor %d); imports go down: declare a small interface here and join it in backend",
					f.path, from, p.floors[from], to, p.floors[to])
			}
		}
	}
}

func TestRoomsHaveRowsAndRowsHaveCode(t *testing.T) {
	p := readPage(t)
	seen := map[string]bool{} // rooms; directories that lack one, to say so once
	for _, f := range load(t).files {
		if f.test || !strings.HasPrefix(f.dir, "internal/") {
			continue
		}
		room, ok := p.room(f.dir)
		if !ok && !seen[f.dir] {
			t.Errorf("%s: ARCHITECTURE.md has no row for this room", f.dir)
			room = f.dir
		}
		seen[room] = true
	}
	for room := range p.floors {
		if !seen[room] {
			t.Errorf("ARCHITECTURE.md has a row for %s, which has no code", room)
		}
	}
}

var codePath = regexp.MustCompile("`((?:internal|cmd|tests|bench|examples|docs|scripts)/[^`]*)`")

func TestThePageNamesWhatExists(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range codePath.FindAllStringSubmatch(string(text), -1) {
		if _, err := os.Stat(filepath.Join(root, m[1])); err != nil {
			t.Errorf("ARCHITECTURE.md names %s, which is not there", m[1])
		}
	}
}

var requirement = regexp.MustCompile(`(?m)^\s*(?:require )?([a-z0-9.-]+\.[a-z]+/\S+) v\S+`)

// A dependency is direct where a file imports it, whatever go.mod says of it.
func TestDependenciesHaveReasons(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	p := readPage(t)
	direct := map[string]string{}
	for _, f := range load(t).files {
		for _, path := range f.imports() {
			if dep := owner(path, string(text)); dep != "" {
				direct[dep] = f.path
			}
		}
	}
	for dep, by := range direct {
		if p.deps[dep] == "" {
			t.Errorf("%s imports %s: give it a row with its reason in ARCHITECTURE.md's table of dependencies", by, dep)
		}
	}
	for dep := range p.deps {
		if direct[dep] == "" {
			t.Errorf("ARCHITECTURE.md gives a reason for %s, which nothing imports", dep)
		}
	}
	shipped := 0 // what only tests use is in no binary
	for dep := range direct {
		if !strings.HasPrefix(p.deps[dep], "tests:") {
			shipped++
		}
	}
	if shipped > 32 {
		t.Errorf("%d direct dependencies in what ships; about 30 is plenty", shipped)
	}
}

// owner finds the required module that an import path belongs to.
func owner(path, gomod string) string {
	best := ""
	for _, m := range requirement.FindAllStringSubmatch(gomod, -1) {
		if dep := m[1]; len(dep) > len(best) && (path == dep || strings.HasPrefix(path, dep+"/")) {
			best = dep
		}
	}
	return best
}
