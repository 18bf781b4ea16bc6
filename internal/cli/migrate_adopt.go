package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/loam-dev/loam/internal/backend"
)

// adoption is what `loam migrate` does when tenancy is turned on.
type adoption struct{ into, owner string }

func (a *adoption) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.into, "adopt-into", "", "the name of an organization to make of all rows and users from when tenancy was off")
	cmd.Flags().StringVar(&a.owner, "owner", "", "the email address of the user who owns that organization")
	cmd.MarkFlagsRequiredTogether("adopt-into", "owner")
}

// adopted makes the organization, where one is asked for.
func (c *console) adopted(ctx context.Context, b *backend.Backend, p *project, a *adoption) error {
	if a.into == "" {
		return nil
	}
	if err := b.Use(p.compiled); err != nil {
		return err
	}
	org, err := b.Adopt(ctx, a.into, a.owner)
	if err != nil {
		return err
	}
	counts, err := b.Data().CountRows(ctx, org.ID)
	if err != nil {
		return err
	}
	total := int64(0)
	for _, n := range counts {
		total += n
	}
	_, err = fmt.Fprintf(c.err, "%d rows are those of %s (%s) now, which %s owns\n", total, org.Name, org.ID, a.owner)
	return err
}
