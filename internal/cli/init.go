package cli

import "github.com/spf13/cobra"

func (c *console) initCommand() *cobra.Command {
	return &cobra.Command{Use: "init", RunE: nothingNamed}
}
func (c *console) devCommand() *cobra.Command { return &cobra.Command{Use: "dev", RunE: nothingNamed} }
