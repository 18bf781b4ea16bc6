package tenant

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// Limits bound one organization. 0 is no limit.
type Limits struct {
	Members           int64 `json:"members"`
	Teams             int64 `json:"teams"`
	Invitations       int64 `json:"invitations"` // that are open
	Domains           int64 `json:"domains"`
	Rows              int64 `json:"rows"`
	Storage           int64 `json:"storage"` // bytes
	RequestsPerMinute int64 `json:"requestsPerMinute"`
}

// Override is what an admin of the server has set otherwise for one
// organization; nil is as for all.
type Override struct {
	Members           *int64 `json:"members,omitempty"`
	Teams             *int64 `json:"teams,omitempty"`
	Invitations       *int64 `json:"invitations,omitempty"`
	Domains           *int64 `json:"domains,omitempty"`
	Rows              *int64 `json:"rows,omitempty"`
	Storage           *int64 `json:"storage,omitempty"`
	RequestsPerMinute *int64 `json:"requestsPerMinute,omitempty"`
}

// with returns the limits that an override leaves in force.
func (l Limits) with(o Override) Limits {
	for _, one := range []struct {
		limit *int64
		set   *int64
	}{
		{&l.Members, o.Members}, {&l.Teams, o.Teams}, {&l.Invitations, o.Invitations}, {&l.Domains, o.Domains},
		{&l.Rows, o.Rows}, {&l.Storage, o.Storage}, {&l.RequestsPerMinute, o.RequestsPerMinute},
	} {
		if one.set != nil {
			*one.limit = *one.set
		}
	}
	return l
}

// LimitsOf returns the limits in force of an organization, inside the caller's
// transaction.
func (r Register) LimitsOf(c store.Conn, org string) (limits Limits, err error) {
	var text []byte
	err = c.Query(`SELECT "limits" FROM "_orgs" WHERE "id" = ?1`, []any{org}, func(row store.Row) error {
		text = bytes.Clone(row.Bytes(0))
		return nil
	})
	if err != nil {
		return Limits{}, err
	}
	return r.limits(text)
}

// limits are those that the JSON of an Override leaves in force.
func (r Register) limits(text []byte) (Limits, error) {
	l := r.Limits
	if l == nil {
		l = &config.Default().Limits.Organization // dear: every setting is read for it
	}
	limits := Limits{int64(l.Members), int64(l.Teams), int64(l.Invitations), int64(l.Domains), int64(l.Rows), l.Storage, int64(l.RequestsPerMinute)}
	if len(text) <= len("{}") {
		return limits, nil
	}
	var set Override
	err := json.Unmarshal(text, &set)
	return limits.with(set), wrap("reading the limits of an organization", err)
}

// room refuses an organization that has more of something than it may; it runs
// after the addition, so that the error undoes it. count takes the organization.
func room(c store.Conn, org string, limit int64, things, count string) error {
	if limit == 0 {
		return nil
	}
	return c.Query(count, []any{org}, func(row store.Row) error {
		if row.Int(0) > limit {
			return fault.New(fault.TenantLimit, "this organization has at most %d %s", limit, things)
		}
		return nil
	})
}

// SetLimits replaces what of the limits is otherwise for one organization; for
// admins of the server. What is over a new limit stays, and nothing is added.
func (s *Service) SetLimits(ctx context.Context, p *access.Principal, org string, in Override) (Record, error) {
	if err := s.admin(p); err != nil {
		return Record{}, err
	}
	for _, set := range []*int64{in.Members, in.Teams, in.Invitations, in.Domains, in.Rows, in.Storage, in.RequestsPerMinute} {
		if set != nil && *set < 0 {
			return Record{}, fault.New(fault.QueryBadValue, "a limit is a number from 1, or 0 for none")
		}
	}
	text, err := json.Marshal(in)
	if err != nil {
		return Record{}, wrap("encoding limits", err)
	}
	var record Record
	err = s.engine.Write(ctx, func(c store.Conn) (err error) {
		if _, err := c.Exec(`UPDATE "_orgs" SET "limits" = ?2, "updated_at" = ?3 WHERE "id" = ?1`, org, string(text), stamp(s.now())); err != nil {
			return err
		}
		if record, err = s.record(c, org); err != nil {
			return err
		}
		return s.register.record(ctx, c, audit.Event{Action: "org.limits_changed", Org: org, Actor: p.Subject(), Target: "org:" + org,
			Details: map[string]any{"limits": string(text)}})
	})
	s.rates.forget(org)
	return record, wrap("changing the limits of an organization", err)
}

// ForgetLimits makes the limits of an organization be read again: to call when
// another node has changed them.
func (s *Service) ForgetLimits(org string) { s.rates.forget(org) }

// ForgetAllLimits is ForgetLimits for all organizations.
func (s *Service) ForgetAllLimits() { s.rates.forgetAll() }
