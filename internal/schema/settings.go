package schema

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// The limits on loam.yaml.
const (
	maxConfig      = 32 << 10 // bytes
	maxConfigDepth = 64       // brackets inside each other
	longestText    = 200      // characters
	maxOrigins     = 100
)

// ParseConfig reads and checks loam.yaml; an empty file is the defaults. The
// configuration is nil where the diagnostics have an error. It never panics.
func ParseConfig(name, source string) (config *Config, diags Diagnostics) {
	r := &reporter{file: name}
	first := span{Pos{1, 1}, 1}
	switch {
	case len(source) > maxConfig:
		r.errorf(first, "too_large", "remove what is not configuration", "the file has %d bytes; the limit is %d", len(source), maxConfig)
	case !utf8.ValidString(source):
		r.errorf(first, "encoding", "save the file as UTF-8", "the file is not valid UTF-8")
	case strings.Count(source, "[")+strings.Count(source, "{") > maxConfigDepth*8:
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
	p := &configParser{reporter: r, config: DefaultConfig(), settings: settings()}
	p.parse(source)
	if diags = r.result(); diags.HasErrors() {
		return nil, diags
	}
	return p.config, diags
}

// configParser walks the YAML along the table of settings.
type configParser struct {
	*reporter
	config   *Config
	settings []setting
}

func (p *configParser) parse(source string) {
	file, err := parser.ParseBytes([]byte(source), 0)
	if err != nil {
		at, message := span{Pos{1, 1}, 1}, err.Error()
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
			p.group(doc.Body, "")
		}
	}
}

// group reads a mapping: keys that are settings, and keys that lead to others.
func (p *configParser) group(node ast.Node, path string) {
	var pairs []*ast.MappingValueNode
	switch node := node.(type) {
	case *ast.MappingNode:
		pairs = node.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{node}
	case *ast.NullNode, *ast.CommentGroupNode:
		return
	default:
		what := "`" + path + "`"
		if path == "" {
			what = "loam.yaml"
		}
		p.errorf(tokenSpan(node.GetToken()), "bad_setting", "write its keys below it: "+strings.Join(p.keys(path), ", "), "%s holds keys, not a value", what)
		return
	}
	for _, pair := range pairs {
		p.pair(pair, path)
	}
}

func (p *configParser) pair(pair *ast.MappingValueNode, path string) {
	at := tokenSpan(pair.Key.GetToken())
	key, ok := pair.Key.(*ast.StringNode)
	if !ok {
		p.errorf(at, "unknown_setting", didYouMean("", p.keys(path)), "a key is a plain word")
		return
	}
	full := key.Value
	if path != "" {
		full = path + "." + key.Value
	}
	for _, s := range p.settings {
		if s.path == full {
			p.setting(s, pair.Value)
			return
		}
		if strings.HasPrefix(s.path, full+".") {
			p.group(pair.Value, full)
			return
		}
	}
	p.errorf(at, "unknown_setting", didYouMean(key.Value, p.keys(path)), "unknown key `%s`", shorten(full))
}

