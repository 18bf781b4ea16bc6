package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/loam-dev/loam/internal/admin"
	"github.com/loam-dev/loam/internal/auth"
	"github.com/loam-dev/loam/internal/fault"
)

// longestTyped bounds a password on the standard input, in bytes.
const longestTyped = 4 << 10

func (c *console) userCreateCommand() *cobra.Command {
	o := &adminOptions{}
	in := auth.NewUser{}
	var typed, admins bool
	cmd := c.adminCommand(o, &cobra.Command{
		Use:   "create",
		Short: "Make a user",
		Long: `Make a user, with an organization to start in. Without a password the user is
mailed a link to choose one; the link is good for 30 minutes, and for another
they ask by "forgot password".`,
		Example: `  loam user create ada@example.com --name Ada --verified
  loam user create ops@example.com --admin --password-stdin < password.txt`,
	}, "EMAIL", func(ctx context.Context, args []string, to *operator) error {
		in.Email = args[0]
		if typed {
			text, err := io.ReadAll(io.LimitReader(c.in, longestTyped))
			if err != nil {
				return err
			}
			if in.Password = auth.Secret(strings.TrimRight(string(text), "\r\n")); in.Password == "" {
				return fault.New(fault.CLIUsage, "there is no password on the standard input")
			}
		}
		var u admin.Account
		err := to.do(ctx, "POST", "/auth/admin/users", in, &u)
		if err == nil && admins {
			err = to.do(ctx, "PATCH", userPath(u.ID), map[string]any{"admin": true}, &u)
		}
		if err != nil {
			return err
		}
		return c.showUser(o, u)
	})
	f := cmd.Flags()
	f.StringVar(&in.Name, "name", "", "what the user is called")
	f.StringVar(&in.Locale, "locale", "", "the language of their mail, such as de")
	f.BoolVar(&in.Verified, "verified", false, "the address is known to be theirs")
	f.BoolVar(&admins, "admin", false, "an admin of the server")
	f.BoolVar(&typed, "password-stdin", false, "read the password from the standard input")
	jsonFlag(cmd, &o.asJSON)
	return cmd
}

// change changes a user and says in a word what has become of them.
func (c *console) change(ctx context.Context, to *operator, ref string, in map[string]any, word string) error {
	var u admin.Account
	if err := to.do(ctx, "PATCH", userPath(ref), in, &u); err != nil {
		return err
	}
	_, err := fmt.Fprintf(c.out, "%s %s\n", printable(named(u)), word)
	return err
}

// named is how a user is called in a sentence.
func named(u admin.Account) string {
	if u.Email != "" {
		return u.Email
	}
	return u.ID
}

func (c *console) userDisableCommand(disable bool) *cobra.Command {
	cmd := &cobra.Command{Use: "enable", Short: "Let a disabled user in again", Example: `  loam user enable ada@example.com`}
	word := "is enabled"
	if disable {
		cmd = &cobra.Command{Use: "disable", Short: "Keep a user out, at once on every door", Example: `  loam user disable ada@example.com`}
		word = "is disabled; every session has ended"
	}
	return c.adminCommand(&adminOptions{}, cmd, "USER", func(ctx context.Context, args []string, to *operator) error {
		return c.change(ctx, to, args[0], map[string]any{"disabled": disable}, word)
	})
}

func (c *console) userAdminCommand() *cobra.Command {
	var off bool
	cmd := c.adminCommand(&adminOptions{}, &cobra.Command{
		Use:   "set-admin",
		Short: "Make a user an admin of the server, or no longer one",
		Example: `  loam user set-admin ada@example.com
  loam user set-admin ada@example.com --off`,
	}, "USER", func(ctx context.Context, args []string, to *operator) error {
		if off {
			return c.change(ctx, to, args[0], map[string]any{"admin": false}, "is no admin of the server any more")
		}
		return c.change(ctx, to, args[0], map[string]any{"admin": true}, "is an admin of the server")
	})
	cmd.Flags().BoolVar(&off, "off", false, "no longer one")
	return cmd
}

func (c *console) userSignOutCommand() *cobra.Command {
	return c.adminCommand(&adminOptions{}, &cobra.Command{
		Use:     "sign-out",
		Short:   "End every session of a user",
		Example: `  loam user sign-out ada@example.com`,
	}, "USER", func(ctx context.Context, args []string, to *operator) error {
		if err := to.do(ctx, "POST", userPath(args[0])+"/sessions/end", nil, nil); err != nil {
			return err
		}
		_, err := fmt.Fprintf(c.out, "%s is signed out everywhere\n", printable(args[0]))
		return err
	})
}

func (c *console) userDeleteCommand() *cobra.Command {
	o := &adminOptions{}
	cmd := &cobra.Command{
		Use:   "delete",
		Short: "Delete a user for good",
		Long: `Delete a user for good. What becomes of their rows is what the schema says. The
last owner of an organization with other members is refused: make one of those
an owner, or delete the organization, first.`,
		Example: `  loam user delete ada@example.com`,
	}
	c.adminCommand(o, cmd, "USER", func(ctx context.Context, args []string, to *operator) error {
		sure, err := c.sure(cmd, o, "Delete the user "+printable(args[0])+" for good")
		if err != nil || !sure {
			return err
		}
		if err := to.do(ctx, "DELETE", userPath(args[0]), nil, nil); err != nil {
			return err
		}
		_, err = fmt.Fprintf(c.out, "%s is deleted\n", printable(args[0]))
		return err
	})
	yesFlag(cmd, o)
	return cmd
}
