package cli

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/loam-dev/loam/internal/admin"
)

// adminOptions are the flags that the commands on users and organizations share.
type adminOptions struct {
	place
	asJSON bool
	yes    bool // destroys without being asked
}

// adminCommand is a command that takes so many names and does its work on the
// server of the place, whether that runs or not.
func (c *console) adminCommand(o *adminOptions, cmd *cobra.Command, names string, run func(ctx context.Context, args []string, to *operator) error) *cobra.Command {
	wanted := strings.Fields(names)
	cmd.Use = strings.TrimSpace(cmd.Use + " " + names)
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == len(wanted) {
			return nil
		}
		return usage(cmd, "%s takes %s", cmd.CommandPath(), orNothing(names))
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return c.withOperator(cmd.Context(), &o.place, func(to *operator) error { return run(cmd.Context(), args, to) })
	}
	o.flags(cmd, false)
	o.keyFlag(cmd)
	return cmd
}

func orNothing(names string) string {
	if names == "" {
		return "no arguments"
	}
	return names
}

// sure asks before something is destroyed. Where nobody is there to answer, only
// --yes will do.
func (c *console) sure(cmd *cobra.Command, o *adminOptions, question string) (bool, error) {
	if o.yes {
		return true, nil
	}
	if !c.asks {
		return false, usage(cmd, "%s; say --yes to do it without being asked", question)
	}
	fmt.Fprintf(c.out, "%s? [y/N] ", question)
	var answer string
	_, _ = fmt.Fscanln(c.in, &answer) // nothing is a no
	return strings.EqualFold(answer, "y") || strings.EqualFold(answer, "yes"), nil
}

func yesFlag(cmd *cobra.Command, o *adminOptions) {
	cmd.Flags().BoolVar(&o.yes, "yes", false, "do it without asking")
}

// table prints rows under a head, in columns.
func (c *console) table(head []string, rows [][]string) error {
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.Join(head, "\t"))
	for _, row := range rows {
		for i := range row {
			row[i] = printable(row[i])
		}
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	return w.Flush()
}

// printable keeps what somebody else wrote from steering the terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, text)
}

// day is the day of a time in the canonical form.
func day(at string) string { return at[:min(len(at), len("2006-01-02"))] }

func (c *console) userCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "user",
		Short: "List, make, import and change users",
		Long: `List, make, import and change users, named by their address or id. The commands
work while the server runs, through a socket in the data directory that only the
user who runs the server may open, and while it does not. What they do is in the
audit log, as done by system:cli, with the name of the machine's user.`,
		Args: cobra.ArbitraryArgs,
		RunE: nothingNamed,
	}
	cmd.AddCommand(
		c.userListCommand(), c.userShowCommand(), c.userCreateCommand(), c.userImportCommand(),
		c.userDisableCommand(true), c.userDisableCommand(false), c.userDeleteCommand(), c.userAdminCommand(), c.userSignOutCommand(),
	)
	return cmd
}

func (c *console) userListCommand() *cobra.Command {
	o := &adminOptions{}
	var search, org, sort string
	var disabled, admins bool
	var limit int
	cmd := c.adminCommand(o, &cobra.Command{
		Use:   "list",
		Short: "List users, newest first",
		Example: `  loam user list
  loam user list --search example.com --sort email --limit 1000
  loam user list --admins --json`,
	}, "", func(ctx context.Context, _ []string, to *operator) error {
		query := url.Values{"search": {search}, "org": {org}, "sort": {sort}}
		if disabled {
			query.Set("disabled", "true")
		}
		if admins {
			query.Set("admin", "true")
		}
		list, err := pages[admin.User](ctx, to, "/auth/admin/users", query, limit)
		if err != nil {
			return err
		}
		return c.showUsers(o, list)
	})
	f := cmd.Flags()
	f.StringVar(&search, "search", "", "users whose address or name has this in it")
	f.StringVar(&org, "org", "", "members of this organization, by id or slug")
	f.StringVar(&sort, "sort", "", "createdAt, email or name, with - before it for the other way round")
	f.BoolVar(&disabled, "disabled", false, "users who are disabled")
	f.BoolVar(&admins, "admins", false, "admins of the server")
	f.IntVar(&limit, "limit", 100, "how many at most")
	jsonFlag(cmd, &o.asJSON)
	return cmd
}

func (c *console) showUsers(o *adminOptions, list []admin.User) error {
	if o.asJSON {
		return c.printJSON(list)
	}
	rows := make([][]string, len(list))
	for i, u := range list {
		rows[i] = []string{orDash(u.Email), orDash(u.Name), standing(u), day(u.CreatedAt), u.ID}
	}
	return c.table([]string{"EMAIL", "NAME", "STANDING", "SINCE", "ID"}, rows)
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// standing is what is unusual about a user.
func standing(u admin.User) string {
	var words []string
	if u.Admin {
		words = append(words, "admin")
	}
	if u.DisabledAt != nil {
		words = append(words, "disabled")
	}
	if !u.EmailVerified {
		words = append(words, "unverified")
	}
	return orDash(strings.Join(words, ","))
}

func (c *console) userShowCommand() *cobra.Command {
	o := &adminOptions{}
	cmd := c.adminCommand(o, &cobra.Command{
		Use:     "show",
		Short:   "Show a user",
		Example: `  loam user show ada@example.com`,
	}, "USER", func(ctx context.Context, args []string, to *operator) error {
		var u admin.Account
		if err := to.do(ctx, "GET", userPath(args[0]), nil, &u); err != nil {
			return err
		}
		return c.showUser(o, u)
	})
	jsonFlag(cmd, &o.asJSON)
	return cmd
}

func userPath(ref string) string { return "/auth/admin/users/" + url.PathEscape(ref) }

func (c *console) showUser(o *adminOptions, u admin.Account) error {
	if o.asJSON {
		return c.printJSON(u)
	}
	last := "never"
	if u.LastSignInAt != nil {
		last = *u.LastSignInAt
	}
	rows := [][]string{
		{"Name", orDash(u.Name)}, {"Standing", standing(u.User)}, {"Groups", orDash(strings.Join(u.Groups, ", "))},
		{"Created", u.CreatedAt}, {"Last sign-in", last}, {"Sessions", strconv.FormatInt(u.Sessions, 10)},
		{"Password", map[bool]string{true: "set", false: "none"}[u.HasPassword]}, {"Providers", orDash(strings.Join(u.Identities, ", "))}, {"ID", u.ID},
	}
	for _, m := range u.Organizations {
		rows = append(rows, []string{"Organization", fmt.Sprintf("%s (%s), %s", m.Name, m.Slug, m.Role)})
	}
	return c.table([]string{"Email", printable(orDash(u.Email))}, rows)
}
