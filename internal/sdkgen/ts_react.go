package sdkgen

import (
	"strings"

	"github.com/loam-dev/loam/internal/schema"
)

// modelHooks are the hooks that a model can have: the runtime's name of one, what it
// is named with the model's name or its path in it, and the method that it needs.
var modelHooks = []struct {
	hook, before, method string
	many                 bool
}{
	{"useList", "use", "list", true},
	{"useSuspenseList", "useSuspense", "list", true},
	{"useInfinite", "useInfinite", "list", true},
	{"useOne", "use", "get", false},
	{"useSuspenseOne", "useSuspense", "get", false},
	{"useCreate", "useCreate", "create", false},
	{"useUpdate", "useUpdate", "update", false},
	{"useUpsert", "useUpsert", "upsert", false},
	{"useDelete", "useDelete", "delete", false},
}

// react is react.ts: the package's hooks, and those of each model under names of its own.
// It stands beside index.ts, which is made before it.
func (t *types) react() []byte {
	schemaName := t.schemaName
	t.Reset()
	t.taken = map[string]bool{"createHooks": true, "hooks": true, "LoamProvider": true, "useAuth": true, "useClient": true, "useConnection": true, "useLoam": true, "usePresence": true, "useQueueSize": true, schemaName: true}
	from := t.reactPackage("index.js", "@loam/react")
	t.line(TSHeader)
	t.line("import { createHooks } from '", from, "'")
	t.line("import type { ", schemaName, " } from './index.js'")
	t.line()
	t.line("export * from '", from, "'")
	t.line()
	t.line("const hooks = createHooks<", schemaName, ">()")
	t.line("export const { LoamProvider, useAuth, useClient } = hooks")
	for _, m := range t.schema.Models {
		t.hooks(m)
	}
	return []byte(t.String())
}

func (t *types) hooks(m *schema.Model) {
	can := map[string]bool{}
	for _, name := range methods(m, allowed(m)) {
		can[name] = true
	}
	var lines []string
	for _, h := range modelHooks {
		if !can[h.method] {
			continue
		}
		of := m.Name
		if h.many {
			of = m.Path
		}
		lines = append(lines, "  "+h.hook+": "+t.name(h.before+strings.ToUpper(of[:1])+of[1:])+",")
	}
	if lines == nil {
		return
	}
	names := make([]string, len(m.Key))
	for i, f := range m.Key {
		names[i] = "'" + f.Name + "'"
	}
	t.line()
	t.line("export const {")
	t.line(strings.Join(lines, "\n"))
	t.line("} = hooks.model('", m.Path, "', [", strings.Join(names, ", "), "])")
}

// ui is ui.ts: the components.
func (t *types) ui() []byte {
	t.Reset()
	t.line(TSHeader)
	t.line("export * from '", t.reactPackage("ui/index.js", "@loam/react/ui"), "'")
	return []byte(t.String())
}

// reactPackage is where a part of @loam/react is.
func (t *types) reactPackage(file, name string) string {
	if t.options.Packages {
		return name
	}
	return "./runtime/react/" + file
}
