package resturl

import (
	"net/url"
	"strings"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

// Key takes a primary key from a part of a path, as it is escaped there: its values in
// order, joined by commas.
func Key(m *schema.Model, escaped string) (map[string]any, error) {
	parts := strings.Split(escaped, ",")
	if len(m.Key) == 1 {
		parts = []string{escaped}
	}
	if len(parts) != len(m.Key) {
		names := make([]string, len(m.Key))
		for i, f := range m.Key {
			names[i] = f.Name
		}
		return nil, fault.New(fault.QueryRequired, "the key of %s is %s, joined by commas", m.Name, strings.Join(names, ","))
	}
	key := make(map[string]any, len(parts))
	for i, part := range parts {
		value, err := url.PathUnescape(part)
		if err != nil || !validText(value) {
			return nil, missing(m)
		}
		key[m.Key[i].Name] = query.Text(value)
	}
	return key, nil
}

func missing(m *schema.Model) error {
	return fault.New(fault.DataNotFound, "there is no such %s, or none that you may see", m.Name)
}
