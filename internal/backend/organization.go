package backend

import (
	"context"
	"errors"
	"io"
)

// tenantRows are the rows of organizations under the schema in force.
type tenantRows struct{ b *Backend }

var errNoSchema = errors.New("no schema is served yet")

func (r tenantRows) ExportOrganization(ctx context.Context, org string, w io.Writer) error {
	if app := r.b.app.Load(); app != nil {
		return app.Data.ExportOrganization(ctx, org, w)
	}
	return errNoSchema
}

func (r tenantRows) DeleteOrganization(ctx context.Context, org string) error {
	if app := r.b.app.Load(); app != nil {
		return app.Data.DeleteOrganization(ctx, org)
	}
	return errNoSchema
}

func (r tenantRows) CountRows(ctx context.Context, org string) (map[string]int64, error) {
	if app := r.b.app.Load(); app != nil {
		return app.Data.CountRows(ctx, org)
	}
	return nil, errNoSchema
}
