package httpapi

import (
	"context"
	"io"
	"net/http"

	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/backup"
)

// Backups are what backend makes of package backup.
type Backups interface {
	// Take makes a snapshot and gives it to a target.
	Take(ctx context.Context, to backup.Target) (*backup.Manifest, error)
	// Status is how those are getting on that loam.yaml asks for; nil: it asks for none.
	Status() *backup.Status
}

func backupStatus(c *call) (reply, error) {
	return c.answer(http.StatusOK, struct {
		Backup *backup.Status `json:"backup"`
	}{c.api.Backups.Status()}, nil)
}

// makeBackup answers with the files of a snapshot as they are made. What fails on the
// way is in the answer, whose status was sent long before.
func makeBackup(c *call) (reply, error) {
	if c.Method != http.MethodHead {
		if err := c.api.Audit.Write(c.Context(), audit.Event{Action: "backup.made", Actor: c.by.Subject()}); err != nil {
			return reply{}, err
		}
	}
	c.out.Set("Cache-Control", "no-store")
	return reply{status: http.StatusOK, mime: "multipart/mixed; boundary=" + backup.Boundary, stream: func(ctx context.Context, w io.Writer) error {
		to, err := backup.NewStream(w)
		if err != nil {
			return err
		}
		m, err := c.api.Backups.Take(ctx, to)
		if err != nil && ctx.Err() == nil {
			c.api.Log.Error("a backup failed", "error", err)
		}
		return to.End(m, err)
	}}, nil
}
