package migrate_test

import (
	"flag"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/loam-dev/loam/internal/store/storetest"
)

// check holds a property against random cases: those of the seed of all random tests,
// or of -rapid.seed.
func check(t *testing.T, property func(*rapid.T)) {
	t.Helper()
	if seed := flag.Lookup("rapid.seed").Value; seed.String() == "0" {
		if err := seed.Set(strconv.FormatUint(storetest.Seed(t), 10)); err != nil {
			t.Fatal(err)
		}
	}
	rapid.Check(t, property)
}

// drawn is a random schema.
type drawn []drawnModel

type drawnModel struct {
	name, from  string
	global, key bool // key: a primary key of its own
	search      bool
	fields      []drawnField
}

type drawnField struct {
	name, from              string
	of                      string // a scalar, an enum, an embedded type or a model
	list, required, filled  bool
	unique, index, relation bool
}

var drawnTypes = []string{"String", "ID", "Int", "Float", "Boolean", "Date", "DateTime", "Timestamp", "Email", "JSON", "Place", "Spot", "Status", "Shorter"}

// drawChance is true in so many percent of its calls: rapid's own numbers are
// small ones above all.
func drawChance(t *rapid.T, percent int) bool {
	n := 0
	for range 7 {
		n *= 2
		if rapid.Bool().Draw(t, "chance") {
			n++
		}
	}
	return n >= 128-percent*128/100
}

// drawSchema draws a schema, or one that is made out of another by some changes.
func drawSchema(t *rapid.T, from *drawn) drawn {
	var s drawn
	chance := func(percent int) bool { return drawChance(t, percent) }
	unused := 0
	name := func(prefix string) string {
		unused++
		return fmt.Sprintf("%s%d%s", prefix, unused, map[bool]string{true: "", false: "x"}[from == nil])
	}
	if from != nil {
		for _, m := range *from {
			m.from = ""
			m.fields = slices.Clone(m.fields)
			if chance(10) {
				continue
			}
			if chance(15) {
				m.from, m.name = m.name, name("Model")
			}
			m.global = m.global != chance(3)
			m.key = m.key != chance(10)
			m.search = m.search != chance(15)
			s = append(s, m)
		}
	}
	for range rapid.IntRange(min(1, 3-len(s)), max(0, 3-len(s))).Draw(t, "models") {
		s = append(s, drawnModel{name: name("Model"), global: chance(20), key: chance(20), search: chance(40)})
	}
	if len(s) == 0 {
		s = append(s, drawnModel{name: name("Model")})
	}
	for i := range s {
		m := &s[i]
		var fields []drawnField
		for _, f := range m.fields {
			f.from = ""
			switch {
			case chance(10):
				continue
			case !f.relation && chance(15):
				f.from, f.name = f.name, name("f")
			case !f.relation && chance(25):
				f.of = rapid.SampledFrom(drawnTypes).Draw(t, "type")
				f.list = f.list != chance(20)
			}
			f.required, f.filled = f.required != chance(20), f.filled != chance(20)
			f.unique, f.index = f.unique != chance(15), f.index != chance(15)
			fields = append(fields, f)
		}
		for range rapid.IntRange(0, 4).Draw(t, "fields") {
			f := drawnField{name: name("f"), of: rapid.SampledFrom(drawnTypes).Draw(t, "type"), list: chance(15), required: chance(40), filled: chance(50), unique: chance(15), index: chance(25)}
			if chance(25) {
				f.of, f.relation, f.list = rapid.SampledFrom(s).Draw(t, "target").name, true, false
			}
			fields = append(fields, f)
		}
		m.fields = fields
	}
	return s
}

func (s drawn) model(name string) *drawnModel {
	for i := range s {
		if s[i].name == name || s[i].from == name {
			return &s[i]
		}
	}
	return nil
}

// String writes the schema, without what the language does not allow.
func (s drawn) String() string {
	var b strings.Builder
	b.WriteString("enum Status { TODO DOING DONE }\nenum Shorter { TODO DONE }\ntype Place { city: String }\ntype Spot { city: String }\n")
	for _, m := range s {
		var fields, search []string
		for _, f := range m.fields {
			if line := f.line(s, m); line != "" {
				fields = append(fields, line)
			}
			if f.of == "String" && !f.list {
				search = append(search, `"`+f.name+`"`)
			}
		}
		if m.key {
			fields = append(fields, "key: ID! @primaryKey")
		}
		b.WriteString("type " + m.name + " @model(timestamps: null")
		if m.global {
			b.WriteString(", scope: GLOBAL")
		}
		b.WriteString(") @auth(rules: [{ allow: member }])")
		if m.from != "" {
			b.WriteString(` @renamedFrom(name: "` + m.from + `")`)
		}
		if m.search && len(search) > 0 {
			b.WriteString(" @search(fields: [" + strings.Join(search, ", ") + "])")
		}
		b.WriteString(" {\n  plain: Int\n  " + strings.Join(fields, "\n  ") + "\n}\n")
	}
	return b.String()
}

func (f drawnField) line(s drawn, m drawnModel) string {
	required := map[bool]string{true: "!"}[f.required]
	if f.relation {
		target := s.model(f.of)
		if target == nil || m.global && !target.global {
			return ""
		}
		return f.name + ": " + target.name + required + " @belongsTo"
	}
	line := f.name + ": " + f.of + required
	if f.list {
		line = f.name + ": [" + f.of + "]" + required
	}
	if f.from != "" {
		line += ` @renamedFrom(name: "` + f.from + `")`
	}
	plain := !f.list && f.of != "JSON" && f.of != "Place" && f.of != "Spot"
	if f.filled && plain {
		line += ` @default(value: "` + map[string]string{
			"String": "it's", "ID": "d", "Int": "7", "Float": "0.25", "Boolean": "true", "Date": "2026-03-04", "DateTime": "2026-03-04T05:06:07Z",
			"Timestamp": "1", "Email": "d@e.fg", "Status": "DOING", "Shorter": "DONE",
		}[f.of] + `")`
	}
	if f.unique && plain {
		line += " @unique"
	}
	if f.index && plain {
		line += " @index"
	}
	return line
}
