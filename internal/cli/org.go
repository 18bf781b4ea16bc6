package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/tenant"
)

func (c *console) orgCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "org",
		Short: "List, found, suspend, export and delete organizations",
		Long: `List, found, suspend, export and delete organizations, named by their slug or id.
The commands work while the server runs and while it does not, as those of
loam user do.`,
		Args: cobra.ArbitraryArgs,
		RunE: nothingNamed,
	}
	cmd.AddCommand(
		c.orgListCommand(), c.orgShowCommand(), c.orgCreateCommand(), c.orgMembersCommand(),
		c.orgSuspendCommand(), c.orgRestoreCommand(), c.orgExportCommand(), c.orgDeleteCommand(),
	)
	return cmd
}

func orgPath(ref string) string { return "/auth/admin/organizations/" + url.PathEscape(ref) }

// pages collects so many items of a list.
func pages[T any](ctx context.Context, to *operator, path string, query url.Values, limit int) ([]T, error) {
	list := []T{}
	for more := true; more && len(list) < limit; {
		query.Set("limit", strconv.Itoa(min(limit-len(list), 1000)))
		var page struct {
			Items      []T
			NextCursor *string
		}
		if err := to.do(ctx, "GET", path+"?"+query.Encode(), nil, &page); err != nil {
			return nil, err
		}
		list = append(list, page.Items...)
		if more = page.NextCursor != nil; more {
			query.Set("cursor", *page.NextCursor)
		}
	}
	return list, nil
}

func (c *console) orgListCommand() *cobra.Command {
	o := &adminOptions{}
	var search string
	var limit int
	cmd := c.adminCommand(o, &cobra.Command{
		Use:   "list",
		Short: "List organizations",
		Example: `  loam org list
  loam org list --search acme --json`,
	}, "", func(ctx context.Context, _ []string, to *operator) error {
		list, err := pages[tenant.Record](ctx, to, "/auth/admin/organizations", url.Values{"search": {search}}, limit)
		if err != nil {
			return err
		}
		if o.asJSON {
			return c.printJSON(list)
		}
		rows := make([][]string, len(list))
		for i, r := range list {
			rows[i] = []string{r.Slug, r.Name, strconv.FormatInt(r.Members, 10), suspension(r), day(r.CreatedAt), r.ID}
		}
		return c.table([]string{"SLUG", "NAME", "MEMBERS", "STANDING", "SINCE", "ID"}, rows)
	})
	cmd.Flags().StringVar(&search, "search", "", "organizations whose name or slug begins with this")
	cmd.Flags().IntVar(&limit, "limit", 100, "how many at most")
	jsonFlag(cmd, &o.asJSON)
	return cmd
}

func suspension(r tenant.Record) string {
	if r.SuspendedAt == nil {
		return "-"
	}
	return "suspended"
}

// ofLimit is how much there is of what a limit bounds.
func ofLimit(n, limit int64, unit string) string {
	if limit == 0 {
		return strconv.FormatInt(n, 10) + unit
	}
	return fmt.Sprintf("%d of %d%s", n, limit, unit)
}

// showOrg prints an organization.
func (c *console) showOrg(o *adminOptions, r tenant.Record) error {
	if o.asJSON {
		return c.printJSON(r)
	}
	rows := [][]string{{"Name", r.Name}, {"Members", strconv.FormatInt(r.Members, 10)},
		{"Rows", ofLimit(r.Usage.Rows, r.Limits.Rows, "")}, {"Storage", ofLimit(r.Usage.Bytes, r.Limits.Storage, " bytes")}, {"Created", r.CreatedAt}, {"ID", r.ID}}
	if r.SuspendedAt != nil {
		rows = append(rows, []string{"Suspended", *r.SuspendedAt}, []string{"Reason", orDash(r.SuspendedFor)})
	}
	return c.table([]string{"Slug", r.Slug}, rows)
}

// orgDoes is a command that asks one thing of the server and shows the
// organization that it answers with.
func (c *console) orgDoes(o *adminOptions, cmd *cobra.Command, names string, ask func(args []string) (method, path string, in any)) *cobra.Command {
	c.adminCommand(o, cmd, names, func(ctx context.Context, args []string, to *operator) error {
		var r tenant.Record
		method, path, in := ask(args)
		if err := to.do(ctx, method, path, in, &r); err != nil {
			return err
		}
		return c.showOrg(o, r)
	})
	jsonFlag(cmd, &o.asJSON)
	return cmd
}

func (c *console) orgShowCommand() *cobra.Command {
	return c.orgDoes(&adminOptions{}, &cobra.Command{Use: "show", Short: "Show an organization", Example: `  loam org show acme`}, "ORG",
		func(args []string) (string, string, any) { return "GET", orgPath(args[0]), nil })
}

