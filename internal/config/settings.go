package config

import (
	"fmt"
	"math"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/loam-dev/loam/internal/schema"
)

// The limits on loam.yaml.
const (
	maxConfig       = 64 << 10 // bytes
	maxConfigMarks  = 2_000    // brackets
	longestText     = 200      // characters
	longestAddress  = 2_000    // characters of a text that has a form
	longestSecret   = 8 << 10  // bytes
	shortestSecret  = 32       // bytes, of a client's
	maxSettingItems = 100      // of a list
)

// settingKind is what a setting holds.
type settingKind uint8

const (
	settingText     settingKind = iota
	settingSecret               // text that never prints
	settingWord                 // one of setting.words; of a switch, the first means yes
	settingDuration             // 15m, 30d
	settingBytes                // 1MiB
	settingNumber
	settingList // of texts of setting.form, or of setting.words
)

// setting is one key of loam.yaml. The parser, the JSON Schema and the
// reference are made from the same table.
type setting struct {
	path     string // "auth.email.confirm"; * stands for the key of an entry
	kind     settingKind
	form     form     // of a text, or of a list's items
	secret   bool     // a list of texts that never print
	words    []string // that it may be, or that a list's items may be
	min, max int64    // of a number, of bytes, of seconds
	standard string   // what holds where the key is missing, as written
	doc      string
	at       func(c *Config, entry string) any // a pointer to where its value goes
}

// entries is a group whose keys the writer chooses.
type entries struct {
	path string                // "auth.providers"
	keys []string              // the only ones; nil: any name
	name func() *regexp.Regexp // what they look like; nil: entryKey
	help string                // how to write such a name
	what string                // "a provider"
	most int
	off  func(c *Config, key string) // takes an entry out again
}

func entryTable() []entries {
	return []entries{
		{path: "auth.providers", what: "a provider", most: 50, off: func(c *Config, key string) {
			c.Auth.Providers = slices.DeleteFunc(c.Auth.Providers, func(p Provider) bool { return p.ID == key })
		}},
		{path: "auth.clients", what: "a client", most: 100, off: func(c *Config, key string) {
			c.Auth.Clients = slices.DeleteFunc(c.Auth.Clients, func(o Client) bool { return o.ID == key })
		}},
		{path: "auth.hooks", what: "a hook", keys: hookKeys, most: len(hookKeys), off: func(c *Config, key string) { *c.Auth.hook(key) = Hook{} }},
		{path: "organizations.roles", what: "a role", most: 50, off: func(c *Config, key string) {}},
		{path: "channels", what: "channels", name: channelPattern, most: 100,
			help: "use 1 to 128 letters, digits, _ - . and :, a letter or digit first, and * at the end for any further ones",
			off: func(c *Config, key string) {
				c.Channels = slices.DeleteFunc(c.Channels, func(ch Channel) bool { return ch.Pattern == key })
			}},
	}
}

// movedKeys are keys that have another place now.
var movedKeys = map[string]string{"api.limits": "limits.request"}

// settings is the whole table.
func settings() []setting {
	return slices.Concat(generalSettings(), signInSettings(), federationSettings(), organizationSettings(), serverSettings(), channelSettings(), generateSettings(), limitSettings(), channelLimitSettings())
}

// inEntry tells whether the setting belongs to an entry.
func (s *setting) inEntry() bool { return strings.Contains(s.path, "*") }

// setStandard sets what holds where the key is missing.
func (s *setting) setStandard(c *Config, entry string) {
	target := s.at(c, entry) // makes the entry, even where nothing is set
	if s.standard == "" {
		return
	}
	v, problem := s.read(s.standard)
	if problem != nil {
		panic(fmt.Sprintf("config: the default of %s: %s", s.path, problem.message))
	}
	s.put(target, v)
}

