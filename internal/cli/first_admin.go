package cli

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/loam-dev/loam/internal/backend"
)

// offerAdmin says how a server that nobody administers gets its first admin. The
// token goes to a terminal, which whoever started the server reads, and nowhere
// that is kept.
func (c *console) offerAdmin(ctx context.Context, b *backend.Backend, log *slog.Logger) error {
	has, err := b.Auth.HasAdmin(ctx)
	if err != nil || has {
		return err
	}
	if !c.asks {
		log.Info("nobody administers this server: loam user set-admin makes a user an admin")
		return nil
	}
	token, err := b.Auth.OfferAdmin(ctx)
	if err != nil || token == "" {
		return err
	}
	_, err = fmt.Fprintf(c.out, `
Nobody administers this server yet. Within an hour a signed-in user becomes its admin by
  POST /auth/admin/claim  {"token": "%s"}
and at any time by loam user set-admin.

`, string(token))
	return err
}
