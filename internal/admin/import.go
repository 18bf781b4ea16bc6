package admin

import (
	"context"
	"errors"
	"io"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/auth"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/tenant"
	"github.com/loam-dev/loam/internal/userfile"
)

// Report is what came of an import.
type Report struct {
	auth.ImportReport
	DryRun bool      `json:"dryRun"`
	Errors []Mistake `json:"errors"` // of the first rows that failed
}

// Mistake is of one row.
type Mistake struct {
	Field   string `json:"field"` // lines.<line>.<field>
	Message string `json:"message"`
}

// Import makes accounts of a file of users, which is read as a stream. Rows that
// name an organization, by its id or slug, become members of it.
func (s *Service) Import(ctx context.Context, by *access.Principal, file io.Reader, format userfile.Format, o auth.ImportOptions) (Report, error) {
	o.Join = func(c store.Conn, user, org, role string) error {
		return s.tenant.Join(ctx, c, user, org, tenant.Role(role), by.Subject())
	}
	done, err := s.auth.Import(ctx, userfile.Parse(file, format), o)
	report := Report{ImportReport: done, DryRun: o.DryRun, Errors: []Mistake{}}
	for _, mistake := range done.Errors {
		if e, ok := errors.AsType[*fault.Error](mistake); ok {
			report.Errors = append(report.Errors, Mistake{e.Field, e.Message})
		}
	}
	if !o.DryRun && done.Created+done.Updated > 0 {
		err = errors.Join(err, s.audit.Write(context.WithoutCancel(ctx), audit.Event{Action: "admin.users_imported", Actor: by.Subject(), Details: map[string]any{
			"created": done.Created, "updated": done.Updated, "skipped": done.Skipped, "failed": done.Failed, "format": format.Kind,
		}}))
	}
	return report, wrap("importing users", err)
}
