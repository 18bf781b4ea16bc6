package cli

import (
	"context"
	"fmt"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/loam-dev/loam/internal/apikey"
)

// apiKeyOptions are the flags of `loam keys api` and what is below it.
type apiKeyOptions struct {
	adminOptions
	org string
}

// path is the path of an organization's API keys, or of one.
func (o *apiKeyOptions) path(id string) string {
	return "/auth/admin/keys" + id + "?" + url.Values{"org": {o.org}}.Encode()
}

func (c *console) apiKeyCommand() *cobra.Command {
	o := &apiKeyOptions{}
	var readOnly bool
	cmd := &cobra.Command{
		Use:   "api",
		Short: "Make an API key",
		Long: `Make an API key and print it, this once: only its hash is kept. It works while the
server runs and while it does not. Owners and admins of an organization make keys
over HTTP too, with POST /auth/keys.

A key is allowed what rules for public allow, in one organization. With
tenancy: off there is one alone, and nothing to name.`,
		Example: `  loam keys api website --read-only                 # tenancy: off
  loam keys api ci --org acme-inc
  KEY=$(loam keys api ci) && curl -H "X-Api-Key: $KEY" http://127.0.0.1:8080/api/notes`,
	}
	c.apiKeyDoes(o, cmd, "NAME", func(ctx context.Context, args []string, to *operator) error {
		var key apikey.Key
		in := map[string]any{"name": args[0], "readOnly": readOnly, "org": o.org}
		if err := to.do(ctx, "POST", "/auth/admin/keys", in, &key); err != nil {
			return err
		}
		if o.asJSON {
			return c.printJSON(key)
		}
		_, err := fmt.Fprintln(c.out, string(key.Secret))
		return err
	})
	cmd.Flags().BoolVar(&readOnly, "read-only", false, "a key that may not write")
	jsonFlag(cmd, &o.asJSON)
	cmd.AddCommand(c.apiKeyListCommand(), c.apiKeyRevokeCommand())
	return cmd
}

// apiKeyDoes is a command on the API keys of an organization.
func (c *console) apiKeyDoes(o *apiKeyOptions, cmd *cobra.Command, names string, run func(ctx context.Context, args []string, to *operator) error) *cobra.Command {
	c.adminCommand(&o.adminOptions, cmd, names, run)
	cmd.Flags().StringVar(&o.org, "org", "", "the organization of the key, by id or slug; none with tenancy: off")
	return cmd
}

func (c *console) apiKeyListCommand() *cobra.Command {
	o := &apiKeyOptions{}
	cmd := c.apiKeyDoes(o, &cobra.Command{
		Use:   "list",
		Short: "List the API keys of an organization, oldest first",
		Example: `  loam keys api list                                # tenancy: off
  loam keys api list --org acme-inc --json`,
	}, "", func(ctx context.Context, _ []string, to *operator) error {
		var found struct{ Items []apikey.Key }
		if err := to.do(ctx, "GET", o.path(""), nil, &found); err != nil {
			return err
		}
		if o.asJSON {
			return c.printJSON(found.Items)
		}
		rows := make([][]string, len(found.Items))
		for i, k := range found.Items {
			used := "never"
			if k.LastUsedAt != nil {
				used = *k.LastUsedAt
			}
			rows[i] = []string{k.Name, map[bool]string{true: "reads", false: "writes"}[k.ReadOnly], day(k.CreatedAt), used, k.ID}
		}
		return c.table([]string{"NAME", "MAY", "SINCE", "LAST USED", "ID"}, rows)
	})
	jsonFlag(cmd, &o.asJSON)
	return cmd
}

func (c *console) apiKeyRevokeCommand() *cobra.Command {
	o := &apiKeyOptions{}
	return c.apiKeyDoes(o, &cobra.Command{
		Use:     "revoke",
		Short:   "End an API key, named by its id",
		Example: `  loam keys api revoke 6f1d0c5b8e2a4397b1c6`,
	}, "KEY", func(ctx context.Context, args []string, to *operator) error {
		if err := to.do(ctx, "DELETE", o.path("/"+url.PathEscape(args[0])), nil, nil); err != nil {
			return err
		}
		_, err := fmt.Fprintf(c.out, "%s is revoked\n", printable(args[0]))
		return err
	})
}
