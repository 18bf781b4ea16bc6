package admin

import (
	"context"
	"errors"
	"io"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/userfile"
)

// Report is what came of an import.
type Report struct {
	Created int       `json:"created"`
	Updated int       `json:"updated"`
	Skipped int       `json:"skipped"` // the address has an account
	Failed  int       `json:"failed"`
	DryRun  bool      `json:"dryRun"`
	Errors  []Mistake `json:"errors"` // of the first rows that failed
}

// Mistake is of one row.
type Mistake struct {
	Field   string `json:"field"` // lines.<line>.<field>
	Message string `json:"message"`
}

// Import makes accounts of a file of users, which is read as a stream. Rows that
// name an organization, by its id or slug, become members of it.
func (s *Service) Import(ctx context.Context, by *access.Principal, file io.Reader, format userfile.Format, o ImportOptions) (Report, error) {
	run := &importing{Service: s, ImportOptions: o, by: by, report: Report{DryRun: o.DryRun, Errors: []Mistake{}}}
	err := run.all(ctx, userfile.Parse(file, format))
	done := run.report
	if !o.DryRun && done.Created+done.Updated > 0 {
		err = errors.Join(err, s.audit.Write(context.WithoutCancel(ctx), audit.Event{Action: "admin.users_imported", Actor: by.Subject(), Details: map[string]any{
			"created": done.Created, "updated": done.Updated, "skipped": done.Skipped, "failed": done.Failed, "format": format.Kind,
		}}))
	}
	return done, wrap("importing users", err)
}
