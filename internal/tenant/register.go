package tenant

import (
	"cmp"
	"context"
	"time"

	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/jobs"
	"github.com/loam-dev/loam/internal/store"
)

// Register is the book of who belongs where, within a transaction that somebody
// else runs: auth signs users up and in with it (its interface Organizations).
// The zero Register keeps organizations.
type Register struct {
	Off         bool                       // no organizations: everyone is a member of None
	Audit       *audit.Log                 // nil records nothing
	Roles       config.Roles               // that members can have; none: the standard ones
	Limits      *config.OrganizationLimits // of an organization that has none of its own; nil: the standard ones
	PerUser     int                        // organizations that one user belongs to; 0: maxOrganizations
	AdminsFound bool                       // admins of the server alone found organizations
	NoDomains   bool                       // organizations claim no domains
	Jobs        *jobs.Queue                // not started yet; nil: what is deleted is removed by Purge alone
	Shared      bool                       // other nodes count requests too: see RateTables
	Now         func() time.Time           // nil: the clock
}

func (r Register) perUser() int { return cmp.Or(r.PerUser, maxOrganizations) }

func (r Register) clock() func() time.Time {
	if r.Now == nil {
		return time.Now
	}
	return r.Now
}

// First gives a new user an organization of their own, or where there are none
// the membership that everyone has. Nobody becomes an admin there by being
// first: that is for whoever runs the server to say (Service.Appoint).
func (r Register) First(c store.Conn, userID, name string) error {
	if r.Off {
		now := stamp(r.clock()())
		_, err := c.Exec(insertMember, None, userID, string(Member), now)
		return err
	}
	if r.AdminsFound {
		return nil
	}
	org := Organization{ID: newID(), Name: "Personal", CreatedAt: stamp(r.clock()())}
	if name != "" {
		org.Name = name + "'s organization"
	}
	_, err := r.found(context.Background(), c, org, userID, "user:"+userID)
	return err
}

// Enroll makes members of None of the users who are not yet: those from before
// tenancy was turned off, and those whom seeds added. To run at start and after
// seeding where Off.
func (r Register) Enroll(c store.Conn) error {
	_, err := c.Exec(`INSERT INTO "_members" ("org", "user_id", "role", "created_at", "updated_at")
		SELECT ?1, u."id", ?2, ?3, ?3 FROM "_users" u WHERE TRUE
		ON CONFLICT ("org", "user_id") DO NOTHING`, None, string(Member), stamp(r.clock()()))
	return err
}

// Active returns the organization if the user is a member of it, else the one
// that the user joined first, with the role there; "" without any. One that is
// suspended is none.
func (r Register) Active(c store.Conn, userID, org string) (id, name, role string, err error) {
	if r.Off {
		org = None
	}
	scan := func(row store.Row) error {
		id, name, role = row.Text(0), row.Text(1), row.Text(2)
		return nil
	}
	if org != "" {
		err = c.Query(`SELECT o."id", o."name", m."role" FROM "_members" m JOIN "_orgs" o ON o."id" = m."org"
			WHERE m."org" = ?1 AND m."user_id" = ?2 AND o."suspended_at" IS NULL AND o."deleted_at" IS NULL`, []any{org, userID}, scan)
	}
	if err == nil && id == "" && !r.Off {
		err = c.Query(`SELECT o."id", o."name", m."role" FROM "_members" m JOIN "_orgs" o ON o."id" = m."org"
			WHERE m."user_id" = ?1 AND m."org" <> ?2 AND o."suspended_at" IS NULL AND o."deleted_at" IS NULL ORDER BY m."created_at", m."org" LIMIT 1`, []any{userID, None}, scan)
	}
	return id, name, role, err
}

// Standing refuses who would act in an organization that is closed: with
// fault.TenantSuspended, or as one that is not there. userID is whose membership
// they act by, "" for an API key; to a user who is no member nothing is told.
func (r Register) Standing(c store.Conn, org, userID string) error {
	found, suspended := false, false
	err := c.Query(`SELECT o."suspended_at" IS NOT NULL FROM "_orgs" o WHERE o."id" = ?1 AND o."deleted_at" IS NULL
		AND (?2 = '' OR EXISTS (SELECT 1 FROM "_members" m WHERE m."org" = o."id" AND m."user_id" = ?2))`,
		[]any{org, userID}, func(row store.Row) error {
			found, suspended = true, row.Bool(0)
			return nil
		})
	switch {
	case err != nil:
		return err
	case !found:
		return notFound()
	case suspended:
		return suspendedNow()
	}
	return nil
}

// Leads tells whether the user is an owner or admin of an organization that has
// other members: being alone in one's own is leading nobody.
func (r Register) Leads(c store.Conn, userID string) (leads bool, err error) {
	err = c.Query(`SELECT EXISTS (SELECT 1 FROM "_members" m WHERE m."user_id" = ?1 AND m."role" IN (?2, ?3)
		AND EXISTS (SELECT 1 FROM "_members" o WHERE o."org" = m."org" AND o."user_id" <> m."user_id"))`,
		[]any{userID, string(Owner), string(Admin)}, func(row store.Row) error {
			leads = row.Bool(0)
			return nil
		})
	return leads, err
}

// insertMember takes the organization, user, role and time. It adds nobody who
// is there already and no user that is not.
const insertMember = `INSERT INTO "_members" ("org", "user_id", "role", "created_at", "updated_at")
	SELECT ?1, u."id", ?3, ?4, ?4 FROM "_users" u WHERE u."id" = ?2
	ON CONFLICT ("org", "user_id") DO NOTHING`

// found stores an organization with its owner, and returns its slug.
func (r Register) found(ctx context.Context, c store.Conn, org Organization, owner, actor string) (slug string, err error) {
	for _, slug = range organizationSlugs(org.Name) {
		n, err := c.Exec(`INSERT INTO "_orgs" ("id", "name", "slug", "created_at", "updated_at") VALUES (?1, ?2, ?3, ?4, ?4)
			ON CONFLICT ("slug") DO NOTHING`, org.ID, org.Name, slug, org.CreatedAt)
		if err != nil {
			return "", err
		}
		if n > 0 {
			break
		}
	}
	n, err := c.Exec(insertMember, org.ID, owner, string(Owner), org.CreatedAt)
	if err == nil && n == 0 {
		err = fault.New(fault.TenantNoUser, "there is no such user")
	}
	if err != nil {
		return "", err
	}
	return slug, r.record(ctx, c, audit.Event{Action: "org.founded", Org: org.ID, Actor: actor, Target: "user:" + owner,
		Details: map[string]any{"name": org.Name, "slug": slug}})
}

// roomForOrganization refuses a user in too many organizations; it runs after
// the membership was added, so that the error undoes it.
func (r Register) roomForOrganization(c store.Conn, userID string) error {
	most := int64(r.perUser())
	return c.Query(`SELECT COUNT(*) FROM "_members" WHERE "user_id" = ?1`, []any{userID}, func(row store.Row) error {
		if row.Int(0) > most {
			return fault.New(fault.TenantLimit, "a user belongs to at most %d organizations", most)
		}
		return nil
	})
}

// roomForMember refuses an organization with too many members, likewise.
func (r Register) roomForMember(c store.Conn, org string) error {
	if r.Off {
		return nil
	}
	limits, err := r.LimitsOf(c, org)
	if err != nil {
		return err
	}
	return room(c, org, limits.Members, "members", `SELECT COUNT(*) FROM "_members" WHERE "org" = ?1`)
}
