package tenant

import (
	"cmp"
	"context"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// Person is a member of an organization as the other members see them.
type Person struct {
	UserID    string `json:"userId"`
	Name      string `json:"name"`
	Email     string `json:"email"`
	Role      Role   `json:"role"`
	CreatedAt string `json:"createdAt"` // when they joined
}

// Page says which part of a list is wanted. The zero Page is the start.
type Page struct {
	Limit int    // 0: 100; at most 1,000
	After string // the NextCursor of the page before
}

// People is a page of members. NextCursor is nil on the last.
type People struct {
	Items      []Person `json:"items"`
	NextCursor *string  `json:"nextCursor"`
}

// NewMember names an existing user, by one of id and email address, and the
// role to give them. Anybody else is invited.
type NewMember struct {
	UserID string `json:"userId"`
	Email  string `json:"email"`
	Role   Role   `json:"role"` // "": member
}

// ChangeMember gives a member another role.
type ChangeMember struct {
	Role Role `json:"role"`
}

// Members returns a page of an organization's members, by id. Where tenancy is
// off, that is everybody who ever signed up: for those to see who give roles.
func (s *Service) Members(ctx context.Context, p *access.Principal, org string, page Page) (People, error) {
	limit, err := page.limit()
	if err != nil {
		return People{}, err
	}
	people := People{}
	err = s.look(ctx, p, org, func(c store.Conn, role Role) error {
		people = People{Items: []Person{}}
		need := config.MembersRead
		if s.register.Off {
			need = config.MembersRole
		}
		if err := s.register.need(role, need); err != nil {
			return err
		}
		return c.Query(selectPerson+`WHERE m."org" = ?1 AND m."user_id" > ?2 ORDER BY m."user_id" LIMIT ?3`,
			[]any{org, page.After, limit + 1}, func(r store.Row) error {
				people.Items = append(people.Items, scanPerson(r))
				return nil
			})
	})
	if len(people.Items) > limit {
		people.Items = people.Items[:limit]
		people.NextCursor = &people.Items[limit-1].UserID
	}
	return people, wrap("listing members", err)
}

// Add makes a user a member, at once; it needs members.invite. It adds whom the
// caller shares another organization with. Of anyone else the caller is not told
// whether there is an account: they are invited, and choose themselves.
func (s *Service) Add(ctx context.Context, p *access.Principal, org string, in NewMember) (Person, error) {
	if err := s.fill(&in); err != nil {
		return Person{}, err
	}
	var added Person
	err := s.permit(ctx, p, org, config.MembersInvite, func(c store.Conn, caller Role) error {
		if err := s.register.mayGive(caller, in.Role); err != nil {
			return err
		}
		user, err := acquaintance(c, p.UserID, in)
		if err == nil {
			added, err = s.admit(ctx, c, p.Subject(), org, user, in.Role)
		}
		if err == nil {
			err = bring(c, org, user, p.UserID)
		}
		return err
	})
	if err != nil {
		return Person{}, wrap("adding a member", err)
	}
	s.accounts.Forget(added.UserID)
	return added, nil
}

// Enlist is Add on behalf of an admin of the server: of any user, as anything.
func (s *Service) Enlist(ctx context.Context, actor, org string, in NewMember) (Person, error) {
	if err := s.fill(&in); err != nil {
		return Person{}, err
	}
	var added Person
	err := s.engine.Write(ctx, func(c store.Conn) error {
		err := lock(c, org, stamp(s.now()))
		user := in.UserID
		if err == nil && user == "" {
			user, err = s.accounts.AccountByEmail(c, in.Email)
		}
		if err == nil {
			added, err = s.admit(ctx, c, actor, org, user, in.Role)
		}
		return err
	})
	if err != nil {
		return Person{}, wrap("adding a member for an admin", err)
	}
	s.accounts.Forget(added.UserID)
	return added, nil
}

// fill checks who is named, and as what.
func (s *Service) fill(in *NewMember) (err error) {
	if err := s.withOrganizations(); err != nil {
		return err
	}
	in.Role = cmp.Or(in.Role, Member)
	if err := s.register.known(in.Role); err != nil {
		return err
	}
	if (in.UserID == "") == (in.Email == "") {
		return fault.New(fault.TenantNoUser, "name the user by one of userId and email")
	}
	if in.Email != "" {
		in.Email, err = s.accounts.Address(in.Email)
	}
	return err
}

// acquaintance returns the id of a user who shares an organization with the caller.
// It looks among the caller's own: a stranger and nobody are the same to it.
func acquaintance(c store.Conn, caller string, in NewMember) (id string, err error) {
	err = c.Query(`SELECT u."id" FROM "_members" mine JOIN "_orgs" o ON o."id" = mine."org" AND o."deleted_at" IS NULL
		JOIN "_members" theirs ON theirs."org" = mine."org" JOIN "_users" u ON u."id" = theirs."user_id"
		WHERE mine."user_id" = ?1 AND (u."id" = ?2 OR u."email" = ?3) LIMIT 1`, []any{caller, in.UserID, in.Email},
		func(r store.Row) error { id = r.Text(0); return nil })
	if err == nil && id == "" {
		err = fault.New(fault.TenantStranger, "you add users with whom you share another organization: invite anybody else by POST /auth/organizations/{id}/invitations")
	}
	return id, err
}

// admit makes a user a member, who is none yet.
func (s *Service) admit(ctx context.Context, c store.Conn, actor, org, user string, role Role) (Person, error) {
	if _, err := findPerson(c, org, user); err == nil {
		return Person{}, fault.New(fault.TenantMember, "this user is a member already: change their role instead")
	}
	added, err := s.add(c, org, user, role)
	if err != nil {
		return Person{}, err
	}
	return added, s.register.recordRole(ctx, c, "org.member_added", actor, added, org, "")
}

// add stores a membership within the limits.
func (s *Service) add(c store.Conn, org, user string, role Role) (Person, error) {
	n, err := c.Exec(insertMember, org, user, string(role), stamp(s.now()))
	if err == nil && n == 0 {
		err = fault.New(fault.TenantNoUser, "no account has this id or email address: they sign up first, or are invited")
	}
	if err == nil {
		err = s.register.roomForMember(c, org)
	}
	if err == nil {
		err = s.register.roomForOrganization(c, user)
	}
	if err != nil {
		return Person{}, err
	}
	return findPerson(c, org, user)
}

// SetRole gives a member another role; it needs members.role. Nobody touches who
// may do more than they, nor gives what they lack, and the last owner stays one.
func (s *Service) SetRole(ctx context.Context, p *access.Principal, org, userID string, in ChangeMember) (Person, error) {
	if err := s.register.known(in.Role); err != nil {
		return Person{}, err
	}
	var changed Person
	err := s.permit(ctx, p, org, config.MembersRole, func(c store.Conn, caller Role) error {
		person, err := findPerson(c, org, userID)
		if err == nil {
			err = s.register.mayTouch(caller, person.Role)
		}
		if err == nil {
			err = s.register.mayGive(caller, in.Role)
		}
		if err == nil {
			err = s.setRole(c, org, userID, in.Role)
		}
		if err == nil {
			changed, err = findPerson(c, org, userID)
		}
		if err == nil {
			err = s.register.recordRole(ctx, c, "org.role_changed", p.Subject(), changed, org, person.Role)
		}
		return err
	})
	s.accounts.Forget(userID)
	return changed, wrap("changing a member's role", err)
}

// updateRole takes the role, time, organization and user. It leaves the last
// owner one.
const updateRole = `UPDATE "_members" SET "role" = ?1, "updated_at" = ?2 WHERE "org" = ?3 AND "user_id" = ?4
	AND (?1 = 'owner' OR "role" <> 'owner' OR (SELECT COUNT(*) FROM "_members" WHERE "org" = ?3 AND "role" = 'owner') > 1)`

// setRole changes a role, or refuses to take the last owner's.
func (s *Service) setRole(c store.Conn, org, userID string, role Role) error {
	n, err := c.Exec(updateRole, string(role), stamp(s.now()), org, userID)
	if err == nil && n == 0 {
		return lastOwner()
	}
	return err
}

// Remove ends a membership: removing others needs members.remove, and everyone
// may leave, but for the last owner.
func (s *Service) Remove(ctx context.Context, p *access.Principal, org, userID string) error {
	leaving := userID == p.UserID
	err := s.inOrganization(ctx, p, org, func(c store.Conn, caller Role) error {
		if !leaving {
			if err := s.register.need(caller, config.MembersRemove); err != nil {
				return err
			}
		}
		person, err := findPerson(c, org, userID)
		if err == nil && !leaving {
			err = s.register.mayTouch(caller, person.Role)
		}
		if err != nil {
			return err
		}
		n, err := c.Exec(`DELETE FROM "_members" WHERE "org" = ?1 AND "user_id" = ?2
			AND ("role" <> 'owner' OR (SELECT COUNT(*) FROM "_members" WHERE "org" = ?1 AND "role" = 'owner') > 1)`, org, userID)
		if err == nil && n == 0 {
			return lastOwner()
		}
		if err != nil {
			return err
		}
		return s.register.record(ctx, c, audit.Event{Action: "org.member_removed", Org: org, Actor: p.Subject(), Target: "user:" + userID,
			Details: map[string]any{"role": string(person.Role)}})
	})
	s.accounts.Forget(userID)
	return wrap("removing a member", err)
}

// Appoint gives a user a role in an organization, whether they are a member or
// not: for seeds and the command line, which act for no caller. Where tenancy is
// off it is the only way to a role above member; org is None then.
func (s *Service) Appoint(ctx context.Context, org, userID string, role Role) error {
	if err := s.register.known(role); err != nil {
		return err
	}
	err := s.engine.Write(ctx, func(c store.Conn) error {
		if err := lock(c, org, stamp(s.now())); err != nil {
			return err
		}
		before, err := findPerson(c, org, userID)
		if err != nil {
			added, err := s.add(c, org, userID, role)
			if err != nil {
				return err
			}
			return s.register.recordRole(ctx, c, "org.member_added", audit.System, added, org, "")
		}
		if err := s.setRole(c, org, userID, role); err != nil {
			return err
		}
		after := before
		after.Role = role
		return s.register.recordRole(ctx, c, "org.role_changed", audit.System, after, org, before.Role)
	})
	s.accounts.Forget(userID)
	return wrap("appointing a member", err)
}

const selectPerson = `SELECT u."id", u."name", u."email", m."role", m."created_at"
	FROM "_members" m JOIN "_users" u ON u."id" = m."user_id" `

func scanPerson(r store.Row) Person {
	return Person{r.Text(0), r.Text(1), r.Text(2), Role(r.Text(3)), r.Text(4)}
}

// findPerson returns a member, or fault.TenantNoMember.
func findPerson(c store.Conn, org, userID string) (person Person, err error) {
	err = c.Query(selectPerson+`WHERE m."org" = ?1 AND m."user_id" = ?2`, []any{org, userID}, func(r store.Row) error {
		person = scanPerson(r)
		return nil
	})
	if err == nil && person.UserID == "" {
		err = fault.New(fault.TenantNoMember, "the organization has no such member")
	}
	return person, err
}

func lastOwner() *fault.Error {
	return fault.New(fault.TenantLastOwner, "this is the organization's last owner: make another member an owner first")
}
