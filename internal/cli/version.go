package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// build says which program this is.
type build struct {
	Version  string `json:"version"`
	Commit   string `json:"commit"`
	Time     string `json:"time"` // of the commit
	Modified bool   `json:"modified"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func (c *console) versionCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print which version this is",
		Example: `  loam version
  loam version --json`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			b := readBuild()
			if asJSON {
				return c.printJSON(b)
			}
			commit := b.Commit
			if commit == "" {
				commit = "no commit on record"
			} else if b.Modified {
				commit += ", modified"
			}
			_, err := fmt.Fprintf(c.out, "loam %s (%s, %s, %s)\n", b.Version, commit, b.Go, b.Platform)
			return err
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

// readBuild reads what the Go toolchain wrote into the binary.
func readBuild() build {
	b := build{Version: "unknown", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if info.Main.Version != "" {
		b.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.Time = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}
