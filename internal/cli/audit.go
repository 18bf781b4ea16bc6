package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/fault"
)

// auditOptions are the flags of `loam audit`'s commands.
type auditOptions struct {
	place
	known  string
	asJSON bool
}

func (c *console) auditCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Check and export the audit log",
		Args:  cobra.ArbitraryArgs,
		RunE:  nothingNamed,
	}
	cmd.AddCommand(c.auditVerifyCommand(), c.auditExportCommand())
	return cmd
}

func (c *console) auditVerifyCommand() *cobra.Command {
	o := &auditOptions{}
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check that nobody has changed the audit log",
		Long: `Check that no record of the audit log was changed, removed, moved or cut off, and
print how many there are, since when, and the head: the newest record's number
and hash. The first record that is wrong is named, and the exit code is 1. No
server may have the database open.

Keep the head in another place, and give it to a later check with --known: that
alone finds a database which was replaced by an older copy of itself.`,
		Example: `  loam audit verify
  loam audit verify --known 1042:9f3c6a...   # the head that an earlier check printed`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withAudit(cmd.Context(), o, func(b *backend.Backend) error { return c.verifyAudit(cmd.Context(), o, b) })
		},
	}
	o.flags(cmd, false)
	o.keyFlag(cmd)
	cmd.Flags().StringVar(&o.known, "known", "", "the head of an earlier check; the log must still hold that record")
	jsonFlag(cmd, &o.asJSON)
	return cmd
}

func (c *console) auditExportCommand() *cobra.Command {
	o := &auditOptions{}
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Print the audit log as JSON Lines",
		Long: `Print every record of the audit log, of all organizations, oldest first: one JSON
object a line, with its number, its hash (id) and the hash of the one before
(prev). No server may have the database open. While one runs, the owners and
admins of an organization export its records over HTTP.`,
		Example: `  loam audit export > audit.jsonl`,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withAudit(cmd.Context(), o, func(b *backend.Backend) error { return b.Audit.ExportAll(cmd.Context(), c.out) })
		},
	}
	o.flags(cmd, false)
	o.keyFlag(cmd)
	return cmd
}

// withAudit runs fn on a database that is there and that no server has open.
func (c *console) withAudit(ctx context.Context, o *auditOptions, fn func(*backend.Backend) error) (err error) {
	p, err := readProject(os.DirFS(o.dir), o.dir, forData())
	if err != nil {
		return err
	}
	if p.config == nil {
		return c.usable(p)
	}
	if o.isNew(p.config) {
		return fault.New(fault.CLINoProject, "there is no database in %s; name the data directory with --data", o.dataDir())
	}
	b, err := o.openAlone(ctx, p.config, c.log())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	return fn(b)
}

func (c *console) verifyAudit(ctx context.Context, o *auditOptions, b *backend.Backend) error {
	report, err := b.Audit.Verify(ctx, o.known)
	if err != nil {
		return err
	}
	if o.asJSON {
		return c.printJSON(report)
	}
	if report.Records == 0 {
		_, err = fmt.Fprintln(c.out, "the audit log has no record yet")
		return err
	}
	_, err = fmt.Fprintf(c.out, "the audit log is whole: %d records since %s\nhead %s\n", report.Records, report.Since, report.Head)
	return err
}
