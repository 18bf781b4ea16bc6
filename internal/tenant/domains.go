package tenant

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"net"
	"slices"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// Resolver looks DNS records up; net.DefaultResolver is one.
type Resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
}

// Domain is an e-mail domain that an organization claims as its own. It is, once
// the record is found: then no other organization has it.
type Domain struct {
	Domain     string  `json:"domain"` // in ASCII: xn--bcher-kva.example
	Record     string  `json:"record"` // the name of the TXT record to set
	Value      string  `json:"value"`  // what it has to say
	VerifiedAt *string `json:"verifiedAt"`
	AutoJoin   bool    `json:"autoJoin"` // users with a confirmed address of the domain become members
	Role       Role    `json:"role"`     // that they get
	CreatedAt  string  `json:"createdAt"`
}

// NewDomain is what one sends to claim a domain.
type NewDomain struct {
	Domain string `json:"domain"`
}

// ChangeDomain says who joins by a domain, and as what; nil stays.
type ChangeDomain struct {
	AutoJoin *bool `json:"autoJoin"`
	Role     *Role `json:"role"`
}

const challenge = "_loam-challenge."

// domainName is the one spelling of a domain: ASCII, in small letters, without
// the dot at the end.
func domainName(text string) (string, error) {
	bad := fault.New(fault.TenantBadDomain, "write the domain as example.com, without a port or a path").At("domain")
	name, err := idna.Lookup.ToASCII(strings.TrimSuffix(strings.TrimSpace(text), "."))
	if err != nil || len(name) > 253 || !strings.Contains(name, ".") || net.ParseIP(name) != nil {
		return "", bad
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 {
			return "", bad
		}
	}
	return name, nil
}

// ownable refuses domains whose addresses belong to people who have nothing to
// do with each other.
func ownable(domain string) error {
	_, err := publicsuffix.EffectiveTLDPlusOne(domain)
	if err != nil || sharedMail(domain) {
		return fault.New(fault.TenantBadDomain, "%s is shared by many: an organization claims a domain of its own", domain).At("domain")
	}
	return nil
}

const selectDomain = `SELECT d."domain", d."token", d."verified_at", d."auto_join", d."role", d."created_at" FROM "_domains" d WHERE d."org" = ?1 `

func scanDomain(r store.Row) Domain {
	d := Domain{Domain: r.Text(0), Record: challenge + r.Text(0), Value: r.Text(1), AutoJoin: r.Bool(3), Role: Role(r.Text(4)), CreatedAt: r.Text(5)}
	if !r.Null(2) {
		at := r.Text(2)
		d.VerifiedAt = &at
	}
	return d
}

func findDomain(c store.Conn, org, domain string) (d Domain, err error) {
	err = c.Query(selectDomain+`AND d."domain" = ?2`, []any{org, domain}, func(r store.Row) error {
		d = scanDomain(r)
		return nil
	})
	if err == nil && d.Domain == "" {
		err = fault.New(fault.TenantNoDomain, "the organization has not claimed this domain")
	}
	return d, err
}

// domains refuses where organizations claim none.
func (s *Service) domains() error {
	if err := s.withOrganizations(); err != nil {
		return err
	}
	if s.register.NoDomains {
		return fault.New(fault.TenantNoDomains, "organizations claim no domains here: loam.yaml says organizations.domains: off")
	}
	return nil
}

// Domains returns what an organization has claimed, by name: as many as it may.
// It needs domains.manage.
func (s *Service) Domains(ctx context.Context, p *access.Principal, org string) ([]Domain, error) {
	if err := s.domains(); err != nil {
		return nil, err
	}
	var list []Domain
	err := s.look(ctx, p, org, func(c store.Conn, caller Role) error {
		list = []Domain{}
		if err := s.register.need(caller, config.DomainsManage); err != nil {
			return err
		}
		return c.Query(selectDomain+`ORDER BY d."domain"`, []any{org}, func(r store.Row) error {
			list = append(list, scanDomain(r))
			return nil
		})
	})
	return list, wrap("listing domains", err)
}