// keys are the keys that may stand at a path.
func (p *configParser) keys(path string) []string {
	var keys []string
	for _, s := range p.settings {
		rest := s.path
		if path != "" {
			var ok bool
			if rest, ok = strings.CutPrefix(s.path, path+"."); !ok {
				continue
			}
		}
		key, _, _ := strings.Cut(rest, ".")
		if !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys
}

// setting reads one value.
func (p *configParser) setting(s setting, node ast.Node) {
	at := tokenSpan(node.GetToken())
	if s.kind == settingOrigins {
		p.origins(s, node)
		return
	}
	text, ok := plainText(node)
	if !ok {
		p.errorf(at, "bad_setting", "write "+s.example(), "`%s` takes one value", s.path)
		return
	}
	if slices.Contains(s.later, text) {
		p.errorf(at, "not_served", "write "+s.path+": "+s.standard, "`%s: %s` is not served yet: there is no mail", s.path, text)
		return
	}
	v, problem := s.read(text)
	if problem != "" {
		help := "write " + s.example()
		if near := nearest(text, s.words); near != "" {
			help = "did you mean `" + near + "`?"
		}
		p.errorf(at, "bad_setting", help, "`%s` %s", s.path, problem)
		return
	}
	s.set(p.config, v)
}

// plainText is a scalar as it is written.
func plainText(node ast.Node) (string, bool) {
	switch node := node.(type) {
	case *ast.StringNode:
		return node.Value, true
	case *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode:
		return node.GetToken().Value, true
	}
	return "", false
}

func (p *configParser) origins(s setting, node ast.Node) {
	list, ok := node.(*ast.SequenceNode)
	if !ok {
		p.errorf(tokenSpan(node.GetToken()), "bad_setting", "write "+s.example(), "`%s` is a list", s.path)
		return
	}
	if len(list.Values) > maxOrigins {
		p.errorf(tokenSpan(node.GetToken()), "too_many", "remove some", "`%s` has %d entries; the limit is %d", s.path, len(list.Values), maxOrigins)
		return
	}
	origins := []string{}
	for _, item := range list.Values {
		text, _ := plainText(item)
		if !isOrigin(text) {
			p.errorf(tokenSpan(item.GetToken()), "bad_setting", "write https://app.example.com, without a path", "`%s` is no origin of a site", shorten(text))
			continue
		}
		origins = append(origins, strings.TrimSuffix(text, "/"))
	}
	s.set(p.config, origins)
}

// isOrigin tells whether text is scheme://host[:port], or *.
func isOrigin(text string) bool {
	u, err := url.Parse(text)
	return text == "*" || err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && u.User == nil &&
		strings.Trim(u.Path, "/") == "" && u.RawQuery == "" && u.Fragment == "" && len(text) <= longestText
}

// read reads a setting's text; problem says what is wrong with it.
func (s *setting) read(text string) (v any, problem string) {
	switch s.kind {
	case settingWord:
		if !slices.Contains(s.words, text) {
			return nil, "is one of " + strings.Join(s.served(), ", ")
		}
		return text, ""
	case settingText:
		if text == "" || utf8.RuneCountInString(text) > longestText || strings.ContainsFunc(text, control) {
			return nil, fmt.Sprintf("is text of 1 to %d characters", longestText)
		}
		return text, ""
	}
	n, ok := s.amount(text)
	switch {
	case !ok && s.kind == settingDuration:
		return nil, "is a time such as 30s, 15m, 12h or 30d"
	case !ok && s.kind == settingBytes:
		return nil, "is a size such as 512KiB or 1MiB"
	case !ok:
		return nil, "is a whole number"
	case n < s.min || n > s.max:
		return nil, "is from " + s.print(s.min) + " to " + s.print(s.max)
	}
	if s.kind == settingDuration {
		n *= int64(time.Second)
	}
	return n, ""
}

// served are the words without those to come.
func (s *setting) served() []string {
	return slices.DeleteFunc(slices.Clone(s.words), func(w string) bool { return slices.Contains(s.later, w) })
}

// units are what an amount may end with.
func (s *setting) units() map[string]int64 {
	switch s.kind {
	case settingDuration:
		return map[string]int64{"s": 1, "m": 60, "h": 3600, "d": 86400}
	case settingBytes:
		return map[string]int64{"": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20}
	default:
		return map[string]int64{"": 1}
	}
}

func (s *setting) amount(text string) (int64, bool) {
	digits := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	unit, ok := s.units()[text[len(digits):]]
	n, err := strconv.ParseInt(digits, 10, 64)
	return n * unit, ok && err == nil && n >= 0 && n <= math.MaxInt32
}

// print writes an amount in the largest unit that fits.
func (s *setting) print(n int64) string {
	best, size := "", int64(1)
	for unit, of := range s.units() {
		if n%of == 0 && n >= of && (of > size || best == "") {
			best, size = unit, of
		}
	}
	return strconv.FormatInt(n/size, 10) + best
}

// example is the setting as one may write it.
func (s *setting) example() string {
	switch {
	case s.kind == settingOrigins:
		return s.path + ": [https://app.example.com]"
	case s.standard != "":
		return s.path + ": " + s.standard
	}
	return s.path + ": My app"
}

// tokenSpan is the place of a YAML token.
func tokenSpan(t *token.Token) span {
	if t == nil || t.Position == nil {
		return span{Pos{1, 1}, 1}
	}
	return span{Pos{max(1, t.Position.Line), max(1, t.Position.Column)}, max(1, utf8.RuneCountInString(strings.TrimSpace(t.Origin)))}
}
