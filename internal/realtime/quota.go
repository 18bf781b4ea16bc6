package realtime

import (
	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/fault"
)

// Limits bound the subscriptions of one environment. They are in loam.yaml under
// limits.realtime.
type Limits struct {
	PerUser         int // of one user or API key; who is nobody is bound by their connections
	PerOrganization int
	All             int
}

// quota counts subscriptions by whose they are. The hub's lock guards it.
type quota struct {
	Limits
	users, orgs map[string]int
	all         int
}

// counted says what a subscription counts for.
type counted struct {
	in        bool
	user, org string // "" for nobody and none
}

func newQuota(l Limits) quota {
	return quota{Limits: l, users: map[string]int{}, orgs: map[string]int{}}
}

// admit counts a subscription, or refuses it.
func (q *quota) admit(s *Subscription, by *access.Principal) error {
	c := counted{in: true, org: by.Org}
	if by.Kind != access.Anonymous {
		c.user = by.Subject()
	}
	switch {
	case q.all >= q.All:
		return fault.New(fault.RealtimeTooMany, "the server has %d subscriptions, as many as it may (limits.realtime.subscriptionsOfServer); try again in a while", q.All)
	case c.user != "" && q.users[c.user] >= q.PerUser:
		return fault.New(fault.RealtimeTooMany, "you have %d subscriptions, the most that one caller may have (limits.realtime.subscriptionsPerUser)", q.PerUser)
	case c.org != "" && q.orgs[c.org] >= q.PerOrganization:
		return fault.New(fault.RealtimeTooMany, "your organization has %d subscriptions, the most that one may have (limits.realtime.subscriptionsPerOrganization)", q.PerOrganization)
	}
	s.counted = c
	q.add(c, 1)
	return nil
}

// leave counts a subscription no longer.
func (q *quota) leave(s *Subscription) {
	if s.in {
		q.add(s.counted, -1)
		s.in = false
	}
}

func (q *quota) add(c counted, n int) {
	q.all += n
	for key, counts := range map[string]map[string]int{c.user: q.users, c.org: q.orgs} {
		if key == "" {
			continue
		}
		if counts[key] += n; counts[key] == 0 {
			delete(counts, key)
		}
	}
}
