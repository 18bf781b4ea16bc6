package house

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/fault"
)

var update = flag.Bool("update", false, "rewrite the generated pages")

// codes lists the declared constants of type fault.Code: value by name.
func codes(t *testing.T, tr *tree) map[string]fault.Code {
	t.Helper()
	list := map[string]fault.Code{}
	for _, f := range tr.source() {
		if f.dir != "internal/fault" {
			continue
		}
		for _, d := range f.ast.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, s := range g.Specs {
				spec, ok := s.(*ast.ValueSpec)
				if !ok {
					continue
				}
				if typ, ok := spec.Type.(*ast.Ident); !ok || typ.Name != "Code" {
					continue
				}
				value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				list[spec.Names[0].Name] = fault.Code(value)
			}
		}
	}
	return list
}

var codeForm = regexp.MustCompile(`^[a-z]+/[a-z0-9_]+$`)

func TestFaultCodesAreInTheCatalogOnce(t *testing.T) {
	names := map[fault.Code]string{}
	for name, code := range codes(t, load(t)) {
		if other := names[code]; other != "" {
			t.Errorf("%s and %s are both %q", name, other, code)
		}
		names[code] = name
		if !codeForm.MatchString(string(code)) {
			t.Errorf("%s: %q is not room/what", name, code)
		}
		if fault.Catalog[code].Help == "" {
			t.Errorf("fault.%s (%s) has no help in the catalog", name, code)
		}
	}
	for code := range fault.Catalog {
		if names[code] == "" {
			t.Errorf("the catalog has %s, which no constant names", code)
		}
	}
}

func TestFaultCodesAreUsed(t *testing.T) {
	tr := load(t)
	used := map[string]bool{}
	for _, f := range tr.source() {
		inside := f.dir == "internal/fault"
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if pkg, ok := n.X.(*ast.Ident); ok && pkg.Name == "fault" {
					used[n.Sel.Name] = true
				}
			case *ast.CallExpr: // fault itself raises what it makes of foreign errors
				if inside {
					for _, arg := range n.Args {
						if id, ok := arg.(*ast.Ident); ok {
							used[id.Name] = true
						}
					}
				}
			}
			return true
		})
	}
	for name, code := range codes(t, tr) {
		if !used[name] {
			t.Errorf("fault.%s (%s) is declared, and nothing raises it", name, code)
		}
	}
}

// docs/reference/errors.md is made from the catalog.
func TestErrorReference(t *testing.T) {
	page := filepath.Join(root, "docs/reference/errors.md")
	want := errorReference()
	if *update {
		if err := os.MkdirAll(filepath.Dir(page), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(page, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("docs/reference/errors.md is not what the catalog says; run make generate")
	}
}

func errorReference() []byte {
	byRoom := map[string][]string{}
	for code := range fault.Catalog {
		room, _, _ := strings.Cut(string(code), "/")
		byRoom[room] = append(byRoom[room], string(code))
	}
	var rooms []string
	for room := range byRoom {
		rooms = append(rooms, room)
	}
	sort.Strings(rooms)

	var b bytes.Buffer
	b.WriteString("# Errors\n\n")
	b.WriteString("<!-- Generated from internal/fault by make generate. -->\n\n")
	b.WriteString("Every error has a code that never changes its meaning: branch on it, not on the message.\n")
	b.WriteString("Over HTTP an error is an RFC 9457 problem document with the code in `code`.\n")
	for _, room := range rooms {
		fmt.Fprintf(&b, "\n## %s\n\n| code | status | what it means and what to do |\n| --- | --- | --- |\n", room)
		sort.Strings(byRoom[room])
		for _, code := range byRoom[room] {
			e := fault.Catalog[fault.Code(code)]
			fmt.Fprintf(&b, "| `%s` | %d | %s |\n", code, e.Kind.Status(), strings.ReplaceAll(e.Help, "|", "\\|"))
		}
	}
	return b.Bytes()
}
