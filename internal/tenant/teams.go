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

// Team is a group of an organization's members. Rules name it by its slug; rows
// refer to it by its id, which is never another's.
type Team struct {
	ID        string `json:"id"`
	Slug      string `json:"slug"` // unique in the organization
	Name      string `json:"name"`
	Members   int64  `json:"members"`
	CreatedAt string `json:"createdAt"`
}

// NewTeam is what one sends to make a team. Without a slug it gets one made of
// the name.
type NewTeam struct {
	Name string `json:"name"`
	Slug string `json:"slug"`
}

// ChangeTeam says what of a team becomes different; nil stays.
type ChangeTeam struct {
	Name *string `json:"name"`
	Slug *string `json:"slug"`
}

// Teams returns the slugs and ids of the teams that a user is in, inside the
// caller's transaction: what a Principal has of them.
func (r Register) Teams(c store.Conn, org, user string) (slugs, ids []string, err error) {
	err = c.Query(`SELECT t."slug", t."id" FROM "_team_members" m JOIN "_teams" t ON t."org" = m."org" AND t."id" = m."team"
		WHERE m."org" = ?1 AND m."user_id" = ?2 ORDER BY t."slug"`, []any{org, user}, func(row store.Row) error {
		slugs, ids = append(slugs, row.Text(0)), append(ids, row.Text(1))
		return nil
	})
	return slugs, ids, err
}

const selectTeam = `SELECT t."id", t."slug", t."name", (SELECT COUNT(*) FROM "_team_members" m WHERE m."org" = t."org" AND m."team" = t."id"),
	t."created_at" FROM "_teams" t WHERE t."org" = ?1 `

func scanTeam(r store.Row) Team {
	return Team{r.Text(0), r.Text(1), r.Text(2), r.Int(3), r.Text(4)}
}

func findTeam(c store.Conn, org, team string) (found Team, err error) {
	err = c.Query(selectTeam+`AND t."id" = ?2`, []any{org, team}, func(r store.Row) error {
		found = scanTeam(r)
		return nil
	})
	if err == nil && found.ID == "" {
		err = fault.New(fault.TenantNoTeam, "the organization has no such team")
	}
	return found, err
}

// ListTeams returns an organization's teams, by slug: as many as it may have. It
// needs members.read.
func (s *Service) ListTeams(ctx context.Context, p *access.Principal, org string) ([]Team, error) {
	if err := s.withOrganizations(); err != nil {
		return nil, err
	}
	var teams []Team
	err := s.look(ctx, p, org, func(c store.Conn, caller Role) error {
		teams = []Team{}
		if err := s.register.need(caller, config.MembersRead); err != nil {
			return err
		}
		return c.Query(selectTeam+`ORDER BY t."slug"`, []any{org}, func(r store.Row) error {
			teams = append(teams, scanTeam(r))
			return nil
		})
	})
	return teams, wrap("listing teams", err)
}

// TeamMembers returns a page of a team's members, by id. It needs members.read.
func (s *Service) TeamMembers(ctx context.Context, p *access.Principal, org, team string, page Page) (People, error) {
	if err := s.withOrganizations(); err != nil {
		return People{}, err
	}
	limit, err := page.limit()
	if err != nil {
		return People{}, err
	}
	people := People{}
	err = s.look(ctx, p, org, func(c store.Conn, caller Role) error {
		people = People{Items: []Person{}}
		if err := s.register.need(caller, config.MembersRead); err != nil {
			return err
		}
		if _, err := findTeam(c, org, team); err != nil {
			return err
		}
		return c.Query(selectPerson+`JOIN "_team_members" t ON t."org" = m."org" AND t."user_id" = m."user_id"
			WHERE m."org" = ?1 AND t."team" = ?2 AND m."user_id" > ?3 ORDER BY m."user_id" LIMIT ?4`,
			[]any{org, team, page.After, limit + 1}, func(r store.Row) error {
				people.Items = append(people.Items, scanPerson(r))
				return nil
			})
	})
	if len(people.Items) > limit {
		people.Items = people.Items[:limit]
		people.NextCursor = &people.Items[limit-1].UserID
	}
	return people, wrap("listing the members of a team", err)
}

