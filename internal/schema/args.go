package schema

import (
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// args are the arguments of a directive, or the keys of an object argument,
// checked against their specs: what did not fit was reported and is nil.
type args struct {
	c      *checker
	at     span // the directive
	values map[string]*ast.Value
}

// has tells whether the argument is written and fits.
func (a args) has(name string) bool { return a.values[name] != nil }

// missing tells whether the argument is not written at all.
func (a args) missing(name string) bool { _, written := a.values[name]; return !written }

// null tells whether the argument is written as null.
func (a args) null(name string) bool {
	v := a.values[name]
	return v != nil && v.Kind == ast.NullValue
}

// span is the argument's place, or the directive's where it is not written.
func (a args) span(name string) span {
	if v := a.values[name]; v != nil {
		return a.c.span(v.Position)
	}
	return a.at
}

// text is a string or word argument, or "".
func (a args) text(name string) string {
	if v := a.values[name]; v != nil && v.Kind != ast.NullValue {
		return v.Raw
	}
	return ""
}

// number is an integer argument, or 0.
func (a args) number(name string) int {
	n, _ := strconv.Atoi(a.text(name))
	return n
}

// word is one element of a list argument with its place.
type word struct {
	text string
	span span
}

// list is a list argument; one value stands for a list of one.
func (a args) list(name string) []word {
	v := a.values[name]
	if v == nil || v.Kind == ast.NullValue {
		return nil
	}
	if v.Kind != ast.ListValue {
		return []word{{v.Raw, a.c.span(v.Position)}}
	}
	var words []word
	for _, child := range v.Children {
		words = append(words, word{child.Value.Raw, a.c.span(child.Value.Position)})
	}
	return words
}

// object is an object argument; empty where it is not written.
func (a args) object(name string, spec []argSpec) args {
	o := args{c: a.c, at: a.span(name), values: map[string]*ast.Value{}}
	if v := a.values[name]; v != nil && v.Kind == ast.ObjectValue {
		o.values = a.c.known(v.Children, spec)
	}
	return o
}

// objects is a list of objects; one object stands for a list of one.
func (a args) objects(name string, spec []argSpec) []args {
	v := a.values[name]
	if v == nil {
		return nil
	}
	items := []*ast.Value{v}
	if v.Kind == ast.ListValue {
		items = nil
		for _, child := range v.Children {
			items = append(items, child.Value)
		}
	}
	var all []args
	for _, item := range items {
		all = append(all, args{c: a.c, at: a.c.span(item.Position), values: a.c.known(item.Children, spec)})
	}
	return all
}

// known maps the values that are written, to nil where they don't fit.
func (c *checker) known(children ast.ChildValueList, spec []argSpec) map[string]*ast.Value {
	values := map[string]*ast.Value{}
	for _, child := range children {
		i := slices.IndexFunc(spec, func(s argSpec) bool { return s.name == child.Name })
		if i >= 0 {
			values[child.Name] = nil
			if c.fits(&spec[i], child.Value) {
				values[child.Name] = child.Value
			}
		}
	}
	return values
}

// arguments checks a directive's arguments against its spec.
func (c *checker) arguments(d *ast.Directive, spec *directiveSpec) args {
	children := make(ast.ChildValueList, 0, len(d.Arguments))
	for _, a := range d.Arguments {
		children = append(children, &ast.ChildValue{Name: a.Name, Value: a.Value, Position: a.Position})
	}
	at := c.directiveSpan(d)
	c.checkKeys(children, spec.args, at, "@"+d.Name, "argument")
	return args{c: c, at: at, values: c.known(children, spec.args)}
}

// checkKeys reports keys that are unknown, doubled, missing or of a wrong form.
func (c *checker) checkKeys(children ast.ChildValueList, spec []argSpec, at span, of, noun string) {
	seen := map[string]bool{}
	for _, child := range children {
		place := spanOf(c.pos(child.Position), child.Name)
		i := slices.IndexFunc(spec, func(s argSpec) bool { return s.name == child.Name })
		if i < 0 {
			names := make([]string, len(spec))
			for j := range spec {
				names[j] = spec[j].name
			}
			help := c.didYouMean(child.Name, names)
			if len(spec) == 0 {
				help = "write " + of + " alone"
			}
			c.errorf(place, "unknown_argument", help, "unknown %s `%s` of %s", noun, child.Name, of)
			continue
		}
		if seen[child.Name] {
			c.errorf(place, "repeated", "keep one of them", "%s `%s` of %s is given twice", noun, child.Name, of)
		}
		seen[child.Name] = true
		c.checkForm(&spec[i], child.Value, of)
	}
	var missing, example []string
	for _, s := range spec {
		if s.required && !seen[s.name] {
			missing = append(missing, "`"+s.name+"`")
			example = append(example, s.name+": "+s.example())
		}
	}
	if len(missing) > 0 {
		help := of + "(" + strings.Join(example, ", ") + ")"
		if noun == "key" {
			help = "{ " + strings.Join(example, ", ") + " }"
		}
		c.errorf(at, "missing_argument", "write "+help, "%s needs %s", of, strings.Join(missing, " and "))
	}
}

// example is a value to show in a suggestion.
func (s *argSpec) example() string {
	switch s.kind {
	case argNumber:
		return "10"
	case argWord:
		return s.words[0]
	case argWords:
		return "[" + s.words[len(s.words)-1] + "]"
	case argTexts:
		return "[\"...\"]"
	case argObject, argFilter, argAny:
		return "{ ... }"
	case argObjects:
		return "[{ ... }]"
	default:
		return "\"...\""
	}
}

// fits tells whether a value has the form that its spec asks for.
func (c *checker) fits(s *argSpec, v *ast.Value) bool {
	if v == nil || v.Kind == ast.Variable {
		return false
	}
	if v.Kind == ast.NullValue {
		return s.nullable || s.kind == argAny
	}
	one := func(v *ast.Value) bool {
		switch s.kind {
		case argText, argTexts:
			return v.Kind == ast.StringValue || v.Kind == ast.BlockValue
		case argNumber:
			_, err := strconv.Atoi(v.Raw)
			return v.Kind == ast.IntValue && err == nil
		case argWord, argWords:
			return v.Kind == ast.EnumValue && slices.Contains(s.words, v.Raw)
		case argObject, argObjects, argFilter:
			return v.Kind == ast.ObjectValue
		default:
			return true
		}
	}
	if v.Kind == ast.ListValue && (s.kind == argTexts || s.kind == argWords || s.kind == argObjects) {
		return !slices.ContainsFunc(v.Children, func(child *ast.ChildValue) bool { return child.Value == nil || !one(child.Value) })
	}
	return one(v)
}

// checkForm reports what keeps a value from fitting, element by element, and
// looks into objects.
func (c *checker) checkForm(s *argSpec, v *ast.Value, of string) {
	if v == nil {
		return
	}
	if v.Kind == ast.ListValue && (s.kind == argTexts || s.kind == argWords || s.kind == argObjects) {
		for _, child := range v.Children {
			c.checkForm(s, child.Value, of)
		}
		return
	}
	if c.fits(s, v) {
		if s.kind == argObject || s.kind == argObjects {
			c.checkKeys(v.Children, s.fields, c.span(v.Position), "`"+s.name+"`", "key")
		}
		return
	}
	at := c.span(v.Position)
	switch s.kind {
	case argWord, argWords:
		switch {
		case v.Kind == ast.StringValue && slices.Contains(s.words, v.Raw):
			c.errorf(at, "bad_argument", "write "+v.Raw+" without quotes", "`%s` of %s is a word, not a string", s.name, of)
		case v.Kind == ast.EnumValue || v.Kind == ast.StringValue:
			c.errorf(at, "bad_argument", c.didYouMean(v.Raw, s.words), "unknown value `%s` of `%s`", shorten(v.Raw), s.name)
		default:
			c.errorf(at, "bad_argument", c.didYouMean(v.Raw, s.words), "`%s` of %s is a word", s.name, of)
		}
	case argText, argTexts:
		help := "write " + s.name + ": \"" + v.Raw + "\""
		if v.Kind == ast.NullValue || v.Kind == ast.ObjectValue || v.Kind == ast.ListValue {
			help = "write " + s.name + ": " + s.example()
		}
		c.errorf(at, "bad_argument", help, "`%s` of %s is text in quotes", s.name, of)
	case argNumber:
		c.errorf(at, "bad_argument", "write "+s.name+": 100", "`%s` of %s is a whole number", s.name, of)
	default:
		c.errorf(at, "bad_argument", "write "+s.name+": "+s.example(), "`%s` of %s is an object", s.name, of)
	}
}