// manageDomain runs a change of a domain that needs domains.manage, puts it on
// record, and returns the domain as it is then.
func (s *Service) manageDomain(ctx context.Context, p *access.Principal, org, domain, action string, change func(c store.Conn, caller Role) error) (Domain, error) {
	if err := s.domains(); err != nil {
		return Domain{}, err
	}
	var d Domain
	err := s.permit(ctx, p, org, config.DomainsManage, func(c store.Conn, caller Role) error {
		if err := change(c, caller); err != nil {
			return err
		}
		var err error
		if d, err = findDomain(c, org, domain); err != nil {
			return err
		}
		return s.register.record(ctx, c, audit.Event{Action: action, Org: org, Actor: p.Subject(), Target: "domain:" + domain,
			Details: map[string]any{"autoJoin": d.AutoJoin, "role": string(d.Role)}})
	})
	return d, wrap("changing a domain", err)
}

// Claim says that a domain is the organization's. Nothing follows from it until
// VerifyDomain; claiming again answers with the same record to set.
func (s *Service) Claim(ctx context.Context, p *access.Principal, org string, in NewDomain) (Domain, error) {
	domain, err := domainName(in.Domain)
	if err == nil {
		err = ownable(domain)
	}
	if err != nil {
		return Domain{}, err
	}
	var b [20]byte
	rand.Read(b[:])
	token := "loam-verification=" + strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))
	return s.manageDomain(ctx, p, org, domain, "org.domain_claimed", func(c store.Conn, _ Role) error {
		if _, err := c.Exec(`INSERT INTO "_domains" ("org", "domain", "token", "role", "created_at", "updated_at") VALUES (?1, ?2, ?3, ?4, ?5, ?5)
			ON CONFLICT ("org", "domain") DO NOTHING`, org, domain, token, string(Member), stamp(s.now())); err != nil {
			return err
		}
		limits, err := s.register.LimitsOf(c, org)
		if err == nil {
			err = room(c, org, limits.Domains, "domains", `SELECT COUNT(*) FROM "_domains" WHERE "org" = ?1`)
		}
		return err
	})
}

// VerifyDomain looks for the record, and makes the domain the organization's.
func (s *Service) VerifyDomain(ctx context.Context, p *access.Principal, org, name string) (Domain, error) {
	if err := s.domains(); err != nil {
		return Domain{}, err
	}
	domain, err := domainName(name)
	if err != nil {
		return Domain{}, err
	}
	var claim Domain
	if err := s.look(ctx, p, org, func(c store.Conn, caller Role) (err error) {
		if err := s.register.need(caller, config.DomainsManage); err != nil {
			return err
		}
		claim, err = findDomain(c, org, domain)
		return err
	}); err != nil {
		return Domain{}, wrap("reading a domain", err)
	}
	if err := s.proved(ctx, claim); err != nil {
		return Domain{}, err
	}
	defer s.accounts.ForgetAll()
	return s.manageDomain(ctx, p, org, domain, "org.domain_verified", func(c store.Conn, _ Role) error {
		if err := c.Query(`SELECT 1 FROM "_domains" WHERE "domain" = ?1 AND "org" <> ?2 AND "verified_at" IS NOT NULL`, []any{domain, org}, func(store.Row) error {
			return fault.New(fault.TenantDomainTaken, "another organization has shown %s to be its own: it gives it up first", domain)
		}); err != nil {
			return err
		}
		_, err := c.Exec(`UPDATE "_domains" SET "verified_at" = COALESCE("verified_at", ?4), "updated_at" = ?4 WHERE "org" = ?1 AND "domain" = ?2 AND "token" = ?3`,
			org, domain, claim.Value, stamp(s.now()))
		return err
	})
}

