package tenant

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log/slog"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/mail"
	"github.com/loam-dev/loam/internal/store"
)

// Invitation is one that is open, as those see it who may invite.
type Invitation struct {
	ID        string `json:"id"`
	Email     string `json:"email"`
	Role      Role   `json:"role"`
	InvitedBy string `json:"invitedBy"` // a user's id; empty for the command line
	CreatedAt string `json:"createdAt"`
	ExpiresAt string `json:"expiresAt"`
	Expired   bool   `json:"expired"` // resending it makes it good again
}

// Invitations is a page of them. NextCursor is nil on the last.
type Invitations struct {
	Items      []Invitation `json:"items"`
	NextCursor *string      `json:"nextCursor"`
}

// NewInvitation names who is to become a member, and as what.
type NewInvitation struct {
	Email string `json:"email"`
	Role  Role   `json:"role"` // "": member
}

// Token is what a mailed invitation is accepted with. It is never printed or
// logged, and only its hash is stored.
type Token string

// Format hides the token under every verb of fmt.
func (t Token) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[token]") }

// LogValue hides the token in logs.
func (t Token) LogValue() slog.Value { return slog.StringValue("[token]") }

const tokenPrefix = "loami_" // lets a scanner find a leaked one

func newToken() Token {
	var b [32]byte
	rand.Read(b[:])
	return Token(tokenPrefix + base64.RawURLEncoding.EncodeToString(b[:]))
}

