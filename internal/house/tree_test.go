// Package house holds the tests of the shape of the code: what a reader would
// otherwise have to check by eye in every review. It ships nothing. The rooms
// and the dependencies have their one home in ARCHITECTURE.md, from where these
// tests read them, so that the page and the code can't drift.
package house

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const (
	root   = "../.."
	module = "github.com/loam-dev/loam"
)

// file is one Go file of the module.
type file struct {
	path  string // from the root, with slashes
	dir   string // of path; "." for the root
	test  bool
	gen   bool // generated
	lines int
	ast   *ast.File
}

// imports lists the paths that the file imports.
func (f *file) imports() []string {
	var list []string
	for _, spec := range f.ast.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			panic(err) // the parser has accepted it
		}
		list = append(list, p)
	}
	return list
}

// tree is every Go file of this module.
type tree struct {
	fset  *token.FileSet
	files []*file
}

// source lists the files that ship: no tests, nothing generated.
func (t *tree) source() []*file {
	var list []*file
	for _, f := range t.files {
		if !f.test && !f.gen {
			list = append(list, f)
		}
	}
	return list
}

// at tells where a node stands, for a message.
func (t *tree) at(n ast.Node) string {
	p := t.fset.Position(n.Pos())
	return p.Filename + ":" + strconv.Itoa(p.Line)
}

// lines tells how many lines a node takes.
func (t *tree) lines(n ast.Node) int {
	return t.fset.Position(n.End()).Line - t.fset.Position(n.Pos()).Line + 1
}

// load is the module. Nested modules, testdata and what git would not keep are none
// of its business.
func load(t *testing.T) *tree {
	t.Helper()
	tr, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// loaded parses the module, once for all tests.
var loaded = sync.OnceValues(func() (*tree, error) {
	tr := &tree{fset: token.NewFileSet()}
	return tr, fs.WalkDir(os.DirFS(root), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skip(p, d.Name())
		}
		if path.Ext(p) == ".go" {
			return tr.add(p)
		}
		return nil
	})
})

func skip(p, name string) error {
	if p == "." {
		return nil
	}
	if strings.HasPrefix(name, ".") || name == "testdata" || name == "node_modules" {
		return fs.SkipDir
	}
	if _, err := os.Stat(filepath.Join(root, p, "go.mod")); err == nil {
		return fs.SkipDir
	}
	return nil
}

func (t *tree) add(p string) error {
	text, err := os.ReadFile(filepath.Join(root, p))
	if err != nil {
		return err
	}
	parsed, err := parser.ParseFile(t.fset, p, text, parser.ParseComments)
	if err != nil {
		return err
	}
	t.files = append(t.files, &file{
		path:  p,
		dir:   path.Dir(p),
		test:  strings.HasSuffix(p, "_test.go"),
		gen:   ast.IsGenerated(parsed),
		lines: bytes.Count(text, []byte("\n")),
		ast:   parsed,
	})
	return nil
}
