package config

import (
	"encoding/json"
	"strings"
)

// object is a JSON Schema of an object. Others is the schema of the keys that
// Properties does not name, or false.
type object struct {
	Schema     string         `json:"$schema,omitempty"`
	Title      string         `json:"title,omitempty"`
	Type       string         `json:"type"`
	Properties map[string]any `json:"properties,omitempty"`
	Names      any            `json:"propertyNames,omitempty"`
	Most       int            `json:"maxProperties,omitempty"`
	Others     any            `json:"additionalProperties"`
}

func newObject() *object {
	return &object{Type: "object", Properties: map[string]any{}, Others: false}
}

// JSONSchema is the JSON Schema of loam.yaml, for editors, made from the
// table of settings. It is published as loam.schema.json beside this file.
func JSONSchema() []byte {
	root := newObject()
	root.Schema, root.Title = "https://json-schema.org/draft/2020-12/schema", "loam.yaml"
	for _, s := range settings() {
		keys := strings.Split(s.path, ".")
		at := root
		for i, key := range keys[:len(keys)-1] {
			at = at.below(strings.Join(keys[:i], "."), key)
		}
		at.Properties[keys[len(keys)-1]] = s.jsonSchema()
	}
	text, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		panic("config: " + err.Error()) // plain values of our own
	}
	return append(text, '\n')
}

// below is the object at a key, or for * that of every entry.
func (o *object) below(path, key string) *object {
	if key != "*" {
		if inner, ok := o.Properties[key].(*object); ok {
			return inner
		}
		inner := newObject()
		o.Properties[key] = inner
		return inner
	}
	for _, e := range entryTable() {
		if e.path != path {
			continue
		}
		o.Most = e.most
		if o.Names = map[string]any{"pattern": e.pattern().String()}; e.keys != nil {
			o.Names = map[string]any{"enum": e.keys}
		}
	}
	inner, ok := o.Others.(*object)
	if !ok {
		inner = newObject()
		o.Others = inner
	}
	return inner
}

func (s *setting) jsonSchema() map[string]any {
	doc := map[string]any{"description": s.doc}
	if s.standard != "" {
		doc["default"] = s.standard
	}
	switch s.kind {
	case settingWord:
		doc["enum"] = s.words
	case settingDuration:
		doc["type"], doc["pattern"] = "string", "^[0-9]+[smhd]$"
	case settingBytes:
		doc["type"], doc["pattern"] = []string{"string", "integer"}, "^[0-9]+(B|KiB|MiB|GiB|TiB)?$"
	case settingNumber:
		doc["type"], doc["minimum"], doc["maximum"] = "integer", s.min, s.max
		if n, ok := s.amount(s.standard); ok {
			doc["default"] = n
		}
	case settingList:
		items := map[string]any{"type": "string"}
		if len(s.words) > 0 {
			items = map[string]any{"enum": s.words}
		}
		doc["type"], doc["maxItems"], doc["items"] = "array", maxSettingItems, items
	default:
		doc["type"], doc["maxLength"] = "string", s.longest()
	}
	return doc
}
