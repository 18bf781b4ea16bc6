package cli

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/loam-dev/loam/internal/backend"
)

// offerAdmin says how a server that nobody administers gets its first admin: by a
// link, whose token is behind the #, so that it is in no request and no Referer. It
// goes to whoever started the server and nowhere that is kept: where that may be a
// log, as of loam serve outside a terminal, there is none.
func (c *console) offerAdmin(ctx context.Context, b *backend.Backend, show bool, log *slog.Logger) error {
	has, err := b.Auth.HasAdmin(ctx)
	if err != nil || has {
		return err
	}
	if !show {
		log.Info("nobody administers this server: loam user set-admin makes a user an admin")
		return nil
	}
	token, err := b.Auth.OfferAdmin(ctx)
	if err != nil || token == "" {
		return err
	}
	_, err = fmt.Fprintf(c.out, `
Nobody administers this server yet. Open this within an hour to make its admin:
  %s/console/setup#%s
or at any time: loam user set-admin.

`, b.Options().Config.URL, string(token))
	return err
}
