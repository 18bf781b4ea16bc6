package cli

import (
	"context"
	"fmt"
	"net/url"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/loam-dev/loam/internal/jobs"
)

func (c *console) jobsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "jobs",
		Short: "List background jobs, and retry or drop those that were given up",
		Long: `List background jobs, such as mail to be sent, and retry or drop those that were
given up. What a job carries is not shown. The commands work while the server runs
and while it does not, as those of loam user do; a job itself runs in a server.`,
		Args: cobra.ArbitraryArgs,
		RunE: nothingNamed,
	}
	cmd.AddCommand(c.jobsListCommand(), c.jobsRetryCommand(), c.jobsDropCommand())
	return cmd
}

func (c *console) jobsListCommand() *cobra.Command {
	o := &adminOptions{}
	state, limit := "", 0
	cmd := c.adminCommand(o, &cobra.Command{
		Use:   "list",
		Short: "List jobs that were given up, or that wait, newest first",
		Example: `  loam jobs list
  loam jobs list --state waiting --json`,
	}, "", func(ctx context.Context, _ []string, to *operator) error {
		list, err := pages[jobs.Entry](ctx, to, "/auth/admin/jobs", url.Values{"state": {state}}, limit)
		if err != nil {
			return err
		}
		return c.showJobs(o, list)
	})
	cmd.Flags().StringVar(&state, "state", "dead", "dead: those that were given up; waiting: those that wait or run")
	cmd.Flags().IntVar(&limit, "limit", 100, "how many at most")
	jsonFlag(cmd, &o.asJSON)
	return cmd
}

func (c *console) showJobs(o *adminOptions, list []jobs.Entry) error {
	if o.asJSON {
		return c.printJSON(list)
	}
	rows := make([][]string, len(list))
	for i, j := range list {
		at, state := j.DeadAt, "dead since"
		if at == nil {
			at, state = j.DueAt, "due"
		}
		rows[i] = []string{j.ID, j.Kind, strconv.Itoa(j.Attempts), j.CreatedAt, state + " " + *at, orDash(j.Error)}
	}
	return c.table([]string{"ID", "KIND", "ATTEMPTS", "CREATED", "STATE", "LAST ERROR"}, rows)
}

func (c *console) jobsRetryCommand() *cobra.Command {
	return c.adminCommand(&adminOptions{}, &cobra.Command{
		Use:     "retry",
		Short:   "Run a job that was given up again",
		Example: `  loam jobs retry 0198c0de-5e1f-7a2b-8c3d-4e5f60718293`,
	}, "JOB", func(ctx context.Context, args []string, to *operator) error {
		if err := to.do(ctx, "POST", jobPath(args[0])+"/retry", nil, nil); err != nil {
			return err
		}
		_, err := fmt.Fprintf(c.out, "%s runs again\n", printable(args[0]))
		return err
	})
}

func (c *console) jobsDropCommand() *cobra.Command {
	o := &adminOptions{}
	cmd := &cobra.Command{
		Use:     "drop",
		Short:   "Drop a job that was given up",
		Example: `  loam jobs drop 0198c0de-5e1f-7a2b-8c3d-4e5f60718293`,
	}
	c.adminCommand(o, cmd, "JOB", func(ctx context.Context, args []string, to *operator) error {
		sure, err := c.sure(cmd, o, "Drop the job "+printable(args[0])+", so that its work is never done")
		if err != nil || !sure {
			return err
		}
		if err := to.do(ctx, "DELETE", jobPath(args[0]), nil, nil); err != nil {
			return err
		}
		_, err = fmt.Fprintf(c.out, "%s is dropped\n", printable(args[0]))
		return err
	})
	yesFlag(cmd, o)
	return cmd
}

func jobPath(id string) string { return "/auth/admin/jobs/" + url.PathEscape(id) }