// proved asks the DNS for a claim's record.
func (s *Service) proved(ctx context.Context, claim Domain) error {
	if s.outside.Resolver == nil {
		return fault.New(fault.TenantNoDomains, "this server looks up no DNS")
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	texts, err := s.outside.Resolver.LookupTXT(ctx, claim.Record+".")
	if slices.Contains(texts, claim.Value) {
		return nil
	}
	missing := fault.New(fault.TenantUnproved, "there is no TXT record %s with the value %s yet: set it, and try again when the DNS has it", claim.Record, claim.Value)
	if dns, ok := errors.AsType[*net.DNSError](err); err != nil && (!ok || !dns.IsNotFound) {
		return missing.Because(err)
	}
	return missing
}

// SetDomain says who joins by a domain: only where it is verified, and with a
// role that the caller may give. Nobody becomes an owner by a domain.
func (s *Service) SetDomain(ctx context.Context, p *access.Principal, org, name string, in ChangeDomain) (Domain, error) {
	domain, err := domainName(name)
	if err != nil {
		return Domain{}, err
	}
	if in.Role != nil {
		if err := s.register.known(*in.Role); err != nil {
			return Domain{}, err
		}
		if *in.Role == Owner {
			return Domain{}, fault.New(fault.TenantBadRole, "nobody becomes an owner by a domain: choose another role").At("role")
		}
	}
	return s.manageDomain(ctx, p, org, domain, "org.domain_changed", func(c store.Conn, caller Role) error {
		d, err := findDomain(c, org, domain)
		if err != nil {
			return err
		}
		if in.Role != nil {
			d.Role = *in.Role
		}
		if in.AutoJoin != nil {
			d.AutoJoin = *in.AutoJoin
		}
		if d.AutoJoin && d.VerifiedAt == nil {
			return fault.New(fault.TenantUnproved, "verify the domain first: until then nobody joins by it")
		}
		if err := s.register.mayGive(caller, d.Role); err != nil && (d.AutoJoin || in.Role != nil) {
			return err
		}
		_, err = c.Exec(`UPDATE "_domains" SET "auto_join" = ?3, "role" = ?4, "updated_at" = ?5 WHERE "org" = ?1 AND "domain" = ?2`,
			org, domain, d.AutoJoin, string(d.Role), stamp(s.now()))
		return err
	})
}

// Release gives a domain up: it is free for others, and a new claim needs a new
// record.
func (s *Service) Release(ctx context.Context, p *access.Principal, org, name string) error {
	if err := s.domains(); err != nil {
		return err
	}
	domain, err := domainName(name)
	if err != nil {
		return err
	}
	return wrap("releasing a domain", s.permit(ctx, p, org, config.DomainsManage, func(c store.Conn, _ Role) error {
		n, err := c.Exec(`DELETE FROM "_domains" WHERE "org" = ?1 AND "domain" = ?2`, org, domain)
		if err == nil && n == 0 {
			return fault.New(fault.TenantNoDomain, "the organization has not claimed this domain")
		}
		if err != nil {
			return err
		}
		return s.register.record(ctx, c, audit.Event{Action: "org.domain_released", Org: org, Actor: p.Subject(), Target: "domain:" + domain})
	}))
}

// JoinByDomain makes a user whose address has just been confirmed a member of the
// organization that has its domain, where that lets them in; within the
// transaction that confirms it. An organization that is full lets nobody in, and
// keeps nobody from signing up.
func (r Register) JoinByDomain(c store.Conn, userID, email string) error {
	if r.Off || r.NoDomains {
		return nil
	}
	domain, err := domainName(email[strings.LastIndexByte(email, '@')+1:])
	if err != nil {
		return nil // an address that no organization can claim
	}
	var org string
	var role Role
	if err := c.Query(`SELECT d."org", d."role" FROM "_domains" d JOIN "_orgs" o ON o."id" = d."org"
		WHERE d."domain" = ?1 AND d."verified_at" IS NOT NULL AND d."auto_join" = 1 AND o."suspended_at" IS NULL AND o."deleted_at" IS NULL`,
		[]any{domain}, func(row store.Row) error {
			org, role = row.Text(0), Role(row.Text(1))
			return nil
		}); err != nil {
		return err
	}
	if org == "" || role == Owner || r.known(role) != nil {
		return nil
	}
	if full, err := r.full(c, org, userID); err != nil || full {
		return err
	}
	n, err := c.Exec(insertMember, org, userID, string(role), stamp(r.clock()()))
	if err != nil || n == 0 {
		return err
	}
	return r.record(context.Background(), c, audit.Event{Action: "org.member_added", Org: org, Actor: "user:" + userID, Target: "user:" + userID,
		Details: map[string]any{"role": string(role), "domain": domain}})
}

// full tells whether the organization or the user has no room for a membership.
func (r Register) full(c store.Conn, org, userID string) (bool, error) {
	limits, err := r.LimitsOf(c, org)
	if err != nil {
		return false, err
	}
	var members, of int64
	err = c.Query(`SELECT (SELECT COUNT(*) FROM "_members" WHERE "org" = ?1), (SELECT COUNT(*) FROM "_members" WHERE "user_id" = ?2)`,
		[]any{org, userID}, func(row store.Row) error {
			members, of = row.Int(0), row.Int(1)
			return nil
		})
	return limits.Members > 0 && members >= limits.Members || of >= int64(r.perUser()), err
}
