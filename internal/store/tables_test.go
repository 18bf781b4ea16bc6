package store

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestTablesAreNamedInOnePlace: a statement on rows names a model's table only
// in the functions that put the tenant's condition, or the tenant itself, beside
// it. Whoever adds a function here has to say where its condition comes from.
func TestTablesAreNamedInOnePlace(t *testing.T) {
	allowed := []string{
		"from", "fromIndex", // go on through where
		"match", "highlighted", // name the full-text table that fromIndex joins
		"places",      // narrows a from by what an index of the table has
		"insertion",   // an INSERT, whose first column is the tenant
		"quotedTable", // for UPDATE and DELETE, which go on through where
		"nextTenant",  // steps through the organizations that have rows, and reads none
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || file == "engine.go" {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range tree.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			ast.Inspect(fn, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok && s.Sel.Name == "Table" {
					found[fn.Name.Name] = true
					if !slices.Contains(allowed, fn.Name.Name) {
						t.Errorf("%s: %s names a table; go through from or where", file, fn.Name.Name)
					}
				}
				return true
			})
		}
	}
	if len(found) != len(allowed) {
		t.Errorf("the functions that name a table are %v", found)
	}
}
