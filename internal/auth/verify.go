package auth

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// Verify returns whom an access token stands for, with the role of this moment.
// Every request passes here: a token seen in the last minute costs a hash and a
// look into memory, unless something of its user has changed.
func (s *Service) Verify(ctx context.Context, token string) (*access.Principal, error) {
	if who := s.tokens.Get(token); who != nil {
		return who, nil
	}
	claims, err := s.readAccess(token)
	if err != nil {
		return nil, err
	}
	seen := s.tokens.Mark(claims.Subject)
	who, expires, err := s.lookUp(ctx, claims)
	if err != nil {
		return nil, err
	}
	if end := time.Unix(claims.Expires, 0); end.Before(expires) {
		expires = end
	}
	return s.tokens.Put(token, who, expires, seen), nil
}

// lookUp asks the database whether the token's session, user and membership
// still are. The token of an organization that the user has left is refused, and
// refreshing it leads to another.
func (s *Service) lookUp(ctx context.Context, t claims) (*access.Principal, time.Time, error) {
	var user account
	var role, expires, client, scope string
	var acting impersonation
	var teams, teamIDs []string
	err := s.engine.Read(ctx, func(c store.Conn) error {
		role, expires = "", ""
		if err := c.Query(`SELECT s."expires_at", s."client", s."scope", s."impersonator", `+began+` WHERE s."id" = ?1 AND s."user_id" = ?2 AND s."revoked_at" IS NULL`,
			[]any{t.Session, t.Subject}, func(r store.Row) error {
				expires, client, scope, acting = r.Text(0), r.Text(1), r.Text(2), impersonation{r.Text(3), Method(r.Text(4))}
				return nil
			}); err != nil {
			return err
		}
		var err error
		if user, err = findAccount(c, selectAccount+`WHERE u."id" = ?1`, t.Subject); err != nil {
			return err
		}
		if err = acting.standing(c, user); err == nil {
			err = s.goesOn(c, user, acting.how)
		}
		if err != nil || t.Org == "" {
			return err
		}
		org, err := s.active(c, t.Subject, t.Org)
		if err == nil && org.id() != t.Org {
			if err := s.orgs.Standing(c, t.Org, t.Subject); fault.Is(err, fault.TenantSuspended) {
				return err
			}
			return revoked()
		}
		if err == nil {
			role = org.Role
			teams, teamIDs, err = s.orgs.Teams(c, t.Org, t.Subject)
		}
		return err
	})
	if errors.Is(err, errNoAccount) || err == nil && (user.disabled || expires <= stamp(s.now()) || !s.knows(client)) {
		return nil, time.Time{}, revoked()
	}
	if err != nil {
		return nil, time.Time{}, wrap("looking up a session", err)
	}
	until, err := time.Parse(time.RFC3339, expires)
	return &access.Principal{
		Kind: access.User, UserID: user.ID, Username: user.ID, Email: user.Email,
		Org: t.Org, Role: role, Teams: teams, TeamIDs: teamIDs, Groups: user.groups, Admin: user.admin && client == "", SessionID: t.Session,
		Client: client, Scopes: strings.Fields(scope),
		Impersonator: acting.by, ReadOnly: acting.by != "" && acting.how != byAdminWriting,
		Claims: t.with(user.claims(t.Org, role)),
	}, until, wrap("reading a session", err)
}

// began ends a selection of sessions, s, with how each began: an application's as the
// one of its user's that let it.
const began = `COALESCE(p."method", s."method") FROM "_sessions" s LEFT JOIN "_sessions" p ON p."id" = s."parent"`

// goesOn refuses a session whose way in has been closed since.
func (s *Service) goesOn(c store.Conn, user account, how Method) error {
	if s.gate == nil {
		return nil
	}
	stays, err := s.gate.Stays(c, user.ID, user.Email, how)
	if err == nil && !stays {
		return revoked()
	}
	return err
}

// ForgetAll is Forget of everybody: to call after a change to the ways in.
func (s *Service) ForgetAll() { s.tokens.ForgetAll() }

// with adds the app's own claims to those of this moment, which they never replace.
func (c claims) with(known map[string]any) map[string]any {
	for name, value := range c.Own {
		if _, taken := known[name]; !taken {
			known[name] = value
		}
	}
	return known
}

// claims are those that every token of the account has in an organization.
func (a *account) claims(org, role string) map[string]any {
	return map[string]any{
		"sub": a.ID, "username": a.ID, "cognito:username": a.ID, "cognito:groups": a.groups,
		"email": a.Email, "email_verified": a.EmailVerified, "name": a.Name, "org": org, "role": role,
	}
}

// Standing is a user as the rules would know them in an organization, "" for none: one
// that they are no member of gives them no role there. It verifies nothing.
func (s *Service) Standing(ctx context.Context, userID, orgID string) (*access.Principal, error) {
	p := &access.Principal{Kind: access.User, UserID: userID, Username: userID, Org: orgID}
	err := s.engine.Read(ctx, func(c store.Conn) error {
		user, err := findAccount(c, selectAccount+`WHERE u."id" = ?1`, userID)
		if err != nil {
			return err
		}
		p.Email, p.Groups = user.Email, user.groups
		if orgID != "" {
			org, err := s.active(c, userID, orgID)
			if err != nil {
				return err
			}
			if org.id() == orgID {
				p.Role = org.Role
				if p.Teams, p.TeamIDs, err = s.orgs.Teams(c, orgID, userID); err != nil {
					return err
				}
			}
		}
		p.Claims = user.claims(orgID, p.Role)
		return nil
	})
	if errors.Is(err, errNoAccount) {
		err = fault.New(fault.AuthUserNotFound, "there is no user %q", userID)
	}
	return p, wrap("looking for a user", err)
}
