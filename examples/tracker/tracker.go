// Package tracker carries the files of the example project, which `loam demo`
// serves. It holds no code.
package tracker

import "embed"

// Files are the project, its seed, and the app at /demo, which is made of web. Names
// that begin with _ are taken along: the bundler chooses them.
//
//go:embed schema.graphql loam.yaml seed.json all:demo
var Files embed.FS