// put stores what read has read.
func (s *setting) put(target, v any) {
	switch target := target.(type) {
	case *string:
		*target = v.(string)
	case *Secret:
		*target = NewSecret(v.(string))
	case *bool:
		*target = v == s.words[0]
	case *int:
		*target = int(v.(int64))
	case *int64:
		*target = v.(int64)
	case *time.Duration:
		*target = time.Duration(v.(int64)) * time.Second
	case *[]Secret:
		*target = nil
		for _, item := range v.([]string) {
			*target = append(*target, NewSecret(item))
		}
	case *[]string:
		*target = v.([]string)
	case *[]Permission:
		*target = []Permission{}
		for _, item := range v.([]string) {
			*target = append(*target, Permission(item))
		}
	case *[]netip.Prefix:
		for _, item := range v.([]string) {
			*target = append(*target, netip.MustParsePrefix(item))
		}
	default:
		panic(fmt.Sprintf("config: %s goes into a %T", s.path, target))
	}
}

// misread says what is wrong with a value.
type misread struct{ message, help string }

// read reads a setting's text, or an item of its list.
func (s *setting) read(text string) (any, *misread) {
	switch {
	case len(s.words) > 0:
		if !slices.Contains(s.words, text) {
			return nil, s.noWord(text)
		}
		return text, nil
	case s.kind == settingSecret:
		if text == "" || len(text) > s.longest() {
			return nil, &misread{fmt.Sprintf("is text of 1 to %d bytes", s.longest()), "write " + s.example()}
		}
		return text, nil
	case s.kind == settingText || s.kind == settingList:
		return s.readText(text)
	}
	n, ok := s.amount(text)
	help := "write " + s.example()
	switch {
	case !ok && s.kind == settingDuration:
		return nil, &misread{"is a time such as 30s, 15m, 12h or 30d", help}
	case !ok && s.kind == settingBytes:
		return nil, &misread{"is a size such as 512KiB or 1MiB", help}
	case !ok:
		return nil, &misread{"is a whole number", help}
	case n < s.min || n > s.max:
		return nil, &misread{"is from " + s.print(s.min) + " to " + s.print(s.max), help}
	}
	return n, nil
}

func (s *setting) noWord(text string) *misread {
	what := "is one of " + strings.Join(s.words, ", ")
	if s.kind == settingList {
		what = "has no `" + shorten(text) + "` to choose from"
	}
	help := didYouMean(text, s.words)
	if help == "" || s.kind == settingWord && schema.Nearest(text, s.words) == "" {
		help = "write " + s.example()
	}
	return &misread{what, help}
}

func (s *setting) readText(text string) (any, *misread) {
	if text == "" || utf8.RuneCountInString(text) > s.longest() || strings.ContainsFunc(text, control) {
		return nil, &misread{fmt.Sprintf("is text of 1 to %d characters", s.longest()), "write " + s.example()}
	}
	if s.form.read == nil {
		return text, nil
	}
	clean, ok := s.form.read(text)
	if !ok {
		return nil, &misread{s.form.not, s.form.help}
	}
	return clean, nil
}

// longest is how long a text may be.
func (s *setting) longest() int {
	switch {
	case s.kind == settingSecret || s.secret:
		return longestSecret
	case s.form.read != nil:
		return longestAddress
	}
	return longestText
}

// units are what an amount may end with.
func (s *setting) units() map[string]int64 {
	switch s.kind {
	case settingDuration:
		return map[string]int64{"s": 1, "m": 60, "h": 3600, "d": 86400}
	case settingBytes:
		return map[string]int64{"": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
	default:
		return map[string]int64{"": 1}
	}
}

func (s *setting) amount(text string) (int64, bool) {
	digits := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	unit, ok := s.units()[text[len(digits):]]
	n, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil || n < 0 || n > math.MaxInt64/unit {
		return 0, false
	}
	return n * unit, true
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
	path := strings.ReplaceAll(s.path, "*", "<name>")
	switch {
	case s.kind == settingList && len(s.words) > 0:
		return path + ": [" + s.words[0] + "]"
	case s.secret:
		return path + `: ["${A_VARIABLE}"]`
	case s.kind == settingList:
		return path + ": [" + s.form.like + "]"
	case s.kind == settingSecret:
		return path + ": ${A_VARIABLE}"
	case s.standard != "":
		return path + ": " + s.standard
	case len(s.words) > 0:
		return path + ": " + s.words[0]
	}
	return path + ": " + s.form.like
}
