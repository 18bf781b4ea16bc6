package backend

import "github.com/loam-dev/loam/internal/schema"

func openAPI(s *schema.Schema, name string) []byte { return []byte("{}") }
