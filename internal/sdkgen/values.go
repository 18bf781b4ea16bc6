package sdkgen

import (
	"encoding/json"
	"regexp/syntax"
	"strconv"
	"strings"

	"github.com/loam-dev/loam/internal/schema"
)

// addEnum adds an enumeration.
func (d *document) addEnum(e *schema.Enum) {
	lines := []string{}
	if e.Doc != "" {
		lines = append(lines, e.Doc)
	}
	for i, doc := range e.Docs {
		if doc != "" {
			lines = append(lines, "- `"+e.Values[i]+"`: "+doc)
		}
	}
	d.add(e.Name, object{{"type", "string"}, {"enum", e.Values}}.and(member{"description", strings.Join(lines, "\n")}))
}

// addEmbedded adds an object type that rows hold as a value. Its members that
// are null are left out of a row.
func (d *document) addEmbedded(e *schema.Embedded) {
	properties, required := object{}, []string{}
	for _, f := range e.Fields {
		properties = append(properties, member{f.Name, described(f, d.value(f), f.Doc)})
		if f.Required {
			required = append(required, f.Name)
		}
	}
	d.add(e.Name, closed(objectSchema(e.Doc, properties, required)))
}

// objectSchema is the schema of an object.
func objectSchema(description string, properties object, required []string) object {
	return object{{"type", "object"}}.
		and(member{"description", description}, member{"properties", properties}, member{"required", required})
}

// closed refuses members that the object's schema does not name.
func closed(o object) object {
	return append(o[:len(o):len(o)], member{"additionalProperties", false})
}

// value is the schema of a stored field's value.
func (d *document) value(f *schema.Field) object {
	v := d.element(f)
	if f.List {
		if !f.ElemRequired {
			v = orNull(v)
		}
		v = object{{"type", "array"}, {"items", v}}
	}
	if !f.Required {
		v = orNull(v)
	}
	return v
}

// element is the schema of one value that is not null.
func (d *document) element(f *schema.Field) object {
	switch f.Kind {
	case schema.EnumKind:
		return ref(f.Enum.Name)
	case schema.EmbeddedKind:
		return ref(f.Embedded.Name)
	}
	return scalars[f.Scalar]
}

// scalars are the schemas of the scalars in their canonical form.
var scalars = map[schema.Scalar]object{
	schema.ID:        {{"type", "string"}},
	schema.String:    {{"type", "string"}},
	schema.Int:       {{"type", "integer"}, {"format", "int32"}},
	schema.Float:     {{"type", "number"}, {"format", "double"}},
	schema.Boolean:   {{"type", "boolean"}},
	schema.Date:      {{"type", "string"}, {"format", "date"}},
	schema.Time:      {{"type", "string"}, {"format", "time-local"}},
	schema.DateTime:  {{"type", "string"}, {"format", "date-time"}},
	schema.Timestamp: {{"type", "integer"}, {"format", "int64"}, {"description", "Seconds since 1970."}},
	schema.Email:     {{"type", "string"}, {"format", "email"}},
	schema.URL:       {{"type", "string"}, {"format", "uri"}},
	schema.Phone:     {{"type", "string"}, {"description", "An international number such as +12025550123."}},
	schema.IPAddress: {{"type", "string"}, {"description", "An IPv4 or IPv6 address, or a range such as 10.0.0.0/8."}},
	schema.JSON:      {}, // anything, null included
}

// orNull lets a schema take null as well.
func orNull(s object) object {
	if len(s) == 0 {
		return s
	}
	if s[0].key != "type" {
		return object{{"anyOf", []object{s, {{"type", "null"}}}}}
	}
	out := object{{"type", []string{s[0].value.(string), "null"}}}
	return append(out, s[1:]...)
}

// described adds what the schema file says about a field; text replaces the
// description that the value has by itself.
func described(f *schema.Field, value object, text string) object {
	if text != "" {
		kept := object{}
		for _, m := range value {
			if m.key != "description" {
				kept = append(kept, m)
			}
		}
		value = kept.and(member{"description", text})
	}
	return value.and(member{"deprecated", f.Deprecated != ""})
}

// limited adds a field's @validate checks to the schema of its input, and says
// in words those that JSON Schema can't express.
func limited(f *schema.Field, value object) (out object, words []string) {
	bounds := map[schema.CheckType]string{
		schema.Gt: "exclusiveMinimum", schema.Lt: "exclusiveMaximum", schema.Gte: "minimum", schema.Lte: "maximum",
		schema.MinLength: "minLength", schema.MaxLength: "maxLength",
	}
	patterned := false
	for _, c := range f.Checks {
		pattern, portable := "", false
		switch c.Type {
		case schema.StartsWith:
			pattern, portable = "^"+literally(c.Value), true
		case schema.EndsWith:
			pattern, portable = literally(c.Value)+"$", true
		case schema.Matches:
			pattern, portable = c.Value, isPortable(c.Value)
		default:
			value = append(value[:len(value):len(value)], member{bounds[c.Type], json.Number(number(c.Value))})
			continue
		}
		if portable && !patterned {
			patterned = true
			value = append(value[:len(value):len(value)], member{"pattern", pattern})
			continue
		}
		words = append(words, "It "+c.Words()+".")
	}
	return value, words
}

// number is a check's bound as JSON writes it.
func number(text string) string {
	if n, err := strconv.Atoi(text); err == nil {
		return strconv.Itoa(n)
	}
	return text
}

// literally escapes a text for a pattern of JSON Schema, which takes no escape
// that it does not need.
func literally(text string) string {
	var b strings.Builder
	for _, r := range text {
		if strings.ContainsRune(`^$\.*+?()[]{}|/`, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// isPortable tells whether an RE2 expression means the same in JSON Schema,
// whose expressions are those of ECMAScript.
func isPortable(expression string) bool {
	if strings.Contains(expression, "[[:") || strings.Contains(strings.ReplaceAll(expression, "(?:", ""), "(?") {
		return false
	}
	for i := 0; i < len(expression); i++ {
		if expression[i] != '\\' {
			continue
		}
		if i++; i == len(expression) || !strings.ContainsRune(`dDwWbB^$\.*+?()[]{}|/tnrfv`, rune(expression[i])) {
			return false
		}
	}
	_, err := syntax.Parse(expression, syntax.Perl)
	return err == nil && ecmaBraces(expression)
}

// ecmaBraces tells whether every brace and bracket belongs to a repeat or a
// class: RE2 takes a stray one for itself, ECMAScript refuses it.
func ecmaBraces(expression string) bool {
	class := false
	for i := 0; i < len(expression); i++ {
		switch expression[i] {
		case '\\':
			i++
		case '[':
			if class {
				return false
			}
			class = true
		case ']':
			if !class {
				return false
			}
			class = false
		case '{':
			if class {
				continue
			}
			end := strings.IndexByte(expression[i:], '}')
			if end < 2 || strings.Trim(expression[i+1:i+end], "0123456789,") != "" || expression[i+1] == ',' {
				return false
			}
			i += end
		case '}':
			if !class {
				return false
			}
		}
	}
	return true
}
