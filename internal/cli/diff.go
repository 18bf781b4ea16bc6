package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/loam-dev/loam/internal/store/migrate"
)

func (c *console) diffCommand() *cobra.Command {
	at, asJSON := &place{}, false
	cmd := &cobra.Command{
		Use:   "diff",
		Short: "Show what the schema would change in the database",
		Long: `Show what the schema would change in the database, step by step: in words, with
its risk, and as SQL. Nothing is changed.

  safe         done in no time, nothing lost
  slow         takes time in proportion to the table, nothing lost
  destructive  loses or makes up data: loam migrate wants it allowed by its flag
  blocked      can't be done with the rows that are there`,
		Example: `  loam diff
  loam diff --json | jq '.steps[] | select(.risk == "destructive")'`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := c.openProject(at.dir)
			if err != nil {
				return err
			}
			plan, err := c.planAt(cmd.Context(), at, p)
			if err != nil {
				return err
			}
			if asJSON {
				if plan.Steps == nil {
					plan.Steps = []migrate.Step{}
				}
				return c.printJSON(plan)
			}
			return c.showPlan(plan)
		},
	}
	at.flags(cmd, false)
	at.keyFlag(cmd)
	jsonFlag(cmd, &asJSON)
	return cmd
}

// planAt is the plan for the database of a place. One that does not exist is
// not made by asking: an empty one stands for it.
func (c *console) planAt(ctx context.Context, at *place, p *project) (plan migrate.Plan, err error) {
	if at.isNew(p.config) {
		err = at.withTemporary(func(t *place) error {
			plan, err = c.planOf(ctx, t, p)
			return err
		})
		return plan, err
	}
	return c.planOf(ctx, at, p)
}

func (c *console) planOf(ctx context.Context, at *place, p *project) (plan migrate.Plan, err error) {
	b, err := at.openAlone(ctx, p.config, c.log())
	if err != nil {
		return plan, err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	return b.Migrator.Plan(ctx, p.compiled.Schema)
}

// showPlan prints a plan for people to review.
func (c *console) showPlan(plan migrate.Plan) error {
	if plan.Empty() {
		_, err := fmt.Fprintf(c.out, "the database matches %s\n", schemaFile)
		return err
	}
	var b strings.Builder
	for _, s := range plan.Steps {
		fmt.Fprintf(&b, "-- %s [%s]\n", s.Words, s.Risk)
		if s.Harm != "" {
			fmt.Fprintf(&b, "--   %s\n", s.Harm)
		}
		if s.Risk == migrate.Destructive {
			fmt.Fprintf(&b, "--   if that is meant: loam migrate --allow %s\n", s.Flag)
		}
		for _, sql := range slices.Concat(s.Ahead, s.SQL) {
			b.WriteString(sql + ";\n")
		}
		b.WriteString("\n")
	}
	_, err := fmt.Fprint(c.out, b.String())
	return err
}
