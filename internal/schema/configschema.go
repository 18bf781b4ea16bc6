package schema

import (
	"encoding/json"
	"strings"
)

// object is a JSON Schema of an object.
type object struct {
	Schema      string         `json:"$schema,omitempty"`
	Title       string         `json:"title,omitempty"`
	Type        string         `json:"type"`
	Properties  map[string]any `json:"properties"`
	AllowOthers bool           `json:"additionalProperties"`
}

// ConfigSchema is the JSON Schema of loam.yaml, for editors, made from the
// table of settings. It is published as loam.schema.json beside this file.
func ConfigSchema() []byte {
	root := &object{Schema: "https://json-schema.org/draft/2020-12/schema", Title: "loam.yaml", Type: "object", Properties: map[string]any{}}
	for _, s := range settings() {
		at := root
		keys := strings.Split(s.path, ".")
		for _, key := range keys[:len(keys)-1] {
			inner, ok := at.Properties[key].(*object)
			if !ok {
				inner = &object{Type: "object", Properties: map[string]any{}}
				at.Properties[key] = inner
			}
			at = inner
		}
		at.Properties[keys[len(keys)-1]] = s.jsonSchema()
	}
	text, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		panic("schema: " + err.Error()) // plain values of our own
	}
	return append(text, '\n')
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
		doc["type"], doc["pattern"] = []string{"string", "integer"}, "^[0-9]+(B|KiB|MiB)?$"
	case settingNumber:
		doc["type"], doc["minimum"], doc["maximum"] = "integer", s.min, s.max
		if n, ok := s.amount(s.standard); ok {
			doc["default"] = n
		}
	case settingOrigins:
		doc["type"], doc["maxItems"], doc["items"] = "array", maxOrigins, map[string]any{"type": "string"}
	default:
		doc["type"], doc["maxLength"] = "string", longestText
	}
	return doc
}
