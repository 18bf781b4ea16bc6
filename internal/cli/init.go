package cli

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
)

// templates holds a directory for each kind of new project.
//
//go:embed all:templates
var templates embed.FS

// projectName stands in a template where the new project's name belongs.
const projectName = "{{name}}"

func (c *console) initCommand() *cobra.Command {
	template := ""
	cmd := &cobra.Command{
		Use:   "init [directory]",
		Short: "Make the files of a new project",
		Long: `Make the files of a new project: schema.graphql, loam.yaml, seed.json, .gitignore
and README.md. Nothing that is there is overwritten.

Templates:
  saas   organizations with projects and tasks, rules for members, and a seed
  blank  one model to start from
  react  one model, and a page in React beside it: sign-in and a live list`,
		Example: `  loam init myapp
  loam init --template blank      # in this directory`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage(cmd, "loam init takes one directory")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			if kinds := templateNames(); !slices.Contains(kinds, template) {
				return usage(cmd, "there is no template %q; choose one of %s", template, strings.Join(kinds, ", "))
			}
			return c.init(dir, template)
		},
	}
	cmd.Flags().StringVar(&template, "template", "saas", "what to start from: saas, blank or react")
	if err := cmd.RegisterFlagCompletionFunc("template", cobra.FixedCompletions(templateNames(), cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic("cli: " + err.Error()) // the flag is the line above
	}
	return cmd
}

func templateNames() []string {
	entries, err := templates.ReadDir("templates")
	if err != nil {
		panic("cli: the templates are part of the program: " + err.Error())
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// init writes a template's files into a directory that has none of them.
func (c *console) init(dir, template string) error {
	full, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("finding %s: %w", dir, err)
	}
	from := "templates/" + template
	entries, err := templates.ReadDir(from)
	if err != nil {
		return fmt.Errorf("reading the template: %w", err)
	}
	var taken []string
	for _, entry := range entries {
		if _, err := os.Lstat(filepath.Join(dir, entry.Name())); !errors.Is(err, fs.ErrNotExist) {
			taken = append(taken, entry.Name())
		}
	}
	if len(taken) > 0 {
		return fault.New(fault.CLIExists, "%s has a %s already; choose an empty directory", dir, strings.Join(taken, ", a "))
	}
	err = fs.WalkDir(templates, from, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := templates.ReadFile(name)
		if err != nil {
			return err
		}
		to := filepath.Join(dir, filepath.FromSlash(strings.TrimPrefix(name, from+"/")))
		if err := writeFile(to, strings.ReplaceAll(string(text), projectName, filepath.Base(full))); err != nil {
			return err
		}
		_, err = fmt.Fprintf(c.out, "made %s\n", to)
		return err
	})
	if err != nil {
		return fmt.Errorf("writing the template: %w", err)
	}
	data := place{dir: dir}
	if err := data.makeData(); err != nil {
		return err
	}
	if err := writeFile(filepath.Join(data.dataDir(), editorSchemaFile), string(config.JSONSchema())); err != nil {
		return err
	}
	page, err := c.firstClient(dir)
	if err != nil {
		return err
	}
	into := ""
	if dir != "." {
		into = "cd " + dir + " && "
	}
	fmt.Fprintf(c.out, "\nNext: %sloam dev\n", into)
	if page {
		fmt.Fprintf(c.out, "and in a second terminal: %scd web && npm install && npm run dev\n", into)
	}
	return nil
}

// firstClient makes the client of a template that has a page, which stands on it from the
// first moment on; and tells whether it has one.
func (c *console) firstClient(dir string) (bool, error) {
	p, err := c.openProject(dir)
	if err != nil || p.config.Generate.TS == "" {
		return false, err
	}
	to := p.clientDir(dir)
	if _, err := writeClient(to, p.compiled.TypeScript(p.config)); err != nil {
		return false, err
	}
	fmt.Fprintf(c.out, "made %s\n", to)
	return true, nil
}
