package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/mail"
	"github.com/loam-dev/loam/internal/schema"
)

func (c *console) checkCommand() *cobra.Command {
	at, asJSON := &place{}, false
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Find mistakes in schema.graphql and loam.yaml",
		Long: `Find mistakes in schema.graphql and loam.yaml, all at once, each with its place and
what to write instead; and in templates of mail. The exit code is 1 where there
is an error; warnings alone leave it at 0. No database is touched.`,
		Example: `  loam check
  loam check --dir ./backend
  loam check --json | jq '.[].message'`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			p, err := readProject(os.DirFS(at.dir), at.dir, config.Environment{})
			if err != nil {
				return err
			}
			if asJSON {
				if err := c.printJSON(remarksOf(p)); err != nil {
					return err
				}
				return mistakes(p.remarks())
			}
			if err := c.usable(p); err != nil {
				return err
			}
			if _, err := mail.ParseTemplates(os.DirFS(filepath.Join(at.dir, mailDir))); err != nil {
				return err
			}
			fmt.Fprintf(c.out, "%s is right: %s\n", schemaFile, inventory(p.compiled.Schema))
			if names := p.config.Variables; len(names) > 0 {
				fmt.Fprintf(c.out, "%s reads from the environment: %s\n", configFile, strings.Join(names, ", "))
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&at.dir, "dir", ".", "the project's directory")
	withEnvironment(cmd.Flags(), "dir", "LOAM_DIR")
	completeDirectories(cmd, "dir")
	jsonFlag(cmd, &asJSON)
	return cmd
}

// remark is a diagnostic as --json prints it.
type remark struct {
	Severity   string `json:"severity"`
	Code       string `json:"code"`
	File       string `json:"file"`
	Line       int    `json:"line"`
	Column     int    `json:"column"`
	Length     int    `json:"length"`
	Message    string `json:"message"`
	Suggestion string `json:"suggestion"`
}

func remarksOf(p *project) []remark {
	list := []remark{}
	for _, d := range p.remarks() {
		list = append(list, remark{d.Severity.String(), d.Code, d.File, d.Pos.Line, d.Pos.Column, d.Length, d.Message, d.Suggestion})
	}
	return list
}

// inventory counts what a schema declares.
func inventory(s *schema.Schema) string {
	models := 0
	for _, m := range s.Models {
		if !m.Join && !m.ReadOnly {
			models++
		}
	}
	return fmt.Sprintf("%s, %s", counted(models, "model"), counted(len(s.Enums), "enum"))
}

// counted is "1 model" or "2 models".
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func jsonFlag(cmd *cobra.Command, asJSON *bool) {
	cmd.Flags().BoolVar(asJSON, "json", false, "print JSON")
}

// printJSON prints a value for other programs to read.
func (c *console) printJSON(v any) error {
	enc := json.NewEncoder(c.out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
