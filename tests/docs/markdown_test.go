// Package docs holds the documents to what is there: their commands run and
// print what the page says, and their links lead somewhere.
package docs

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// root is the project's directory.
const root = "../.."

// fence is a fenced block of a page.
type fence struct {
	line int    // of its opening
	info string // what stands behind the opening backquotes: "sh", "graphql schema.graphql"
	text string
}

var opening = regexp.MustCompile("^( *)(`{3,})(.*)$")

// split parts a page into its fenced blocks and what stands around them, in
// which each line of a block is empty.
func split(page string) (fences []fence, prose []string) {
	var open *fence
	var indent, marks string
	for i, line := range strings.Split(page, "\n") {
		switch m := opening.FindStringSubmatch(line); {
		case open == nil && m != nil:
			indent, marks = m[1], m[2]
			open = &fence{line: i + 1, info: strings.TrimSpace(m[3])}
			line = ""
		case open != nil && strings.TrimSpace(line) == marks:
			fences = append(fences, *open)
			open, line = nil, ""
		case open != nil:
			open.text += strings.TrimPrefix(line, indent) + "\n"
			line = ""
		}
		prose = append(prose, line)
	}
	return fences, prose
}

// pages lists the project's Markdown files by their paths from the root.
func pages(t *testing.T) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && path != root && (strings.HasPrefix(name, ".") || slices.Contains([]string{"node_modules", "testdata", "templates"}, name)) {
			return fs.SkipDir
		}
		if filepath.Ext(name) == ".md" {
			path, err = filepath.Rel(root, path)
			found = append(found, filepath.ToSlash(path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func read(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(page)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