// manageTeams runs a change that needs teams.manage, and puts it on record.
func (s *Service) manageTeams(ctx context.Context, p *access.Principal, org, action string, change func(store.Conn) (Team, map[string]any, error)) (Team, error) {
	if err := s.withOrganizations(); err != nil {
		return Team{}, err
	}
	var team Team
	err := s.permit(ctx, p, org, config.TeamsManage, func(c store.Conn, _ Role) error {
		changed, details, err := change(c)
		if err != nil {
			return err
		}
		team = changed
		return s.register.record(ctx, c, audit.Event{Action: action, Org: org, Actor: p.Subject(), Target: "team:" + team.ID, Details: details})
	})
	return team, wrap("changing a team", err)
}

// AddTeam makes a team, with nobody in it.
func (s *Service) AddTeam(ctx context.Context, p *access.Principal, org string, in NewTeam) (Team, error) {
	name, err := displayName(in.Name)
	if err != nil {
		return Team{}, err
	}
	candidates := []string{in.Slug}
	if in.Slug == "" {
		candidates = numbered(cmp.Or(slugOf(name), "team"))
	} else if err := wellFormedSlug(in.Slug); err != nil {
		return Team{}, err
	}
	return s.manageTeams(ctx, p, org, "org.team_added", func(c store.Conn) (Team, map[string]any, error) {
		team, err := s.insertTeam(c, org, Team{ID: newID(), Name: name, CreatedAt: stamp(s.now())}, candidates)
		if err != nil {
			return Team{}, nil, err
		}
		limits, err := s.register.LimitsOf(c, org)
		if err == nil {
			err = room(c, org, limits.Teams, "teams", `SELECT COUNT(*) FROM "_teams" WHERE "org" = ?1`)
		}
		return team, map[string]any{"slug": team.Slug, "name": team.Name}, err
	})
}

// insertTeam stores a team under the first slug that is free.
func (s *Service) insertTeam(c store.Conn, org string, team Team, candidates []string) (Team, error) {
	for _, team.Slug = range candidates {
		n, err := c.Exec(`INSERT INTO "_teams" ("org", "id", "slug", "name", "created_at", "updated_at") VALUES (?1, ?2, ?3, ?4, ?5, ?5)
			ON CONFLICT ("org", "slug") DO NOTHING`, org, team.ID, team.Slug, team.Name, team.CreatedAt)
		if err != nil || n > 0 {
			return team, err
		}
	}
	return Team{}, fault.New(fault.TenantSlugTaken, "another team has the slug %q: choose another", team.Slug).At("slug")
}

// ChangeTeam gives a team another name or slug. Rules that name the old slug
// mean its members no more, at once.
func (s *Service) ChangeTeam(ctx context.Context, p *access.Principal, org, team string, in ChangeTeam) (Team, error) {
	if in.Name != nil {
		name, err := displayName(*in.Name)
		if err != nil {
			return Team{}, err
		}
		in.Name = &name
	}
	if in.Slug != nil {
		if err := wellFormedSlug(*in.Slug); err != nil {
			return Team{}, err
		}
	}
	var members []string
	changed, err := s.manageTeams(ctx, p, org, "org.team_changed", func(c store.Conn) (Team, map[string]any, error) {
		if in.Slug != nil {
			if err := c.Query(`SELECT 1 FROM "_teams" WHERE "org" = ?1 AND "slug" = ?2 AND "id" <> ?3`, []any{org, *in.Slug, team}, func(store.Row) error {
				return fault.New(fault.TenantSlugTaken, "another team has the slug %q: choose another", *in.Slug).At("slug")
			}); err != nil {
				return Team{}, nil, err
			}
		}
		if _, err := c.Exec(`UPDATE "_teams" SET "name" = COALESCE(?3, "name"), "slug" = COALESCE(?4, "slug"), "updated_at" = ?5
			WHERE "org" = ?1 AND "id" = ?2`, org, team, orNull(in.Name), orNull(in.Slug), stamp(s.now())); err != nil {
			return Team{}, nil, err
		}
		var err error
		if members, err = teamMembers(c, org, team); err != nil {
			return Team{}, nil, err
		}
		found, err := findTeam(c, org, team)
		return found, map[string]any{"slug": found.Slug, "name": found.Name}, err
	})
	s.forgetUsers(members)
	return changed, err
}

