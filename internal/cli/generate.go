package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
)

// clientDir is where the TypeScript client is, from the project's directory, unless
// loam.yaml says.
const clientDir = "src/loam"

func (c *console) generateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "generate",
		Short: "Write a client of the API, or what others generate theirs from",
		Long: `Write a client of the API from schema.graphql and loam.yaml: a typed one in
TypeScript, or the documents that generators for other languages read. No server
has to run.`,
		Example: `  loam generate ts
  loam generate openapi --out openapi.json
  loam generate graphql > schema.graphql`,
		Args: cobra.ArbitraryArgs,
		RunE: nothingNamed,
	}
	cmd.AddCommand(c.generateTSCommand(), c.generateOpenAPICommand(), c.generateGraphQLCommand())
	return cmd
}

func (c *console) generateTSCommand() *cobra.Command {
	at, out, packages, react := &place{}, "", false, false
	cmd := &cobra.Command{
		Use:   "ts",
		Short: "Write a typed TypeScript client",
		Long: `Write a typed TypeScript client: a folder with index.ts, made from the schema, and
the runtime that it stands on, so that nothing needs to be installed. Only files
that change are written; a file that somebody else made is never touched. While
` + "`loam dev`" + ` runs it does the same on each save, where the folder is there or
loam.yaml names it:

  generate:
    ts: web/src/loam

In the app: import { createClient } from './loam'.`,
		Example: `  loam generate ts
  loam generate ts --out web/src/loam
  loam generate ts --packages          # import @loam/client, as installed by npm
  loam generate ts --react             # and react.ts, with useTasks and the like`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := c.openProject(at.dir)
			if err != nil {
				return err
			}
			if cmd.Flags().Changed("packages") {
				p.config.Generate.Packages = packages
			}
			dir := out
			if dir == "" {
				dir = p.clientDir(at.dir)
			}
			if p.keepReact(dir); cmd.Flags().Changed("react") {
				p.config.Generate.React = react
			}
			began := time.Now()
			changed, err := writeClient(dir, p.compiled.TypeScript(p.config))
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.out, "%s: %s\n", dir, told(changed, began))
			return err
		},
	}
	at.dirFlag(cmd)
	cmd.Flags().StringVar(&out, "out", "", "the folder to write; generate.ts of loam.yaml, or src/loam in the project, unless given")
	cmd.Flags().BoolVar(&packages, "packages", false, "import the packages @loam/client and @loam/react, in place of copies of them in the folder")
	cmd.Flags().BoolVar(&react, "react", false, "write react.ts and ui.ts too: hooks of each model, and components; kept once they are there")
	completeDirectories(cmd, "out")
	return cmd
}

// told says what a run has written.
func told(changed int, began time.Time) string {
	took := time.Since(began).Milliseconds()
	if changed == 0 {
		return fmt.Sprintf("nothing changed (%d ms)", took)
	}
	return fmt.Sprintf("%s written (%d ms)", counted(changed, "file"), took)
}

// clientDir is the folder of the project's TypeScript client.
func (p *project) clientDir(dir string) string {
	if p.config.Generate.TS != "" {
		return filepath.Join(dir, filepath.FromSlash(p.config.Generate.TS))
	}
	return filepath.Join(dir, filepath.FromSlash(clientDir))
}

// hasClient tells whether loam dev keeps the project's client: loam.yaml names it, or
// it is there.
func (p *project) hasClient(dir string) bool {
	if p.config.Generate.TS != "" {
		return true
	}
	return isMade(filepath.Join(p.clientDir(dir), "index.ts"))
}

// keepReact has a client that has React's part keep it.
func (p *project) keepReact(dir string) {
	p.config.Generate.React = p.config.Generate.React || isMade(filepath.Join(dir, "react.ts"))
}

func (c *console) generateOpenAPICommand() *cobra.Command {
	return c.documentCommand(&cobra.Command{
		Use:   "openapi",
		Short: "Write the OpenAPI 3.1 document of the REST API",
		Long: `Write the OpenAPI 3.1 document of the REST API, as a server has it at
/api/openapi.json, for the generators of clients in other languages.`,
		Example: `  loam generate openapi --out openapi.json
  loam generate openapi | npx openapi-typescript -o api.d.ts`,
	}, func(p *project) ([]byte, error) {
		var text bytes.Buffer
		if err := json.Indent(&text, p.compiled.OpenAPI(p.config), "", "  "); err != nil {
			return nil, err
		}
		text.WriteByte('\n')
		return text.Bytes(), nil
	})
}

func (c *console) generateGraphQLCommand() *cobra.Command {
	return c.documentCommand(&cobra.Command{
		Use:   "graphql",
		Short: "Write the GraphQL schema as it is served",
		Long: `Write the GraphQL schema as /graphql serves it, with all queries, mutations and
subscriptions, for the generators of GraphQL clients.`,
		Example: `  loam generate graphql --out api.graphql`,
	}, func(p *project) ([]byte, error) {
		api, err := p.compiled.API(p.config)
		if err != nil {
			return nil, err
		}
		return []byte(api.SDL()), nil
	})
}

// documentCommand gives a command that writes one document what such commands share.
func (c *console) documentCommand(cmd *cobra.Command, of func(*project) ([]byte, error)) *cobra.Command {
	at, out := &place{}, ""
	cmd.Args = noArguments
	cmd.RunE = func(*cobra.Command, []string) error {
		p, err := c.openProject(at.dir)
		if err != nil {
			return err
		}
		text, err := of(p)
		if err != nil {
			return err
		}
		if out == "" {
			_, err = c.out.Write(text)
			return err
		}
		return writeFile(out, string(text))
	}
	at.dirFlag(cmd)
	cmd.Flags().StringVar(&out, "out", "", "the file to write; the terminal unless given")
	return cmd
}
