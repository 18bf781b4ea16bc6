package config

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	forms "github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/schema"
)

// Environment is where the values come from that loam.yaml writes as ${NAME}.
type Environment struct {
	// Lookup finds a variable. Where it is nil none is looked for, and what
	// needs one is off: for a check of the file without its secrets.
	Lookup func(name string) (string, bool)
	// Lenient makes a variable that is missing a warning, and what needs it is
	// off; otherwise it is an error. Quiet leaves the warning out as well.
	Lenient, Quiet bool
}

// Parse reads and checks loam.yaml; an empty file is the defaults. The
// configuration is nil where the diagnostics have an error. It never panics.
func Parse(name, source string, env Environment) (config *Config, diags schema.Diagnostics) {
	r := &reporter{file: name}
	first := start()
	switch {
	case len(source) > maxConfig:
		r.errorf(first, "too_large", "remove what is not configuration", "the file has %d bytes; the limit is %d", len(source), maxConfig)
	case !utf8.ValidString(source):
		r.errorf(first, "encoding", "save the file as UTF-8", "the file is not valid UTF-8")
	case strings.Count(source, "[")+strings.Count(source, "{") > maxConfigMarks:
		r.errorf(first, "too_deep", "write it flatter", "the file has too many brackets")
	}
	if len(r.diags) > 0 {
		return nil, r.result()
	}
	// The YAML parser is not ours: a panic of it is a file that can't be read.
	defer func() {
		if recover() != nil {
			r.errorf(first, "syntax", "write it simpler: keys, values and lists", "the file can't be read as YAML")
			config, diags = nil, r.result()
		}
	}()
	p := &configParser{reporter: r, env: env, config: Default(), settings: settings(), entries: entryTable(), places: map[string]span{}, off: map[string]bool{}}
	p.parse(source)
	if !r.diags.HasErrors() {
		p.check()
	}
	if diags = r.result(); diags.HasErrors() {
		return nil, diags
	}
	return p.config, diags
}

// configParser walks the YAML along the table of settings.
type configParser struct {
	*reporter
	env      Environment
	config   *Config
	settings []setting
	entries  []entries
	places   map[string]span // of the keys in the file, by their paths
	off      map[string]bool // paths of what lacks a variable
}

// where is a place in the tree of keys: the row of the table that it belongs
// to, and the key that was chosen for the row's *.
type where struct{ row, entry string }

// path is the place as the writer knows it.
func (w where) path() string { return strings.Replace(w.row, "*", w.entry, 1) }

// named is a suggestion with the chosen key in the place of <name>.
func (w where) named(help string) string {
	if w.entry == "" {
		return help
	}
	return strings.ReplaceAll(help, "<name>", w.entry)
}

func (w where) under(key string) where {
	if w.row != "" {
		key = w.row + "." + key
	}
	return where{key, w.entry}
}

func (p *configParser) parse(source string) {
	file, err := parser.ParseBytes([]byte(source), 0)
	if err != nil {
		at, message := start(), err.Error()
		if y, ok := errors.AsType[yaml.Error](err); ok {
			at, message = tokenSpan(y.GetToken()), y.GetMessage()
		}
		p.errorf(at, "syntax", "check the indentation and the quotes", "syntax: %s", message)
		return
	}
	for i, doc := range file.Docs {
		switch {
		case i > 0 && doc.Body != nil:
			p.errorf(tokenSpan(doc.Body.GetToken()), "syntax", "remove the ---", "loam.yaml is one document")
		case doc.Body != nil:
			p.group(doc.Body, where{})
		}
	}
}

// group reads a mapping: keys that are settings, keys that lead to others, and
// the names of entries.
func (p *configParser) group(node ast.Node, w where) {
	var pairs []*ast.MappingValueNode
	switch node := node.(type) {
	case *ast.MappingNode:
		pairs = node.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{node}
	case *ast.NullNode, *ast.CommentGroupNode:
		return
	default:
		what := "`" + w.path() + "`"
		if w.row == "" {
			what = "loam.yaml"
		}
		p.errorf(tokenSpan(node.GetToken()), "bad_setting", "write its keys below it: "+strings.Join(p.keys(w), ", "), "%s holds keys, not a value", what)
		return
	}
	e := p.entriesAt(w)
	if e != nil && len(pairs) > e.most {
		p.errorf(tokenSpan(node.GetToken()), "too_many", "remove some", "`%s` has %d entries; the limit is %d", w.path(), len(pairs), e.most)
		return
	}
	for _, pair := range pairs {
		key, ok := pair.Key.(*ast.StringNode)
		switch {
		case !ok:
			p.errorf(tokenSpan(pair.Key.GetToken()), "unknown_setting", didYouMean("", p.keys(w)), "a key is a plain word")
		case e != nil:
			p.entry(e, key.Value, pair, w)
		default:
			p.pair(key.Value, pair, w)
		}
	}
}

