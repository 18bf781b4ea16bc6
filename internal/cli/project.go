package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/schema"
)

// The files of a project.
const (
	schemaFile = "schema.graphql"
	configFile = "loam.yaml"
	seedFile   = "seed.json"
	mailDir    = "mail" // templates of messages
)

// maxProjectFile bounds each of them, in bytes. The schema and the
// configuration have smaller limits of their own.
const maxProjectFile = 16 << 20

// project is a directory's files, read and checked.
type project struct {
	schemaText, configText string

	compiled *backend.Compiled  // nil where the schema has errors
	config   *config.Config     // nil where loam.yaml has errors
	schema   schema.Diagnostics // remarks on schema.graphql
	settings schema.Diagnostics // remarks on loam.yaml
}

// readProject reads and checks the project in a directory; env is where
// loam.yaml's variables are. Mistakes in its files are no error: they are in the
// project.
func readProject(files fs.FS, dir string, env config.Environment) (*project, error) {
	p := &project{}
	var err error
	if p.schemaText, err = readFile(files, schemaFile); errors.Is(err, fs.ErrNotExist) {
		return nil, noProject(dir)
	} else if err != nil {
		return nil, unreadable(schemaFile, err)
	}
	if p.configText, err = readFile(files, configFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, unreadable(configFile, err)
	}
	p.config, p.settings = config.Parse(configFile, p.configText, env)
	p.compiled, p.schema = backend.Compile(schemaFile, p.schemaText, p.roles())
	if p.config != nil && p.compiled != nil {
		p.settings = append(p.settings, p.config.CheckSchema(configFile, p.compiled.Schema)...)
	}
	return p, nil
}

// newest reads the directory's schema as it is by then, under this project's loam.yaml;
// nil for one with mistakes.
func (p *project) newest(dir string) func() *backend.Compiled {
	return func() *backend.Compiled {
		text, err := readFile(os.DirFS(dir), schemaFile)
		if err != nil {
			return nil
		}
		c, _ := backend.Compile(schemaFile, text, p.roles())
		if c != nil && p.config.CheckSchema(configFile, c.Schema).HasErrors() {
			return nil
		}
		return c
	}
}

// roles are those that rules may name. They are not known where loam.yaml has
// errors: then no role is a mistake.
func (p *project) roles() []string {
	if p.config == nil {
		return nil
	}
	return p.config.Roles.Keys()
}

// forServing and forDevelopment read the variables of loam.yaml from the
// environment. Commands that neither sign in nor send read none.
func forServing() config.Environment { return config.Environment{Lookup: os.LookupEnv} }

// forData is for commands that open the database and say nothing of what else lacks
// its variable.
func forData() config.Environment {
	return config.Environment{Lookup: os.LookupEnv, Quiet: true}
}

func forDevelopment() config.Environment {
	return config.Environment{Lookup: os.LookupEnv, Lenient: true}
}

func noProject(dir string) error {
	return fault.New(fault.CLINoProject, "there is no %s in %s; make a project with `loam init`, or name one with --dir", schemaFile, dir)
}

func unreadable(name string, err error) error {
	return fault.New(fault.CLIFiles, "%s can't be read; give the user that runs loam the right to", name).Because(err)
}

// readFile reads a project's file of a bounded size.
func readFile(files fs.FS, name string) (string, error) {
	info, err := fs.Stat(files, name)
	if err != nil {
		return "", err
	}
	if info.Size() > maxProjectFile {
		return "", fmt.Errorf("it has %d bytes; the limit is %d", info.Size(), maxProjectFile)
	}
	text, err := fs.ReadFile(files, name)
	return string(text), err
}

// remarks are all remarks on the project.
func (p *project) remarks() schema.Diagnostics {
	return append(append(schema.Diagnostics{}, p.schema...), p.settings...)
}

// show writes the remarks with their lines.
func (c *console) show(p *project) error {
	return errors.Join(p.schema.Format(c.err, p.schemaText, c.color), p.settings.Format(c.err, p.configText, c.color))
}

// usable shows the remarks, and is an error where one of them is.
func (c *console) usable(p *project) error {
	if err := c.show(p); err != nil {
		return err
	}
	return mistakes(p.remarks())
}

// mistakes counts the errors among remarks, as an error; nil without one.
func mistakes(remarks schema.Diagnostics) error {
	n, where := 0, ""
	for _, d := range remarks {
		if d.Severity != schema.Error {
			continue
		}
		n++
		if where == "" {
			where = d.File
		}
	}
	switch n {
	case 0:
		return nil
	case 1:
		return fault.New(fault.CLIMistakes, "%s has a mistake; it is shown above with what to write instead", where)
	}
	return fault.New(fault.CLIMistakes, "%s has %d mistakes; they are shown above with what to write instead", where, n)
}

// openProject is readProject for one that must be right.
func (c *console) openProject(dir string) (*project, error) {
	p, err := readProject(os.DirFS(dir), dir, forData())
	if err != nil {
		return nil, err
	}
	return p, c.usable(p)
}
