package backend

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/loam-dev/loam/internal/jobs"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/tenant"
)

// Adopt makes an organization of all that was everyone's while tenancy was off,
// in one transaction, under the schema in force. No request may be under way.
func (b *Backend) Adopt(ctx context.Context, name, owner string) (tenant.Organization, error) {
	return b.Tenant.Adopt(ctx, name, owner, func(ctx context.Context, from, to string, also func(store.Conn) error) error {
		return b.Data().MoveOrganization(ctx, from, to, func(c store.Conn) error {
			if err := b.Auth.MoveOrganization(c, from, to); err != nil {
				return err
			}
			return also(c)
		})
	})
}

// removeRows does with the rows of a user who is gone what the schema says.
func (b *Backend) removeRows(ctx context.Context, payload []byte) error {
	var user string
	if err := json.Unmarshal(payload, &user); err != nil {
		return jobs.Permanent(fmt.Errorf("reading a job: %w", err))
	}
	app := b.app.Load()
	if app == nil {
		return errors.New("no schema is served yet")
	}
	return app.Data.RemoveUserRows(ctx, user)
}
