package config

import (
	"net/netip"
	"reflect"
	"regexp"
	"strings"
	"time"
)

// InForce is a setting as it holds. The value of one that is secret is never here:
// that goes by its type.
type InForce struct {
	Path        string `json:"path"`
	Value       any    `json:"value"` // nil of a secret, and where there is none
	Default     bool   `json:"default"`
	Secret      bool   `json:"secret"`
	Set         bool   `json:"set"` // of a secret: whether there is one
	Description string `json:"description"`
}

// InForce lists all settings with what holds of each.
func (c *Config) InForce() []InForce {
	standard := Default()
	var out []InForce
	for _, s := range settings() {
		if !s.inEntry() {
			out = append(out, s.inForce(c, standard, s.path, ""))
			continue
		}
		group, _, _ := strings.Cut(s.path, ".*")
		for _, key := range c.entriesOf(group) {
			out = append(out, s.inForce(c, nil, strings.Replace(s.path, "*", key, 1), key))
		}
	}
	return out
}

func (s *setting) inForce(c, standard *Config, path, entry string) InForce {
	out := InForce{Path: path, Description: s.doc}
	target := s.at(c, entry)
	if secret, ok := target.(*Secret); ok {
		out.Secret, out.Set, out.Default = true, secret.Given(), !secret.Given()
		return out
	}
	out.Value = s.plain(target)
	out.Default = standard != nil && reflect.DeepEqual(out.Value, s.plain(s.at(standard, entry)))
	return out
}

// plain is a value as JSON takes it.
func (s *setting) plain(target any) any {
	switch v := target.(type) {
	case *string:
		return publicText(*v)
	case *bool:
		if *v {
			return s.words[0]
		}
		return s.words[1]
	case *int:
		return *v
	case *int64:
		return *v
	case *time.Duration:
		return v.String()
	case *[]string:
		out := make([]string, len(*v))
		for i, text := range *v {
			out[i] = publicText(text)
		}
		return out
	case *[]Permission:
		return *v
	case *[]netip.Prefix:
		out := make([]string, len(*v))
		for i, p := range *v {
			out[i] = p.String()
		}
		return out
	}
	return nil // of a kind that this page does not know: rather nothing
}

// userinfo and secretQuery are where a URL may hold a secret.
func userinfo() *regexp.Regexp    { return regexp.MustCompile(`://[^/?#]*@`) }
func secretQuery() *regexp.Regexp { return regexp.MustCompile(`^(https?://[^?#]*)[?#].*$`) }

// publicText is a text without what a URL shows to its server alone.
func publicText(text string) string {
	if !strings.Contains(text, "://") {
		return text
	}
	return secretQuery().ReplaceAllString(userinfo().ReplaceAllString(text, "://"), "$1?…")
}

// entriesOf are the keys of a group's entries that there are.
func (c *Config) entriesOf(group string) []string {
	var keys []string
	switch group {
	case "auth.providers":
		for _, p := range c.Auth.Providers {
			keys = append(keys, p.ID)
		}
	case "auth.clients":
		for _, o := range c.Auth.Clients {
			keys = append(keys, o.ID)
		}
	case "auth.hooks":
		for _, key := range hookKeys {
			if !reflect.ValueOf(*c.Auth.hook(key)).IsZero() {
				keys = append(keys, key)
			}
		}
	case "organizations.roles":
		keys = c.Roles.Keys()
	case "channels":
		for _, ch := range c.Channels {
			keys = append(keys, ch.Pattern)
		}
	}
	return keys
}
