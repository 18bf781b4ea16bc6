package tenant

import (
	"context"
	"strings"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// Invited is an invitation as the one sees it whom it is for, or who has its
// token: not more of the address than its owner needs to know it by.
type Invited struct {
	ID           string   `json:"id"`
	Organization Inviting `json:"organization"`
	Inviter      string   `json:"inviter"` // a name; may be empty
	Email        string   `json:"email"`   // masked
	Role         Role     `json:"role"`
	ExpiresAt    string   `json:"expiresAt"`
}

// Inviting is what an organization shows to those whom it invites.
type Inviting struct {
	Name  string `json:"name"`
	Logo  string `json:"logo"`
	Color string `json:"color"`
}

// Answer names an invitation that the caller accepts or declines: by the token
// that was mailed, or by the id that a user with the invited address finds in
// their list.
type Answer struct {
	Token Token  `json:"token"`
	ID    string `json:"id"`
}

// offer is an open invitation with what decides whether it still holds.
type offer struct {
	Invited
	org, email, invitedBy string
}

// selectOffer leaves out what is closed, expired, or of an organization that is.
const selectOffer = `SELECT i."id", o."name", o."logo", o."color", COALESCE(u."name", ''), i."email", i."role", i."expires_at", i."org", i."invited_by"
	FROM "_invitations" i JOIN "_orgs" o ON o."id" = i."org" LEFT JOIN "_users" u ON u."id" = i."invited_by"
	WHERE i."closed_at" IS NULL AND i."expires_at" > ?1 AND o."deleted_at" IS NULL AND o."suspended_at" IS NULL `

func scanOffer(r store.Row) offer {
	return offer{Invited{r.Text(0), Inviting{r.Text(1), r.Text(2), r.Text(3)}, r.Text(4), masked(r.Text(5)), Role(r.Text(6)), r.Text(7)},
		r.Text(8), r.Text(5), r.Text(9)}
}

// masked hides most of an address: "ada@example.com" is "a**@example.com".
func masked(email string) string {
	local, domain, _ := strings.Cut(email, "@")
	runes := []rune(local)
	if len(runes) < 2 {
		return "*@" + domain
	}
	return string(runes[:1]) + strings.Repeat("*", len(runes)-1) + "@" + domain
}

// offered returns the offer of an answer. One whose inviter may not make it any
// more is none: who was removed has left no way back.
func (r Register) offered(c store.Conn, a Answer) (found offer, err error) {
	by, of := `AND i."hash" = ?2`, a.Token.hash()
	if a.Token == "" {
		by, of = `AND i."id" = ?2`, a.ID
	}
	err = c.Query(selectOffer+by, []any{stamp(r.clock()()), of}, func(row store.Row) error {
		found = scanOffer(row)
		return nil
	})
	if err == nil && (found.ID == "" || !r.holds(c, found)) {
		err = noInvitation()
	}
	return found, err
}

// holds tells whether the inviter may still invite somebody with the role.
func (r Register) holds(c store.Conn, o offer) bool {
	if o.invitedBy == "" || administers(c, o.invitedBy) {
		return r.roles().Has(string(o.Role))
	}
	role, err := roleOf(c, o.org, o.invitedBy)
	return err == nil && r.known(o.Role) == nil && r.need(role, config.MembersInvite) == nil && r.mayGive(role, o.Role) == nil
}

// Offer returns the invitation of a token, for whoever has it.
func (s *Service) Offer(ctx context.Context, token Token) (Invited, error) {
	if err := s.withOrganizations(); err != nil {
		return Invited{}, err
	}
	var found offer
	err := s.engine.Read(ctx, func(c store.Conn) (err error) {
		if token == "" {
			return noInvitation()
		}
		found, err = s.register.offered(c, Answer{Token: token})
		return err
	})
	return found.Invited, wrap("reading an invitation", err)
}

// Offers returns the open invitations for the caller's address, if it is theirs:
// maxOffers at most, the newest first.
func (s *Service) Offers(ctx context.Context, p *access.Principal) ([]Invited, error) {
	if err := signedIn(p); err != nil {
		return nil, err
	}
	if err := s.withOrganizations(); err != nil {
		return nil, err
	}
	var list []Invited
	err := s.engine.Read(ctx, func(c store.Conn) error {
		list = []Invited{}
		var all []offer
		if err := c.Query(selectOffer+`AND i."email" = (SELECT a."email" FROM "_users" a WHERE a."id" = ?2 AND a."verified_at" IS NOT NULL)
			ORDER BY i."id" DESC LIMIT ?3`, []any{stamp(s.now()), p.UserID, maxOffers}, func(r store.Row) error {
			all = append(all, scanOffer(r))
			return nil
		}); err != nil {
			return err
		}
		for _, o := range all {
			if s.register.holds(c, o) {
				list = append(list, o.Invited)
			}
		}
		return nil
	})
	return list, wrap("listing the invitations of a user", err)
}

// Accept makes the caller a member by an invitation for their own address. Who
// has another address, or has not confirmed this one, is told what to do: the
// token alone is not enough, since a mail can be forwarded.
func (s *Service) Accept(ctx context.Context, p *access.Principal, a Answer) (Organization, error) {
	if err := s.answering(p, a); err != nil {
		return Organization{}, err
	}
	var joined Organization
	err := s.engine.Write(ctx, func(c store.Conn) error {
		found, err := s.register.offered(c, a)
		if err == nil {
			err = isFor(c, found, p.UserID, a)
		}
		if err == nil {
			err = s.register.accept(ctx, c, found, p.UserID)
		}
		if err == nil {
			joined, err = s.organization(c, found.org, p.UserID)
		}
		return err
	})
	s.accounts.Forget(p.UserID)
	return joined, wrap("accepting an invitation", err)
}

// answering checks the form of an answer, which a user gives.
func (s *Service) answering(p *access.Principal, a Answer) error {
	if err := signedIn(p); err != nil {
		return err
	}
	if err := s.withOrganizations(); err != nil {
		return err
	}
	if (a.Token == "") == (a.ID == "") {
		return fault.New(fault.QueryRequired, "name the invitation by one of token and id").At("token")
	}
	return nil
}

// isFor refuses a user who has not shown that the invited address is theirs. Who
// names it by its id and is not the one is told nothing.
func isFor(c store.Conn, o offer, userID string, a Answer) error {
	email, verified := "", false
	if err := c.Query(`SELECT "email", "verified_at" IS NOT NULL FROM "_users" WHERE "id" = ?1`, []any{userID}, func(r store.Row) error {
		email, verified = r.Text(0), r.Bool(1)
		return nil
	}); err != nil {
		return err
	}
	switch {
	case email == o.email && verified:
		return nil
	case a.Token == "":
		return noInvitation()
	case email != o.email:
		return fault.New(fault.TenantNotInvited, "this invitation is for %s: sign in or sign up with that address, or ask for an invitation of yours", o.Email)
	}
	return fault.New(fault.TenantUnverified, "confirm your email address first, then accept the invitation again")
}

// AcceptFor makes a new user a member by the invitation of a token, within the
// transaction that signs them up: the token was mailed to the address, and so
// proves it. email is in its canonical spelling.
func (r Register) AcceptFor(c store.Conn, token, userID, email string) error {
	found, err := r.offeredTo(c, token, email)
	if err != nil {
		return err
	}
	return r.accept(context.Background(), c, found, userID)
}

// Invites refuses a token that is no open invitation for the address, which is in
// its canonical spelling.
func (r Register) Invites(c store.Conn, token, email string) error {
	_, err := r.offeredTo(c, token, email)
	return err
}

// offeredTo returns the offer of a token, if it is for the address.
func (r Register) offeredTo(c store.Conn, token, email string) (offer, error) {
	if r.Off {
		return offer{}, withoutOrganizations()
	}
	if token == "" {
		return offer{}, noInvitation()
	}
	found, err := r.offered(c, Answer{Token: Token(token)})
	if err == nil && found.email != email {
		err = fault.New(fault.TenantNotInvited, "this invitation is for %s: sign up with that address", found.Email)
	}
	return found, err
}

// accept uses an invitation up and makes the user a member. Of several at once,
// one finds it open.
func (r Register) accept(ctx context.Context, c store.Conn, o offer, userID string) error {
	now := stamp(r.clock()())
	if err := lock(c, o.org, now); err != nil {
		return err
	}
	n, err := c.Exec(`UPDATE "_invitations" SET "closed_at" = ?3 WHERE "org" = ?1 AND "id" = ?2 AND "closed_at" IS NULL AND "expires_at" > ?3`,
		o.org, o.ID, now)
	if err == nil && n == 0 {
		return noInvitation()
	}
	if err != nil {
		return err
	}
	if err := r.join(c, o.org, userID, o.Role); err != nil {
		return err
	}
	if err := bring(c, o.org, userID, o.invitedBy); err != nil {
		return err
	}
	return r.record(ctx, c, audit.Event{Action: "org.invitation_accepted", Org: o.org, Actor: "user:" + userID, Target: "invitation:" + o.ID,
		Details: map[string]any{"role": string(o.Role), "invitedBy": o.invitedBy}})
}

// join adds a member within the limits.
func (r Register) join(c store.Conn, org, userID string, role Role) error {
	n, err := c.Exec(insertMember, org, userID, string(role), stamp(r.clock()()))
	if err == nil && n == 0 {
		return fault.New(fault.TenantMember, "you are a member of this organization already")
	}
	if err == nil {
		err = r.roomForMember(c, org)
	}
	if err == nil {
		err = r.roomForOrganization(c, userID)
	}
	return err
}

// Decline ends an invitation that the caller does not want. Its token is enough;
// by the id it takes the user whom it is for.
func (s *Service) Decline(ctx context.Context, p *access.Principal, a Answer) error {
	if a.Token == "" || a.ID != "" {
		if err := s.answering(p, a); err != nil {
			return err
		}
	}
	if err := s.withOrganizations(); err != nil {
		return err
	}
	err := s.engine.Write(ctx, func(c store.Conn) error {
		found, err := s.register.offered(c, a)
		if err == nil && a.Token == "" {
			err = isFor(c, found, p.UserID, a)
		}
		if err != nil {
			return err
		}
		n, err := c.Exec(`UPDATE "_invitations" SET "closed_at" = ?3 WHERE "org" = ?1 AND "id" = ?2 AND "closed_at" IS NULL`, found.org, found.ID, stamp(s.now()))
		if err == nil && n == 0 {
			err = noInvitation()
		}
		if err != nil {
			return err
		}
		return s.register.record(ctx, c, audit.Event{Action: "org.invitation_declined", Org: found.org, Actor: p.Subject(), Target: "invitation:" + found.ID})
	})
	return wrap("declining an invitation", err)
}
