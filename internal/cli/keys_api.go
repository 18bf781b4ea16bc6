package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/loam-dev/loam/internal/apikey"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/tenant"
)

// apiKeyOptions are the flags of `loam keys api`.
type apiKeyOptions struct {
	place
	apikey.Request
	org    string
	asJSON bool
}

func (c *console) apiKeyCommand() *cobra.Command {
	o := &apiKeyOptions{}
	cmd := &cobra.Command{
		Use:   "api NAME",
		Short: "Make an API key in a project's database",
		Long: `Make an API key in a project's database and print it, this once: only its hash is
kept. No server may have the database open. While one runs, owners and admins
make keys over HTTP, with POST /auth/keys.

A key is allowed what rules for public allow, in one organization. With
tenancy: off there is one alone, and nothing to name.`,
		Example: `  loam keys api website --read-only                 # tenancy: off
  loam keys api ci --org 0198c0de-5e1f-7a2b-8c3d-4e5f60718293
  KEY=$(loam keys api ci) && curl -H "X-Api-Key: $KEY" http://127.0.0.1:8080/api/notes`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage(cmd, "give the key one name, which says what it is for")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Name = args[0]
			return c.apiKey(cmd.Context(), o)
		},
	}
	o.flags(cmd, false)
	o.keyFlag(cmd)
	cmd.Flags().StringVar(&o.org, "org", "", "the id of the key's organization; GET /auth/organizations lists yours")
	cmd.Flags().BoolVar(&o.ReadOnly, "read-only", false, "a key that may not write")
	jsonFlag(cmd, &o.asJSON)
	return cmd
}

func (c *console) apiKey(ctx context.Context, o *apiKeyOptions) (err error) {
	p, err := readProject(os.DirFS(o.dir), o.dir, config.Environment{})
	if err != nil {
		return err
	}
	if p.config == nil {
		return c.usable(p)
	}
	switch {
	case o.isNew():
		return fault.New(fault.CLINoProject, "there is no database in %s yet; start `loam dev` or `loam serve` there once, or name another directory with --data", o.dataDir())
	case o.org == "" && p.config.Organizations:
		return fault.New(fault.CLIUsage, "an API key is for one organization; name it with --org, by the id that GET /auth/organizations shows")
	case o.org == "":
		o.org = tenant.None
	}
	b, err := o.openAlone(ctx, p.config, c.log())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	if err := b.Tenant.Known(ctx, o.org); err != nil {
		return err
	}
	key, err := b.Auth.AddKey(ctx, o.org, o.Request)
	if err != nil {
		return err
	}
	if o.asJSON {
		return c.printJSON(key)
	}
	_, err = fmt.Fprintln(c.out, string(key.Secret))
	return err
}
