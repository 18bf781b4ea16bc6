package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

func (c *console) rotateKeysCommand() *cobra.Command {
	return c.adminCommand(&adminOptions{}, &cobra.Command{
		Use:   "rotate",
		Short: "Sign tokens with a new key from now on",
		Long: `Sign tokens with a new key from now on. Nobody is signed out: what the old key has
signed is good until it expires. It works while the server runs and while it
does not.`,
		Example: `  loam keys rotate`,
	}, "", func(ctx context.Context, _ []string, to *operator) error {
		if err := to.do(ctx, "POST", "/auth/admin/keys/rotate", nil, nil); err != nil {
			return err
		}
		_, err := fmt.Fprintln(c.out, "tokens are signed with a new key")
		return err
	})
}