// RemoveTeam ends a team. Its members stay members of the organization.
func (s *Service) RemoveTeam(ctx context.Context, p *access.Principal, org, team string) error {
	var members []string
	_, err := s.manageTeams(ctx, p, org, "org.team_removed", func(c store.Conn) (Team, map[string]any, error) {
		found, err := findTeam(c, org, team)
		if err != nil {
			return Team{}, nil, err
		}
		if members, err = teamMembers(c, org, team); err != nil {
			return Team{}, nil, err
		}
		_, err = c.Exec(`DELETE FROM "_teams" WHERE "org" = ?1 AND "id" = ?2`, org, team)
		return found, map[string]any{"slug": found.Slug}, err
	})
	s.forgetUsers(members)
	return err
}

// Assign puts a member of the organization into a team; once is enough.
func (s *Service) Assign(ctx context.Context, p *access.Principal, org, team, userID string) error {
	_, err := s.manageTeams(ctx, p, org, "org.team_member_added", func(c store.Conn) (Team, map[string]any, error) {
		found, err := findTeam(c, org, team)
		if err != nil {
			return Team{}, nil, err
		}
		if _, err := findPerson(c, org, userID); err != nil {
			return Team{}, nil, err
		}
		_, err = c.Exec(`INSERT INTO "_team_members" ("org", "team", "user_id", "created_at") VALUES (?1, ?2, ?3, ?4)
			ON CONFLICT ("org", "team", "user_id") DO NOTHING`, org, team, userID, stamp(s.now()))
		return found, map[string]any{"user": userID}, err
	})
	s.accounts.Forget(userID)
	return err
}

// Unassign takes a member out of a team; anyone may leave one.
func (s *Service) Unassign(ctx context.Context, p *access.Principal, org, team, userID string) error {
	if err := s.withOrganizations(); err != nil {
		return err
	}
	err := s.inOrganization(ctx, p, org, func(c store.Conn, caller Role) error {
		if userID != p.UserID {
			if err := s.register.need(caller, config.TeamsManage); err != nil {
				return err
			}
		}
		if _, err := findTeam(c, org, team); err != nil {
			return err
		}
		n, err := c.Exec(`DELETE FROM "_team_members" WHERE "org" = ?1 AND "team" = ?2 AND "user_id" = ?3`, org, team, userID)
		if err == nil && n == 0 {
			return fault.New(fault.TenantNoMember, "the team has no such member")
		}
		if err != nil {
			return err
		}
		return s.register.record(ctx, c, audit.Event{Action: "org.team_member_removed", Org: org, Actor: p.Subject(), Target: "team:" + team,
			Details: map[string]any{"user": userID}})
	})
	s.accounts.Forget(userID)
	return wrap("taking a member out of a team", err)
}

// teamMembers lists the ids of a team's members.
func teamMembers(c store.Conn, org, team string) (ids []string, err error) {
	err = c.Query(`SELECT "user_id" FROM "_team_members" WHERE "org" = ?1 AND "team" = ?2`, []any{org, team}, func(r store.Row) error {
		ids = append(ids, r.Text(0))
		return nil
	})
	return ids, err
}