func (c *console) orgCreateCommand() *cobra.Command {
	var owner string
	cmd := c.orgDoes(&adminOptions{}, &cobra.Command{
		Use:     "create",
		Short:   "Found an organization",
		Example: `  loam org create "Acme Inc" --owner ada@example.com`,
	}, "NAME", func(args []string) (string, string, any) {
		return "POST", "/auth/admin/organizations", map[string]any{"name": args[0], "owner": owner}
	})
	cmd.Flags().StringVar(&owner, "owner", "", "the user who owns it, by address or id")
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if owner == "" {
			return usage(cmd, "name the user who owns it with --owner")
		}
		return run(cmd, args)
	}
	return cmd
}

func (c *console) orgMembersCommand() *cobra.Command {
	o := &adminOptions{}
	var limit int
	cmd := c.adminCommand(o, &cobra.Command{
		Use:     "members",
		Short:   "List the members of an organization",
		Example: `  loam org members acme`,
	}, "ORG", func(ctx context.Context, args []string, to *operator) error {
		list, err := pages[tenant.Person](ctx, to, orgPath(args[0])+"/members", url.Values{}, limit)
		if err != nil {
			return err
		}
		if o.asJSON {
			return c.printJSON(list)
		}
		rows := make([][]string, len(list))
		for i, m := range list {
			rows[i] = []string{orDash(m.Email), orDash(m.Name), string(m.Role), day(m.CreatedAt), m.UserID}
		}
		return c.table([]string{"EMAIL", "NAME", "ROLE", "SINCE", "ID"}, rows)
	})
	cmd.Flags().IntVar(&limit, "limit", 1000, "how many at most")
	jsonFlag(cmd, &o.asJSON)
	return cmd
}

func (c *console) orgSuspendCommand() *cobra.Command {
	var reason string
	cmd := c.orgDoes(&adminOptions{}, &cobra.Command{
		Use:     "suspend",
		Short:   "Close an organization to its members and keys, until it is restored",
		Example: `  loam org suspend acme --reason "unpaid since May"`,
	}, "ORG", func(args []string) (string, string, any) {
		return "POST", orgPath(args[0]) + "/suspend", tenant.Suspension{Reason: reason}
	})
	cmd.Flags().StringVar(&reason, "reason", "", "why; its members do not see it")
	return cmd
}

func (c *console) orgRestoreCommand() *cobra.Command {
	return c.orgDoes(&adminOptions{}, &cobra.Command{Use: "restore", Short: "Open a suspended organization again", Example: `  loam org restore acme`}, "ORG",
		func(args []string) (string, string, any) { return "POST", orgPath(args[0]) + "/restore", nil })
}

func (c *console) orgExportCommand() *cobra.Command {
	o := &adminOptions{}
	var to string
	cmd := c.adminCommand(o, &cobra.Command{
		Use:     "export",
		Short:   "Print all that an organization has, as JSON Lines",
		Example: `  loam org export acme --out acme.jsonl`,
	}, "ORG", func(ctx context.Context, args []string, server *operator) (err error) {
		res, err := server.send(ctx, "POST", orgPath(args[0])+"/export", nil, nil)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		out := c.out
		if to != "" {
			file, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
			if err != nil {
				return fault.New(fault.CLIFiles, "%s can't be made; name a file that is not there", to).Because(err)
			}
			defer func() { err = errors.Join(err, file.Close()) }()
			out = file
		}
		if _, err = io.Copy(out, res.Body); err != nil {
			return fault.New(fault.CLIRefuses, "the export was broken off: what is written is not the whole").Because(err)
		}
		return nil
	})
	cmd.Flags().StringVar(&to, "out", "", "a new file to write to")
	return cmd
}

func (c *console) orgDeleteCommand() *cobra.Command {
	o := &adminOptions{}
	cmd := &cobra.Command{
		Use:   "delete",
		Short: "Delete an organization with all that is in it",
		Long: `Delete an organization with all that is in it, for good. It is gone for everyone
at once; the server removes its rows within minutes. Export it first.`,
		Example: `  loam org export acme --out acme.jsonl && loam org delete acme`,
	}
	c.adminCommand(o, cmd, "ORG", func(ctx context.Context, args []string, to *operator) error {
		var r tenant.Record
		if err := to.do(ctx, "GET", orgPath(args[0]), nil, &r); err != nil {
			return err
		}
		sure, err := c.sure(cmd, o, fmt.Sprintf("Delete the organization %s (%s) with its %s and every row", printable(r.Name), r.Slug, counted(int(r.Members), "member")))
		if err != nil || !sure {
			return err
		}
		if err := to.do(ctx, "DELETE", orgPath(r.ID), tenant.Deletion{Confirm: r.Slug}, nil); err != nil {
			return err
		}
		_, err = fmt.Fprintf(c.out, "%s is deleted\n", r.Slug)
		return err
	})
	yesFlag(cmd, o)
	return cmd
}
