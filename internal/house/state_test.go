package house

import (
	"go/ast"
	"go/token"
	"path"
	"strings"
	"testing"
)

func TestNoInit(t *testing.T) {
	tr := load(t)
	for _, f := range tr.source() {
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s: init(); wire it by hand", tr.at(fn))
			}
		}
	}
}

// A package variable is a constant that Go can't write as one: an error, a
// pattern, a table. Nothing writes it after its declaration, and its type has
// no room for state.
func TestNoPackageState(t *testing.T) {
	tr := load(t)
	vars := map[string]map[string]*ast.ValueSpec{} // by directory, then name
	for _, f := range tr.source() {
		if vars[f.dir] == nil {
			vars[f.dir] = map[string]*ast.ValueSpec{}
		}
		for name, spec := range packageVars(f) {
			vars[f.dir][name] = spec
			if what := stateful(spec); what != "" {
				t.Errorf("%s: package variable %s holds a %s; give it to a constructor", tr.at(spec), name, what)
			}
		}
	}
	for _, f := range tr.source() {
		own := vars[f.dir]
		abroad := map[string]map[string]*ast.ValueSpec{}
		for _, imp := range f.imports() {
			if dir, ok := strings.CutPrefix(imp, module+"/"); ok && vars[dir] != nil {
				abroad[path.Base(dir)] = vars[dir]
			}
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			for _, target := range written(n) {
				if name := variable(target, own, abroad); name != "" {
					t.Errorf("%s: writes package variable %s", tr.at(n), name)
				}
			}
			return true
		})
	}
}

func packageVars(f *file) map[string]*ast.ValueSpec {
	vars := map[string]*ast.ValueSpec{}
	for _, d := range f.ast.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.VAR {
			continue
		}
		for _, s := range g.Specs {
			spec := s.(*ast.ValueSpec)
			for _, name := range spec.Names {
				if name.Name != "_" {
					vars[name.Name] = spec
				}
			}
		}
	}
	return vars
}

// stateful names the part of a variable's type or value that is there to
// change. A sync.Pool is none: what it holds has no meaning.
func stateful(spec *ast.ValueSpec) string {
	found := ""
	look := func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false // what a function uses inside is its own
		case *ast.ChanType:
			found = "channel"
		case *ast.SelectorExpr:
			pkg, ok := n.X.(*ast.Ident)
			if !ok {
				return true
			}
			switch pkg.Name + "." + n.Sel.Name {
			case "sync.Mutex", "sync.RWMutex", "sync.Map", "sync.WaitGroup", "sync.Once", "sync.Cond":
				found = pkg.Name + "." + n.Sel.Name
			}
			if pkg.Name == "atomic" {
				found = "atomic value"
			}
		}
		return true
	}
	if spec.Type != nil {
		ast.Inspect(spec.Type, look)
	}
	for _, v := range spec.Values {
		ast.Inspect(v, look)
	}
	if spec.Values == nil && found == "" {
		if sel, ok := spec.Type.(*ast.SelectorExpr); !ok || sel.Sel.Name != "FS" { // go:embed fills it
			if id, ok := spec.Type.(*ast.Ident); !ok || id.Name != "string" {
				found = "zero value that waits to be filled"
			}
		}
	}
	return found
}

// written lists what a statement assigns to.
func written(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			return n.Lhs
		}
	case *ast.IncDecStmt:
		return []ast.Expr{n.X}
	case *ast.RangeStmt:
		if n.Tok == token.ASSIGN {
			return []ast.Expr{n.Key, n.Value}
		}
	case *ast.CallExpr:
		if fn, ok := n.Fun.(*ast.Ident); ok && (fn.Name == "delete" || fn.Name == "clear") && len(n.Args) > 0 {
			return n.Args[:1]
		}
	}
	return nil
}

// variable names the package variable that an assignment's target is a part
// of, or "". The parser has bound every name that a function declares, so that
// a name without a binding, or bound to its own package's declaration, is the
// package's.
func variable(target ast.Expr, own map[string]*ast.ValueSpec, abroad map[string]map[string]*ast.ValueSpec) string {
	for {
		switch e := target.(type) {
		case *ast.IndexExpr:
			target = e.X
		case *ast.StarExpr:
			target = e.X
		case *ast.ParenExpr:
			target = e.X
		case *ast.SelectorExpr:
			if pkg, ok := e.X.(*ast.Ident); ok && pkg.Obj == nil && abroad[pkg.Name][e.Sel.Name] != nil {
				return pkg.Name + "." + e.Sel.Name
			}
			target = e.X
		case *ast.Ident:
			spec := own[e.Name]
			if spec != nil && (e.Obj == nil || e.Obj.Decl == spec) {
				return e.Name
			}
			return ""
		default:
			return ""
		}
	}
}