func (p *configParser) entriesAt(w where) *entries {
	i := slices.IndexFunc(p.entries, func(e entries) bool { return e.path == w.row })
	if i < 0 {
		return nil
	}
	return &p.entries[i]
}

// entryKey is what an entry may be called: it stands in addresses and rules.
var entryKey = forms.Pattern(`^[a-z][a-z0-9_-]{0,39}$`)

func (e *entries) pattern() *regexp.Regexp {
	if e.name == nil {
		return entryKey()
	}
	return e.name()
}

func (e *entries) naming() string {
	if e.help == "" {
		return "use 1 to 40 small letters, digits, - and _, a letter first"
	}
	return e.help
}

func (p *configParser) entry(e *entries, key string, pair *ast.MappingValueNode, w where) {
	at := tokenSpan(pair.Key.GetToken())
	switch {
	case e.keys != nil && !slices.Contains(e.keys, key):
		p.errorf(at, "unknown_setting", didYouMean(key, e.keys), "unknown key `%s.%s`", w.path(), shorten(key))
		return
	case e.keys == nil && !e.pattern().MatchString(key):
		p.errorf(at, "bad_setting", e.naming(), "`%s` can't be the name of %s", shorten(key), e.what)
		return
	}
	in := where{w.row + ".*", key}
	p.places[in.path()] = at
	for _, s := range p.settings {
		if strings.HasPrefix(s.path, in.row+".") {
			s.setStandard(p.config, key)
		}
	}
	p.group(pair.Value, in)
}

func (p *configParser) pair(key string, pair *ast.MappingValueNode, w where) {
	at, full := tokenSpan(pair.Key.GetToken()), w.under(key)
	for _, s := range p.settings {
		if s.path == full.row {
			p.places[full.path()] = at
			p.setting(s, pair.Value, full)
			return
		}
		if strings.HasPrefix(s.path, full.row+".") {
			p.places[full.path()] = at
			p.group(pair.Value, full)
			return
		}
	}
	if to := movedKeys[full.row]; to != "" {
		p.errorf(at, "moved_setting", "write "+to+", with the same keys below it", "`%s` has moved to `%s`", full.row, to)
		return
	}
	p.errorf(at, "unknown_setting", didYouMean(key, p.keys(w)), "unknown key `%s`", shorten(full.path()))
}

