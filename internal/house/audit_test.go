package house

import (
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestAuditActionsAreTold holds what the code puts on record, what the console offers to
// look for, and what the guides tell against each other.
func TestAuditActionsAreTold(t *testing.T) {
	console := told(t, "web/console/src/pages/audit/actions.ts")
	offered := map[string]bool{}
	rooms := []string{}
	for _, m := range regexp.MustCompile(`(\w+): '([a-z_ ]+)'`).FindAllStringSubmatch(console, -1) {
		rooms = append(rooms, m[1])
		for _, name := range strings.Fields(m[2]) {
			offered[m[1]+"."+name] = true
		}
	}
	recorded := auditActions(t, rooms)
	guides := told(t, "docs/guides/audit.md") + told(t, "docs/guides/admin.md")
	for action, at := range recorded {
		if !offered[action] {
			t.Errorf("%s: %s is on record, and web/console/src/pages/audit/actions.ts lacks it", at, action)
		}
	}
	for action := range offered {
		if recorded[action] == "" {
			t.Errorf("web/console/src/pages/audit/actions.ts: nothing puts %s on record", action)
		}
		room, name, _ := strings.Cut(action, ".")
		group, _, _ := strings.Cut(name, "_")
		known := slices.ContainsFunc([]string{action, room + "." + group + "_*"}, func(s string) bool { return strings.Contains(guides, "`"+s+"`") })
		if !known {
			t.Errorf("docs/guides/audit.md and admin.md tell nothing of %s", action)
		}
	}
}

// auditActions are the texts that name an action, in the code that knows of the audit log,
// and where one of each stands.
func auditActions(t *testing.T, rooms []string) map[string]string {
	t.Helper()
	action := regexp.MustCompile(`^(` + strings.Join(rooms, "|") + `)\.[a-z_]+$`)
	others := []string{"audit.jsonl", "auth.post", "auth.rows"} // a file's name, and jobs
	tr := load(t)
	knows := map[string]bool{"internal/audit": true}
	for _, f := range tr.source() {
		knows[f.dir] = knows[f.dir] || slices.Contains(f.imports(), module+"/internal/audit")
	}
	found := map[string]string{}
	for _, f := range tr.source() {
		if !knows[f.dir] {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if text, err := strconv.Unquote(lit.Value); err == nil && action.MatchString(text) && !slices.Contains(others, text) {
					found[text] = tr.at(lit)
				}
			}
			return true
		})
	}
	return found
}

func told(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
