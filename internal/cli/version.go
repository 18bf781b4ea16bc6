package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/loam-dev/loam/internal/observe"
)

func (c *console) versionCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print which version this is",
		Example: `  loam version
  loam version --json`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			b := observe.ReadBuild()
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
