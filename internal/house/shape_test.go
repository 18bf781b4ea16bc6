package house

import (
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"strings"
	"testing"
)

// The limits on size. They are where a lack of shape shows first, not the
// shape itself: who meets one asks what a newcomer would call the two halves.
const (
	maxFunctionLines = 70
	maxFileLines     = 500
	maxPackageLines  = 5000
	maxPackageNames  = 60
)

func TestSizes(t *testing.T) {
	tr := load(t)
	lines, names := map[string]int{}, map[string]int{}
	for _, f := range tr.source() {
		lines[f.dir] += f.lines
		names[f.dir] += exported(f)
		if f.lines > maxFileLines {
			t.Errorf("%s has %d lines; the limit is %d", f.path, f.lines, maxFileLines)
		}
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && tr.lines(fn) > maxFunctionLines {
				t.Errorf("%s: %s has %d lines; the limit is %d", tr.at(fn), fn.Name.Name, tr.lines(fn), maxFunctionLines)
			}
		}
	}
	for dir := range lines {
		if lines[dir] > maxPackageLines {
			t.Errorf("%s has %d lines; split a room over %d", dir, lines[dir], maxPackageLines)
		}
		if names[dir] > maxPackageNames {
			t.Errorf("%s exports %d names; split a room over %d", dir, names[dir], maxPackageNames)
		}
	}
}

// exported counts a file's exported names. Methods and the constants of a type
// are read with their type and do not count.
func exported(f *file) int {
	n := 0
	count := func(name *ast.Ident) {
		if name.IsExported() {
			n++
		}
	}
	for _, d := range f.ast.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				count(d.Name)
			}
		case *ast.GenDecl:
			typed := false
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					count(s.Name)
				case *ast.ValueSpec:
					// In a group of constants a line without a value repeats the type above it.
					typed = d.Tok == token.CONST && (s.Type != nil || typed && s.Values == nil || typed && repeats(s))
					for _, name := range s.Names {
						if !typed {
							count(name)
						}
					}
				}
			}
		}
	}
	return n
}

// repeats tells whether a constant is made of others of its group, as
// "Read = Get | List" is, and so has their type.
func repeats(s *ast.ValueSpec) bool {
	for _, v := range s.Values {
		if _, ok := v.(*ast.BinaryExpr); !ok {
			return false
		}
	}
	return true
}

// TODO is also what a task's status is called: the mark is the word at the
// start, or with a colon or a name behind it.
var unsaid = regexp.MustCompile(`\b(FIXME|XXX|HACK)\b|^/[/*]\s*TODO\b|\bTODO[:(]`)

func TestNothingIsLeftForLater(t *testing.T) {
	tr := load(t)
	for _, f := range tr.files {
		if f.dir == "internal/house" {
			continue // it names the words
		}
		for _, g := range f.ast.Comments {
			for _, c := range g.List {
				if unsaid.MatchString(c.Text) {
					t.Errorf("%s: %s", tr.at(c), c.Text)
				}
			}
		}
	}
}

var empty = regexp.MustCompile(`^(utils?|common|helpers?|managers?|base|misc)$`)

func TestNamesSayWhatIsInside(t *testing.T) {
	for _, f := range load(t).files {
		names := strings.Split(strings.TrimSuffix(f.path, ".go"), "/")
		names = append(names, f.ast.Name.Name)
		for _, name := range names {
			if empty.MatchString(strings.TrimSuffix(name, "_test")) {
				t.Errorf("%s: %q says nothing; name it for what it does", f.path, name)
			}
		}
	}
}

func TestPackagesSayWhatTheyAre(t *testing.T) {
	said := map[string]bool{}
	for _, f := range load(t).source() {
		said[f.dir] = said[f.dir] || f.ast.Doc != nil
	}
	for dir, ok := range said {
		if !ok {
			t.Errorf("%s: no file has a package comment; say what it is and what it is not", dir)
		}
	}
}

// Only main exits: everything else returns its error.
func TestNobodyElseExits(t *testing.T) {
	exits := map[string]bool{"os.Exit": true, "log.Fatal": true, "log.Fatalf": true, "log.Fatalln": true, "syscall.Exit": true}
	tr := load(t)
	for _, f := range tr.source() {
		if f.ast.Name.Name == "main" && path.Base(f.path) == "main.go" {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if pkg, ok := sel.X.(*ast.Ident); ok && exits[pkg.Name+"."+sel.Sel.Name] {
					t.Errorf("%s: %s.%s; return the error", tr.at(sel), pkg.Name, sel.Sel.Name)
				}
			}
			return true
		})
	}
}