// hash is the stored form. Tokens are random, so that a plain hash can't be
// guessed from.
func (t Token) hash() string {
	sum := sha256.Sum256([]byte(t))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

const selectInvitation = `SELECT i."id", i."email", i."role", i."invited_by", i."created_at", i."expires_at" FROM "_invitations" i
	WHERE i."org" = ?1 AND i."closed_at" IS NULL `

func scanInvitation(r store.Row, now string) Invitation {
	return Invitation{r.Text(0), r.Text(1), Role(r.Text(2)), r.Text(3), r.Text(4), r.Text(5), r.Text(5) <= now}
}

// openInvitation returns an invitation that nobody has answered or revoked.
func openInvitation(c store.Conn, org, id, now string) (i Invitation, err error) {
	err = c.Query(selectInvitation+`AND i."id" = ?2`, []any{org, id}, func(r store.Row) error {
		i = scanInvitation(r, now)
		return nil
	})
	if err == nil && i.ID == "" {
		err = noInvitation()
	}
	return i, err
}

func noInvitation() *fault.Error {
	return fault.New(fault.TenantNoInvitation, "there is no such invitation: it was answered or revoked, or has expired; ask for another")
}

// Invitations returns a page of an organization's open invitations, by id. It
// needs members.invite.
func (s *Service) Invitations(ctx context.Context, p *access.Principal, org string, page Page) (Invitations, error) {
	if err := s.withOrganizations(); err != nil {
		return Invitations{}, err
	}
	limit, err := page.limit()
	if err != nil {
		return Invitations{}, err
	}
	var found Invitations
	now := stamp(s.now())
	err = s.look(ctx, p, org, func(c store.Conn, caller Role) error {
		found = Invitations{Items: []Invitation{}}
		if err := s.register.need(caller, config.MembersInvite); err != nil {
			return err
		}
		return c.Query(selectInvitation+`AND i."id" > ?2 ORDER BY i."id" LIMIT ?3`, []any{org, page.After, limit + 1}, func(r store.Row) error {
			found.Items = append(found.Items, scanInvitation(r, now))
			return nil
		})
	})
	if len(found.Items) > limit {
		found.Items = found.Items[:limit]
		found.NextCursor = &found.Items[limit-1].ID
	}
	return found, wrap("listing invitations", err)
}

// Invite mails somebody an invitation. It needs members.invite, and a role that
// the caller may give. The answer is the same whether the address has an account
// or not, and never holds the token: that goes to the address alone.
func (s *Service) Invite(ctx context.Context, p *access.Principal, org string, in NewInvitation) (Invitation, error) {
	if err := s.withOrganizations(); err != nil {
		return Invitation{}, err
	}
	if in.Role == "" {
		in.Role = Member
	}
	if err := s.register.known(in.Role); err != nil {
		return Invitation{}, err
	}
	email, err := s.accounts.Address(in.Email)
	if err != nil {
		return Invitation{}, err
	}
	now := s.now()
	i := Invitation{ID: newID(), Email: email, Role: in.Role, InvitedBy: p.UserID, CreatedAt: stamp(now), ExpiresAt: stamp(now.Add(invitationLife))}
	err = s.permit(ctx, p, org, config.MembersInvite, func(c store.Conn, caller Role) error {
		if err := s.register.mayGive(caller, in.Role); err != nil {
			return err
		}
		if err := s.uninvited(c, org, email, i.CreatedAt); err != nil {
			return err
		}
		token := newToken()
		if _, err := c.Exec(`INSERT INTO "_invitations" ("org", "id", "email", "role", "hash", "invited_by", "created_at", "expires_at")
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)`, org, i.ID, i.Email, string(i.Role), token.hash(), i.InvitedBy, i.CreatedAt, i.ExpiresAt); err != nil {
			return err
		}
		if err := s.roomForInvitation(c, org); err != nil {
			return err
		}
		return s.sendInvitation(ctx, c, audit.Event{Action: "org.invitation_sent", Org: org, Actor: p.Subject()}, i, token)
	})
	return i, wrap("inviting a member", err)
}

// uninvited refuses an address that a member has or an open invitation is for,
// and clears away what is past.
func (s *Service) uninvited(c store.Conn, org, email, now string) error {
	if err := c.Query(`SELECT 1 FROM "_members" m JOIN "_users" u ON u."id" = m."user_id" WHERE m."org" = ?1 AND u."email" = ?2`,
		[]any{org, email}, func(store.Row) error {
			return fault.New(fault.TenantMember, "a member has this address already: change their role instead").At("email")
		}); err != nil {
		return err
	}
	if _, err := c.Exec(`UPDATE "_invitations" SET "closed_at" = ?3 WHERE "org" = ?1 AND "email" = ?2 AND "closed_at" IS NULL AND "expires_at" <= ?3`,
		org, email, now); err != nil {
		return err
	}
	day := stamp(s.now().Add(-invitationWindow))
	if _, err := c.Exec(`DELETE FROM "_invitations" WHERE "org" = ?1 AND "closed_at" IS NOT NULL AND "created_at" < ?2`, org, day); err != nil {
		return err
	}
	return c.Query(`SELECT 1 FROM "_invitations" WHERE "org" = ?1 AND "email" = ?2 AND "closed_at" IS NULL`, []any{org, email}, func(store.Row) error {
		return fault.New(fault.TenantInvited, "this address has an open invitation: resend or revoke that one").At("email")
	})
}

// roomForInvitation refuses one too many. Those of the last day count even when
// they are closed, so that nobody mails the world by inviting and revoking.
func (s *Service) roomForInvitation(c store.Conn, org string) error {
	limits, err := s.register.LimitsOf(c, org)
	if err != nil || limits.Invitations == 0 {
		return err
	}
	now := s.now()
	return c.Query(`SELECT COUNT(*) FROM "_invitations" WHERE "org" = ?1 AND ("closed_at" IS NULL AND "expires_at" > ?2 OR "created_at" > ?3)`,
		[]any{org, stamp(now), stamp(now.Add(-invitationWindow))}, func(r store.Row) error {
			if r.Int(0) > limits.Invitations {
				return fault.New(fault.TenantLimit, "this organization has at most %d invitations, open or of the last day: revoke some, or try again tomorrow", limits.Invitations)
			}
			return nil
		})
}

// Resend mails an invitation again, with a new token and all its time; the old
// token is void. From now on it is the caller's, who must be one to make it.
func (s *Service) Resend(ctx context.Context, p *access.Principal, org, id string) (Invitation, error) {
	var i Invitation
	err := s.changeInvitation(ctx, p, org, id, func(c store.Conn, found Invitation) error {
		i = found
		i.InvitedBy, i.ExpiresAt, i.Expired = p.UserID, stamp(s.now().Add(invitationLife)), false
		token := newToken()
		if _, err := c.Exec(`UPDATE "_invitations" SET "hash" = ?3, "invited_by" = ?4, "expires_at" = ?5 WHERE "org" = ?1 AND "id" = ?2`,
			org, id, token.hash(), i.InvitedBy, i.ExpiresAt); err != nil {
			return err
		}
		if err := s.roomForInvitation(c, org); err != nil {
			return err
		}
		return s.sendInvitation(ctx, c, audit.Event{Action: "org.invitation_resent", Org: org, Actor: p.Subject()}, i, token)
	})
	return i, wrap("resending an invitation", err)
}

// Revoke ends an invitation: its token is void at once.
func (s *Service) Revoke(ctx context.Context, p *access.Principal, org, id string) error {
	err := s.changeInvitation(ctx, p, org, id, func(c store.Conn, i Invitation) error {
		if _, err := c.Exec(`UPDATE "_invitations" SET "closed_at" = ?3 WHERE "org" = ?1 AND "id" = ?2`, org, id, stamp(s.now())); err != nil {
			return err
		}
		return s.register.record(ctx, c, audit.Event{Action: "org.invitation_revoked", Org: org, Actor: p.Subject(), Target: "invitation:" + id,
			Details: map[string]any{"email": i.Email, "role": string(i.Role)}})
	})
	return wrap("revoking an invitation", err)
}

// changeInvitation runs a change of an open invitation by who may have made it.
func (s *Service) changeInvitation(ctx context.Context, p *access.Principal, org, id string, change func(store.Conn, Invitation) error) error {
	if err := s.withOrganizations(); err != nil {
		return err
	}
	return s.permit(ctx, p, org, config.MembersInvite, func(c store.Conn, caller Role) error {
		i, err := openInvitation(c, org, id, stamp(s.now()))
		if err == nil {
			err = s.register.mayGive(caller, i.Role)
		}
		if err != nil {
			return err
		}
		return change(c, i)
	})
}

// sendInvitation mails a token and puts that on record.
func (s *Service) sendInvitation(ctx context.Context, c store.Conn, e audit.Event, i Invitation, token Token) error {
	var name, inviter, locale string
	if err := c.Query(`SELECT o."name", COALESCE(u."name", ''), COALESCE(u."locale", '') FROM "_orgs" o LEFT JOIN "_users" u ON u."id" = ?2 WHERE o."id" = ?1`, []any{e.Org, i.InvitedBy},
		func(r store.Row) error {
			name, inviter, locale = r.Text(0), r.Text(1), r.Text(2)
			return nil
		}); err != nil {
		return err
	}
	if s.outside.Mailer != nil {
		data := map[string]any{"Inviter": inviter, "Organization": name, "Expires": invitationLife}
		if s.outside.Link == nil {
			data["Code"] = string(token)
		} else {
			data["Link"] = s.outside.Link(string(token))
		}
		if err := s.outside.Mailer.Send(c, mail.Message{Template: "invitation", To: i.Email, Locale: locale, Org: e.Org, Data: data}); err != nil {
			return err
		}
	}
	e.Target, e.Details = "invitation:"+i.ID, map[string]any{"email": i.Email, "role": string(i.Role)}
	return s.register.record(ctx, c, e)
}
