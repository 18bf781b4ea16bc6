package house

import (
	"go/ast"
	"go/token"
	"regexp"
	"strings"
	"testing"
)

// guessable are the files that may use math/rand, with what for: never for an id
// or a secret.
var guessable = map[string]string{
	"internal/jobs/jobs.go": "the jitter of retries",
	"bench/load.go":         "the order of requests",

	"bench/capacity/main.go": "when who does what",
}

// TestAttack125_PredictableNumbers: ids and secrets come from crypto/rand, which
// ends the process where the system has no random numbers.
func TestAttack125_PredictableNumbers(t *testing.T) {
	used := map[string]bool{}
	for _, f := range load(t).source() {
		for _, imp := range f.imports() {
			if imp != "math/rand" && imp != "math/rand/v2" {
				continue
			}
			if used[f.path] = true; guessable[f.path] == "" {
				t.Errorf("%s imports %s; ids and secrets come from crypto/rand", f.path, imp)
			}
		}
	}
	for path := range guessable {
		if !used[path] {
			t.Errorf("%s uses no math/rand; take it off the list", path)
		}
	}
}

// secretName is what a value is called that nobody may find out byte by byte from
// the time that a comparison takes.
var secretName = regexp.MustCompile(`(?i)(^|[a-z_.])(digest|hash|mac|hmac|signature|sig|secret|password|verifier|nonce|proof|token|otp)$`)

// noSecret are the comparisons of such names, or whole files of them, in which
// nothing is secret, with why.
var noSecret = map[string]string{
	"internal/backend/force.go":                 "hashes of schemas",
	"internal/store/migrate/outdated.go":        "hashes of schemas",
	"internal/backup/snapshot.go":               "the digest of a file, beside the file",
	"internal/audit/verify.go":                  "hashes of records, which who reads the log can make",
	"internal/tokens/keyring.go: kind, token":   "kinds of keys",
	"internal/auth/session.go: how, ByPassword": "ways to sign in",
	"internal/config/parse.go":                  "kinds of settings",
	"internal/config/settings.go":               "kinds of settings",
	"internal/form/plural.go":                   "parts of words",
	"internal/graphql/executor.go":              "the hash of a document, beside the document",
	"internal/password/common_passwords.go":     "a list that everybody has",
	"internal/store/migrate/migrate.go":         "hashes of schemas",
}

// TestAttack125_ConstantTime: no secret is compared by == or bytes.Equal, whose time
// tells how much of it was right.
func TestAttack125_ConstantTime(t *testing.T) {
	tr, used := load(t), map[string]bool{}
	for _, f := range tr.source() {
		if !strings.HasPrefix(f.dir, "internal/") {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			var x, y ast.Expr
			switch n := n.(type) {
			case *ast.BinaryExpr:
				if n.Op == token.EQL || n.Op == token.NEQ {
					x, y = n.X, n.Y
				}
			case *ast.CallExpr:
				if name := calls(n); (name == "bytes.Equal" || name == "bytes.Compare" || name == "strings.Compare" || name == "slices.Equal") && len(n.Args) == 2 {
					x, y = n.Args[0], n.Args[1]
				}
			}
			if x == nil || fixed(x) || fixed(y) || !secretName.MatchString(name(x)) && !secretName.MatchString(name(y)) {
				return true
			}
			key := f.path + ": " + name(x) + ", " + name(y)
			if used[f.path], used[key] = true, true; noSecret[f.path]+noSecret[key] == "" {
				t.Errorf("%s compares %s with %s, and takes longer the more is right: use subtle.ConstantTimeCompare, or say in noSecret why %q is none", tr.at(n), name(x), name(y), key)
			}
			return true
		})
	}
	for key := range noSecret {
		if !used[key] {
			t.Errorf("%s compares nothing of such a name; take it off the list", key)
		}
	}
}

// name is what an expression is called: its last selector, or the function that it
// calls.
func name(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	case *ast.CallExpr:
		if id, ok := e.Fun.(*ast.Ident); ok && (id.Name == "string" || id.Name == "len") && len(e.Args) == 1 {
			if id.Name == "len" {
				return "len"
			}
			return name(e.Args[0])
		}
		if _, ok := e.Fun.(*ast.ArrayType); ok && len(e.Args) == 1 { // []byte(x)
			return name(e.Args[0])
		}
		return name(e.Fun)
	case *ast.SliceExpr:
		return name(e.X)
	case *ast.ParenExpr:
		return name(e.X)
	}
	return ""
}

func calls(c *ast.CallExpr) string {
	if s, ok := c.Fun.(*ast.SelectorExpr); ok {
		if x, ok := s.X.(*ast.Ident); ok {
			return x.Name + "." + s.Sel.Name
		}
	}
	return ""
}

// fixed tells whether an expression is a literal or nil, which is no secret.
func fixed(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BasicLit, *ast.CompositeLit:
		return true
	case *ast.Ident:
		return e.Name == "nil" || e.Name == "true" || e.Name == "false"
	}
	return false
}
