// Package tracker carries the files of the example project, which `loam demo`
// serves. It holds no code.
package tracker

import "embed"

// Files are the project: schema.graphql, loam.yaml and seed.json.
//
//go:embed schema.graphql loam.yaml seed.json
var Files embed.FS
