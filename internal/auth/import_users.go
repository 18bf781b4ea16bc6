package auth

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"strings"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/password"
	"github.com/loam-dev/loam/internal/store"
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

	// Join makes a new user a member, inside the transaction. nil: a row that
	// names an organization is a mistake.
	Join func(c store.Conn, userID, org, role string) error
}

// ImportReport counts rows.
type ImportReport struct {
	Created int     `json:"created"`
	Updated int     `json:"updated"`
	Skipped int     `json:"skipped"` // the address has an account
	Failed  int     `json:"failed"`
	Errors  []error `json:"-"` // of the first rows that failed
}

// Import makes accounts of rows, such as userfile.Parse yields. Passwords are not
// hashed: each sign-in with one does. Rows are written in batches, and those
// written stay where a later one fails. The error is of what ended the import
// before its last row; a row's mistake is in the report.
func (s *Service) Import(ctx context.Context, rows iter.Seq2[userfile.User, error], o ImportOptions) (ImportReport, error) {
	i := &importing{Service: s, ImportOptions: o}
	var batch []userfile.User
	for user, err := range rows {
		switch {
		case fault.Is(err, fault.AuthBadImport):
			if o.StopAtError {
				if err := i.write(ctx, batch); err != nil {
					return i.report, stopped(err)
				}
			}
			if err := i.failed(err); err != nil {
				return i.report, stopped(err)
			}
			continue
		case err != nil:
			return i.report, errors.Join(err, i.write(ctx, batch))
		}
		if batch = append(batch, user); len(batch) == importBatch {
			if err := i.write(ctx, batch); err != nil {
				return i.report, stopped(err)
			}
			batch = batch[:0]
		}
	}
	return i.report, stopped(i.write(ctx, batch))
}

// stopped hands on a row's mistake as it is, and names the operation of others.
func stopped(err error) error {
	if fault.Is(err, fault.AuthBadImport) {
		return err
	}
	return wrap("importing users", err)
}

// importing is one run of Import.
type importing struct {
	*Service
	ImportOptions
	report ImportReport
}

// failed counts a row with a mistake, and returns it where that is to stop.
func (i *importing) failed(err error) error {
	i.report.Failed++
	if len(i.report.Errors) < importErrors {
		i.report.Errors = append(i.report.Errors, err)
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
	var done ImportReport
	var changed []string
	err := i.engine.Write(ctx, func(c store.Conn) error {
		done, changed = ImportReport{}, nil
		for _, user := range batch {
			id, err := i.put(c, user, &done)
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
			i.Forget(id)
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

// put writes one row and tells whose account it changed.
func (i *importing) put(c store.Conn, user userfile.User, done *ImportReport) (string, error) {
	old, err := findAccount(c, selectAccount+`WHERE u."email" = ?1`, user.Email)
	switch {
	case errors.Is(err, errNoAccount):
		done.Created++
		return i.create(c, user)
	case err != nil:
		return "", err
	case !i.Update:
		done.Skipped++
		return "", nil
	}
	done.Updated++
	return old.ID, i.update(c, old, user)
}

func (i *importing) create(c store.Conn, user userfile.User) (string, error) {
	id, now := newID(), stamp(i.now())
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
	switch {
	case user.Org == "":
		return id, i.orgs.First(c, id, user.Name)
	case i.Join == nil:
		return id, userfile.BadRow(user.Line, "org", "leave the organization out: this import makes no members")
	}
	return id, i.Join(c, id, user.Org, user.Role)
}

// update changes what the row says. An account that its user has made or opened
// here keeps its password and whether its address is verified: who signed up
// with somebody's address before they were imported must not get what is theirs,
// so that an account with an unverified address is left alone.
func (i *importing) update(c store.Conn, old account, user userfile.User) error {
	unopened := strings.HasPrefix(old.password, password.ImportedMark)
	if !unopened && !old.EmailVerified {
		return userfile.BadRow(user.Line, "email", "somebody has signed up here with this address and not verified it: delete that account, or wait until they have")
	}
	now := stamp(i.now())
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
		name, groups, verified, hash, now, old.ID)
	return err
}
