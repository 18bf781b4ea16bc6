package admin

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"strings"

	"github.com/google/uuid"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/password"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/tenant"
	"github.com/loam-dev/loam/internal/userfile"
)

const (
	importBatch  = 200 // rows of a transaction
	importErrors = 100 // that a report lists
)

// ImportOptions say what to do with the rows.
type ImportOptions struct {
	DryRun      bool // do everything, then undo it
	Update      bool // change accounts that were imported before, instead of leaving them
	StopAtError bool // write nothing from the first row with a mistake on
}

// importing is one run of Import. Passwords are not hashed: each sign-in with one
// does.
type importing struct {
	*Service
	ImportOptions
	by     *access.Principal
	report Report
}

// all writes rows in batches; those written stay where a later one fails. The error
// is of what ended the import before its last row.
func (i *importing) all(ctx context.Context, rows iter.Seq2[userfile.User, error]) error {
	var batch []userfile.User
	for user, err := range rows {
		switch {
		case fault.Is(err, fault.AuthBadImport):
			if i.StopAtError {
				if err := i.write(ctx, batch); err != nil {
					return err
				}
			}
			if err := i.failed(err); err != nil {
				return err
			}
			continue
		case err != nil:
			return errors.Join(err, i.write(ctx, batch))
		}
		if batch = append(batch, user); len(batch) == importBatch {
			if err := i.write(ctx, batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	return i.write(ctx, batch)
}

// failed counts a row with a mistake, and returns it where that is to stop.
func (i *importing) failed(err error) error {
	i.report.Failed++
	if e, ok := errors.AsType[*fault.Error](err); ok && len(i.report.Errors) < importErrors {
		i.report.Errors = append(i.report.Errors, Mistake{e.Field, e.Message})
	}
	if i.StopAtError {
		return err
	}
	return nil
}

// errDryRun undoes a batch that went well.
var errDryRun = errors.New("dry run")

// write puts a batch into one transaction. Where a row makes that impossible it
// halves the batch, until the row is alone.
func (i *importing) write(ctx context.Context, batch []userfile.User) error {
	if len(batch) == 0 {
		return nil
	}
	var done Report
	var changed []string
	err := i.engine.Write(ctx, func(c store.Conn) error {
		done, changed = Report{}, nil
		for _, user := range batch {
			id, err := i.put(ctx, c, user, &done)
			if err != nil {
				return ofRow(user, err)
			}
			changed = append(changed, id)
		}
		if i.DryRun {
			return errDryRun
		}
		return nil
	})
	switch {
	case err == nil || errors.Is(err, errDryRun):
		i.report.Created += done.Created
		i.report.Updated += done.Updated
		i.report.Skipped += done.Skipped
		for _, id := range changed {
			i.auth.Forget(id)
		}
		return nil
	case !fault.Is(err, fault.AuthBadImport):
		return err
	case len(batch) == 1:
		return i.failed(err)
	}
	half := len(batch) / 2
	if err := i.write(ctx, batch[:half]); err != nil {
		return err
	}
	return i.write(ctx, batch[half:])
}

// ofRow makes a refusal the row's; what is no refusal ends the import.
func ofRow(user userfile.User, err error) error {
	e, ok := errors.AsType[*fault.Error](err)
	if !ok || e.Code == fault.AuthBadImport {
		return err
	}
	switch e.Kind() {
	case fault.Invalid, fault.Forbidden, fault.NotFound, fault.Conflict:
		return userfile.BadRow(user.Line, "org", "%s", e.Message)
	}
	return err
}

// known is an account that has the address of a row.
type known struct {
	id, password string
	verified     bool
}

// put writes one row and tells whose account it changed.
func (i *importing) put(ctx context.Context, c store.Conn, user userfile.User, done *Report) (string, error) {
	var old known
	err := c.Query(`SELECT "id", COALESCE("password", ''), "verified_at" IS NOT NULL FROM "_users" WHERE "email" = ?1`, []any{user.Email}, func(r store.Row) error {
		old = known{r.Text(0), r.Text(1), r.Bool(2)}
		return nil
	})
	switch {
	case err != nil:
		return "", err
	case old.id == "":
		done.Created++
		return i.create(ctx, c, user)
	case !i.Update:
		done.Skipped++
		return "", nil
	}
	done.Updated++
	return old.id, i.update(c, old, user)
}

func (i *importing) create(ctx context.Context, c store.Conn, user userfile.User) (string, error) {
	id, now := uuid.Must(uuid.NewV7()).String(), form.Stamp(i.now())
	created, groups := now, "[]"
	if user.CreatedAt != "" && user.CreatedAt < now {
		created = user.CreatedAt
	}
	if len(user.Groups) > 0 {
		list, err := json.Marshal(user.Groups)
		if err != nil {
			return "", err
		}
		groups = string(list)
	}
	var verified, disabled, hash any
	if user.Verified {
		verified = now
	}
	if user.Disabled {
		disabled = now
	}
	if user.PasswordHash != "" {
		hash = password.ImportedMark + string(user.PasswordHash)
	}
	if _, err := c.Exec(`INSERT INTO "_users" ("id", "email", "verified_at", "name", "password", "groups", "disabled_at", "created_at", "updated_at")
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)`, id, user.Email, verified, user.Name, hash, groups, disabled, created, now); err != nil {
		return "", err
	}
	if user.Org == "" {
		return id, i.tenant.First(c, id, user.Name)
	}
	return id, i.tenant.Join(ctx, c, id, user.Org, tenant.Role(user.Role), i.by.Subject())
}

// update changes what the row says. An account that its user has made or opened
// here keeps its password and whether its address is verified: who signed up
// with somebody's address before they were imported must not get what is theirs,
// so that an account with an unverified address is left alone.
func (i *importing) update(c store.Conn, old known, user userfile.User) error {
	unopened := strings.HasPrefix(old.password, password.ImportedMark)
	if !unopened && !old.verified {
		return userfile.BadRow(user.Line, "email", "somebody has signed up here with this address and not verified it: delete that account, or wait until they have")
	}
	now := form.Stamp(i.now())
	var name, groups, verified, hash any
	if user.Name != "" {
		name = user.Name
	}
	if user.Groups != nil {
		list, err := json.Marshal(user.Groups)
		if err != nil {
			return err
		}
		groups = string(list)
	}
	if unopened && user.Verified {
		verified = now
	}
	if unopened && user.PasswordHash != "" {
		hash = password.ImportedMark + string(user.PasswordHash)
	}
	_, err := c.Exec(`UPDATE "_users" SET "name" = COALESCE(?1, "name"), "groups" = COALESCE(?2, "groups"),
		"verified_at" = COALESCE("verified_at", ?3), "password" = COALESCE(?4, "password"), "updated_at" = ?5 WHERE "id" = ?6`,
		name, groups, verified, hash, now, old.id)
	return err
}
