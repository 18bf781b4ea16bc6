// Package tracker carries the files of the example project, which `loam demo`
// serves. It holds no code.
package tracker

import "embed"

// Files are the project, its seed, and the page at /demo.
//
//go:embed schema.graphql loam.yaml seed.json demo
var Files embed.FS
