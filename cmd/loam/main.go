// Command loam is a complete multi-tenant backend in one binary.
package main

import (
	"os"

	"github.com/loam-dev/loam/examples/tracker"
	"github.com/loam-dev/loam/internal/cli"
)

func main() { os.Exit(cli.Main(tracker.Files)) }