// keys are the keys that may stand at a place.
func (p *configParser) keys(w where) []string {
	if e := p.entriesAt(w); e != nil && e.keys != nil {
		return e.keys
	}
	var keys []string
	for _, s := range p.settings {
		rest := s.path
		if w.row != "" {
			var ok bool
			if rest, ok = strings.CutPrefix(s.path, w.row+"."); !ok {
				continue
			}
		}
		key, _, _ := strings.Cut(rest, ".")
		if key == "*" {
			key = "a name of your choice"
		}
		if !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys
}

// setting reads one value.
func (p *configParser) setting(s setting, node ast.Node, w where) {
	at := tokenSpan(node.GetToken())
	if s.kind == settingList {
		p.list(s, node, w)
		return
	}
	text, ok := plainText(node)
	if !ok {
		p.errorf(at, "bad_setting", w.named("write "+s.example()), "`%s` takes one value", w.path())
		return
	}
	text, from, ok := p.resolve(&s, text, at, w)
	if !ok {
		if s.inEntry() || strings.HasPrefix(s.path, "mail.smtp.") {
			s.put(s.at(p.config, w.entry), text) // given, for the checks to come, and off after them
		}
		return
	}
	v, problem := s.read(text)
	switch {
	case problem == nil:
		s.put(s.at(p.config, w.entry), v)
	case from != "":
		p.errorf(at, "bad_setting", "set "+from+" to such a value", "`%s` is read from %s, and %s", w.path(), from, problem.message)
	default:
		p.errorf(at, "bad_setting", w.named(problem.help), "`%s` %s", w.path(), problem.message)
	}
}

func (p *configParser) list(s setting, node ast.Node, w where) {
	list, ok := node.(*ast.SequenceNode)
	if !ok {
		p.errorf(tokenSpan(node.GetToken()), "bad_setting", w.named("write "+s.example()), "`%s` is a list", w.path())
		return
	}
	if len(list.Values) > maxSettingItems {
		p.errorf(tokenSpan(node.GetToken()), "too_many", "remove some", "`%s` has %d entries; the limit is %d", w.path(), len(list.Values), maxSettingItems)
		return
	}
	items := []string{}
	for _, item := range list.Values {
		at := tokenSpan(item.GetToken())
		text, ok := plainText(item)
		if !ok {
			p.errorf(at, "bad_setting", w.named("write "+s.example()), "`%s` is a list of texts", w.path())
			continue
		}
		text, from, ok := p.resolve(&s, text, at, w)
		if !ok {
			continue
		}
		v, problem := s.read(text)
		switch {
		case problem != nil && from != "":
			p.errorf(at, "bad_setting", problem.help, "the value of %s %s", from, problem.message)
		case problem != nil && (s.secret || len(s.words) > 0):
			p.errorf(at, "bad_setting", problem.help, "`%s` %s", w.path(), problem.message)
		case problem != nil:
			p.errorf(at, "bad_setting", problem.help, "`%s` %s", shorten(text), problem.message)
		case slices.Contains(items, v.(string)) && s.secret:
			p.errorf(at, "repeated", "remove one", "an entry stands twice in `%s`", w.path())
		case slices.Contains(items, v.(string)):
			p.errorf(at, "repeated", "remove it", "`%s` stands twice in `%s`", shorten(v.(string)), w.path())
		default:
			items = append(items, v.(string))
		}
	}
	s.put(s.at(p.config, w.entry), items)
}

// variable is a value that stands in the environment.
var variable = forms.Pattern(`^\$\{([A-Za-z_][A-Za-z0-9_]{0,99})\}$`)

// resolve replaces ${NAME} by the variable's value; from is its name then. Where
// there is none, ok is false, and what needs it is turned off.
func (p *configParser) resolve(s *setting, text string, at span, w where) (value, from string, ok bool) {
	if s.kind != settingText && s.kind != settingSecret && s.kind != settingList {
		return text, "", true
	}
	m := variable().FindStringSubmatch(text)
	switch {
	case m == nil && strings.Contains(text, "${"):
		p.errorf(at, "bad_setting", "write the whole value as ${NAME}, of letters, digits and _", "`%s` has a variable in the midst of it", w.path())
		return "", "", false
	case m == nil:
		if s.kind == settingSecret || s.secret {
			p.warnf(at, "clear_secret", "write ${A_VARIABLE}, and set that where the server runs", "`%s` is a secret in clear: whoever reads the file has it", w.path())
		}
		return text, "", true
	}
	name := m[1]
	if !slices.Contains(p.config.Variables, name) {
		p.config.Variables = append(p.config.Variables, name)
	}
	if p.env.Lookup != nil {
		if value, _ := p.env.Lookup(name); value != "" {
			return value, name, true
		}
	}
	p.turnOff(name, at, w)
	return text, name, false
}

// turnOff takes what lacks a variable out of the configuration: the entry, or
// all mail, or else the setting alone.
func (p *configParser) turnOff(name string, at span, w where) {
	what := w.path()
	if row, _, entry := strings.Cut(w.row, ".*"); entry {
		what = row + "." + w.entry
	} else if strings.HasPrefix(w.row, "mail.smtp.") {
		what = "mail.smtp"
	}
	p.off[what] = true
	switch {
	case p.env.Lookup == nil:
	case what == "database.url": // another database would be the wrong one
		p.errorf(at, "no_variable", "set "+name+" in the environment", "there is no %s in the environment, which `%s` needs", name, w.path())
	case p.env.Quiet:
	case p.env.Lenient:
		p.warnf(at, "no_variable", "set "+name+" in the environment", "there is no %s, so `%s` is off", name, what)
	default:
		p.errorf(at, "no_variable", "set "+name+" in the environment", "there is no %s in the environment, which `%s` needs", name, w.path())
	}
}

// plainText is a scalar as it is written.
func plainText(node ast.Node) (string, bool) {
	switch node := node.(type) {
	case *ast.StringNode:
		return node.Value, true
	case *ast.LiteralNode:
		return node.Value.Value, true
	case *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode:
		return node.GetToken().Value, true
	}
	return "", false
}

// tokenSpan is the place of a YAML token.
func tokenSpan(t *token.Token) span {
	if t == nil || t.Position == nil {
		return start()
	}
	return span{schema.Pos{Line: max(1, t.Position.Line), Column: max(1, t.Position.Column)}, max(1, utf8.RuneCountInString(strings.TrimSpace(t.Origin)))}
}

// at is where a key stands in the file, or the file's start.
func (p *configParser) at(path string) span {
	if at, ok := p.places[path]; ok {
		return at
	}
	return start()
}
