package tenant

import (
	"context"

	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// First gives a new user an organization to start in, inside the caller's
// transaction.
func (s *Service) First(c store.Conn, userID, name string) error {
	return s.register.First(c, userID, name)
}

// Join makes a user a member of an organization, which is named by its id or slug,
// within the caller's transaction: for imports. Tell Forget of it after the commit,
// unless the user is new. role "" is member.
func (s *Service) Join(ctx context.Context, c store.Conn, userID, org string, role Role, actor string) error {
	if role == "" {
		role = Member
	}
	if err := s.register.known(role); err != nil {
		return err
	}
	if s.register.Off {
		return withoutOrganizations()
	}
	id, err := named(c, org)
	if err != nil {
		return err
	}
	if _, err := findPerson(c, id, userID); err == nil {
		return nil
	}
	added, err := s.add(c, id, userID, role)
	if err != nil {
		return err
	}
	return s.register.recordRole(ctx, c, "org.member_added", actor, added, id, "")
}

// Named returns the id of an organization that is named by it, or by a slug.
func (s *Service) Named(ctx context.Context, ref string) (id string, err error) {
	err = s.engine.Read(ctx, func(c store.Conn) (err error) {
		id, err = named(c, ref)
		return err
	})
	return id, wrap("looking for an organization", err)
}

// Meant is Named also where tenancy is off: the one organization there needs no name.
func (s *Service) Meant(ctx context.Context, ref string) (id string, err error) {
	switch {
	case s.register.Off && (ref == "" || ref == None):
		return None, nil
	case s.register.Off:
		return "", fault.New(fault.TenantNotFound, "there is no organization %q", ref)
	case ref == "":
		return "", fault.New(fault.TenantNotFound, "name the organization, by its id or slug, as org (--org on the command line)").At("org")
	}
	return s.Named(ctx, ref)
}

// named takes an id for what it is, before a slug that looks like it.
func named(c store.Conn, ref string) (id string, err error) {
	gone := false
	err = c.Query(`SELECT "id", "deleted_at" IS NOT NULL FROM "_orgs" WHERE ("id" = ?1 OR "slug" = ?1) AND "id" <> ?2
		ORDER BY "id" = ?1 DESC LIMIT 1`, []any{ref, None}, func(r store.Row) error {
		id, gone = r.Text(0), r.Bool(1)
		return nil
	})
	if err == nil && (id == "" || gone) {
		err = fault.New(fault.TenantNotFound, "there is no organization %q", ref)
	}
	return id, err
}

// Establish founds an organization for a user, who owns it, on behalf of an admin of
// the server.
func (s *Service) Establish(ctx context.Context, actor, userID string, in NewOrganization) (Record, error) {
	org, err := s.found(ctx, userID, actor, in)
	if err != nil {
		return Record{}, err
	}
	var record Record
	err = s.engine.Read(ctx, func(c store.Conn) (err error) {
		record, err = s.record(c, org.ID)
		return err
	})
	return record, wrap("reading a new organization", err)
}

// Amend gives an organization another name, slug, logo or colour, on behalf of an
// admin of the server.
func (s *Service) Amend(ctx context.Context, actor, org string, in ChangeOrganization) (Record, error) {
	if err := s.withOrganizations(); err != nil {
		return Record{}, err
	}
	if err := in.check(); err != nil {
		return Record{}, err
	}
	var record Record
	err := s.engine.Write(ctx, func(c store.Conn) (err error) {
		if err := lock(c, org, stamp(s.now())); err != nil {
			return err
		}
		if in.Slug != nil {
			if err := freeSlug(c, org, *in.Slug); err != nil {
				return err
			}
		}
		if _, err := c.Exec(`UPDATE "_orgs" SET "name" = COALESCE(?2, "name"), "slug" = COALESCE(?3, "slug"), "logo" = COALESCE(?4, "logo"),
			"color" = COALESCE(?5, "color") WHERE "id" = ?1`, org, orNull(in.Name), orNull(in.Slug), orNull(in.Logo), orNull(in.Color)); err != nil {
			return err
		}
		if record, err = s.record(c, org); err != nil {
			return err
		}
		return s.register.record(ctx, c, audit.Event{Action: "org.changed", Org: org, Actor: actor, Target: "org:" + org,
			Details: map[string]any{"name": record.Name, "slug": record.Slug}})
	})
	return record, wrap("changing an organization", err)
}

// Abolish is Delete on behalf of an admin of the server.
func (s *Service) Abolish(ctx context.Context, actor, org string, in Deletion) error {
	var members []string
	err := s.engine.Write(ctx, func(c store.Conn) error {
		if err := lock(c, org, stamp(s.now())); err != nil {
			return err
		}
		o, err := s.record(c, org)
		if err == nil && in.Confirm != o.Slug {
			err = fault.New(fault.TenantUnconfirmed, `to delete this organization with all that is in it send {"confirm": %q}`, o.Slug).At("confirm")
		}
		if err == nil {
			members, err = membersOf(c, org)
		}
		if err == nil {
			err = s.register.close(c, org)
		}
		if err != nil {
			return err
		}
		return s.register.record(ctx, c, audit.Event{Action: "org.deleted", Org: org, Actor: actor, Target: "org:" + org,
			Details: map[string]any{"name": o.Name, "slug": o.Slug}})
	})
	s.forgetUsers(members)
	s.accounts.ForgetKeys()
	return wrap("deleting an organization", err)
}

// TakeAlong puts on record that an admin of the server exports an organization.
func (s *Service) TakeAlong(ctx context.Context, actor, org string) error {
	return wrap("exporting an organization", s.engine.Write(ctx, func(c store.Conn) error {
		return s.register.record(ctx, c, audit.Event{Action: "org.exported", Org: org, Actor: actor, Target: "org:" + org})
	}))
}
