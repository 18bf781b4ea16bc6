package tenant

import (
	"context"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/audit"
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
// role to give them. Somebody without an account can't be added yet.
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
// off, that is everybody who ever signed up: for owners and admins to see.
func (s *Service) Members(ctx context.Context, p *access.Principal, org string, page Page) (People, error) {
	if err := s.signedIn(p); err != nil {
		return People{}, err
	}
	if page.Limit < 0 || page.Limit > maxPage {
		return People{}, fault.New(fault.QueryLimit, "limit is from 1 to %d", maxPage).At("limit")
	}
	if page.Limit == 0 {
		page.Limit = defaultPage
	}
	people := People{}
	err := s.engine.Read(ctx, func(c store.Conn) error {
		people = People{Items: []Person{}}
		role, err := roleOf(c, org, p.UserID)
		if err != nil {
			return err
		}
		if s.register.Off && role == Member {
			return fault.New(fault.TenantNotAllowed, "where there are no organizations, only an owner or admin lists the users")
		}
		return c.Query(selectPerson+`WHERE m."org" = ?1 AND m."user_id" > ?2 ORDER BY m."user_id" LIMIT ?3`,
			[]any{org, page.After, page.Limit + 1}, func(r store.Row) error {
				people.Items = append(people.Items, scanPerson(r))
				return nil
			})
	})
	if len(people.Items) > page.Limit {
		people.Items = people.Items[:page.Limit]
		people.NextCursor = &people.Items[page.Limit-1].UserID
	}
	return people, wrap("listing members", err)
}

// Add makes an existing user a member, at once; an owner or admin does it.
func (s *Service) Add(ctx context.Context, p *access.Principal, org string, in NewMember) (Person, error) {
	if in.Role == "" {
		in.Role = Member
	}
	if err := in.Role.valid(); err != nil {
		return Person{}, err
	}
	if (in.UserID == "") == (in.Email == "") {
		return Person{}, fault.New(fault.TenantNoUser, "name the user by one of userId and email")
	}
	var added Person
	err := s.manage(ctx, p, org, func(c store.Conn, caller Role) error {
		if err := caller.mayGive(in.Role); err != nil {
			return err
		}
		user := in.UserID
		if in.Email != "" {
			var err error
			if user, err = s.accounts.AccountByEmail(c, in.Email); err != nil {
				return err
			}
		}
		if _, err := findPerson(c, org, user); err == nil {
			return fault.New(fault.TenantMember, "this user is a member already: change their role instead")
		}
		var err error
		if added, err = s.add(c, org, user, in.Role); err != nil {
			return err
		}
		return s.register.recordRole(ctx, c, "org.member_added", p.Subject(), added, org, "")
	})
	if err != nil {
		return Person{}, wrap("adding a member", err)
	}
	s.accounts.Forget(added.UserID)
	return added, nil
}

// add stores a membership within the limits.
func (s *Service) add(c store.Conn, org, user string, role Role) (Person, error) {
	n, err := c.Exec(insertMember, org, user, string(role), stamp(s.now()))
	if err == nil && n == 0 {
		err = fault.New(fault.TenantNoUser, "no account has this id or email address: they sign up first, then you add them")
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

// SetRole gives a member another role. Admins neither make owners nor touch
// them, and the last owner stays one.
func (s *Service) SetRole(ctx context.Context, p *access.Principal, org, userID string, in ChangeMember) (Person, error) {
	if err := in.Role.valid(); err != nil {
		return Person{}, err
	}
	var changed Person
	err := s.manage(ctx, p, org, func(c store.Conn, caller Role) error {
		person, err := findPerson(c, org, userID)
		if err == nil {
			err = caller.mayTouch(person.Role)
		}
		if err == nil {
			err = caller.mayGive(in.Role)
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

// setRole changes a role in one statement that keeps an owner.
func (s *Service) setRole(c store.Conn, org, userID string, role Role) error {
	n, err := c.Exec(`UPDATE "_members" SET "role" = ?1, "updated_at" = ?2 WHERE "org" = ?3 AND "user_id" = ?4
		AND (?1 = 'owner' OR "role" <> 'owner' OR (SELECT COUNT(*) FROM "_members" WHERE "org" = ?3 AND "role" = 'owner') > 1)`,
		string(role), stamp(s.now()), org, userID)
	if err == nil && n == 0 {
		return lastOwner()
	}
	return err
}

// Remove ends a membership: an owner or admin removes others, and everyone may
// leave, but for the last owner.
func (s *Service) Remove(ctx context.Context, p *access.Principal, org, userID string) error {
	leaving := userID == p.UserID
	err := s.inOrganization(ctx, p, org, func(c store.Conn, caller Role) error {
		person, err := findPerson(c, org, userID)
		if err == nil && !leaving {
			err = caller.mayTouch(person.Role)
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
	if err := role.valid(); err != nil {
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

// manage runs a change that only owners and admins may make.
func (s *Service) manage(ctx context.Context, p *access.Principal, org string, change func(store.Conn, Role) error) error {
	return s.inOrganization(ctx, p, org, func(c store.Conn, caller Role) error {
		if err := caller.mayTouch(Member); err != nil {
			return err
		}
		return change(c, caller)
	})
}

// inOrganization runs a change with the caller's role of that moment. To anyone
// else the organization does not exist.
func (s *Service) inOrganization(ctx context.Context, p *access.Principal, org string, change func(store.Conn, Role) error) error {
	if err := s.signedIn(p); err != nil {
		return err
	}
	return s.engine.Write(ctx, func(c store.Conn) error {
		if err := lock(c, org, stamp(s.now())); err != nil {
			return err
		}
		role, err := roleOf(c, org, p.UserID)
		if err != nil {
			return err
		}
		return change(c, role)
	})
}

// lock makes the changes to one organization's members run one after another on
// every engine, so that two owners can't demote each other at once.
func lock(c store.Conn, org, now string) error {
	n, err := c.Exec(`UPDATE "_orgs" SET "updated_at" = ?1 WHERE "id" = ?2`, now, org)
	if err == nil && n == 0 {
		return notFound()
	}
	return err
}

// roleOf returns a member's role; to others the organization is not found.
func roleOf(c store.Conn, org, userID string) (role Role, err error) {
	err = c.Query(`SELECT "role" FROM "_members" WHERE "org" = ?1 AND "user_id" = ?2`, []any{org, userID}, func(r store.Row) error {
		role = Role(r.Text(0))
		return nil
	})
	if err == nil && role == "" {
		err = notFound()
	}
	return role, err
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

// mayTouch tells whether the role manages members of the other role.
func (r Role) mayTouch(other Role) error {
	if r == Owner || r == Admin && other != Owner {
		return nil
	}
	if r == Admin {
		return fault.New(fault.TenantNotAllowed, "only an owner changes or removes an owner")
	}
	return fault.New(fault.TenantNotAllowed, "only an owner or admin of the organization manages its members")
}

// mayGive tells whether the role hands out the other.
func (r Role) mayGive(other Role) error {
	if r == Admin && other == Owner {
		return fault.New(fault.TenantNotAllowed, "only an owner makes an owner")
	}
	return nil
}

func lastOwner() *fault.Error {
	return fault.New(fault.TenantLastOwner, "this is the organization's last owner: make another member an owner first")
}
