package tenant

import (
	"context"
	"hash/maphash"
	"math"
	"sync"
	"time"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// rates count the requests of each organization in memory, or for several nodes in the
// database (rate_shared.go). A minute's requests may come at once; then they come as
// fast as they are refilled.
type rates struct {
	grants grants
	seed   maphash.Seed
	shards [rateShards]rateShard
}

// rateShard is a bounded map: when young is full it becomes old, and what old
// held is forgotten.
type rateShard struct {
	mu         sync.Mutex
	young, old map[string]*bucket
	forgotten  int // times that a limit was forgotten
}

// bucket holds what an organization may still ask.
type bucket struct {
	perMinute float64 // 0: any number
	tokens    float64
	at        time.Time // of tokens
	known     time.Time // when the limits were read
	usage     store.Usage

	chunk float64   // of the last grant
	until time.Time // nothing is granted before
}

func newRates(shared bool) *rates {
	r := &rates{seed: maphash.MakeSeed(), grants: grants{on: shared}}
	for i := range r.shards {
		r.shards[i].young = map[string]*bucket{}
	}
	return r
}

func (r *rates) shard(org string) *rateShard {
	return &r.shards[maphash.String(r.seed, org)%rateShards]
}

// find returns an organization's bucket, or nil; under the lock.
func (s *rateShard) find(org string) *bucket {
	b := s.young[org]
	if b == nil {
		if b = s.old[org]; b != nil {
			s.put(org, b)
		}
	}
	return b
}

func (s *rateShard) put(org string, b *bucket) {
	if len(s.young) >= maxBuckets/2/rateShards {
		s.young, s.old = map[string]*bucket{}, s.young
	}
	s.young[org] = b
}

// lack is what it takes to count a request.
type lack uint8

const (
	nothing  lack = iota
	theLimit      // has to be read first
	aGrant        // has to be asked for first
)

// take counts a request, unless something is lacking. wait is 0, or how long until the
// next request is let in.
func (r *rates) take(org string, now time.Time) (lacks lack, wait time.Duration, limit int64) {
	s := r.shard(org)
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.find(org)
	if b == nil || now.Sub(b.known) >= rateKnown {
		return theLimit, 0, 0
	}
	if b.perMinute == 0 {
		return nothing, 0, 0
	}
	if r.grants.on {
		lacking, wait := b.spend(now)
		if lacking {
			return aGrant, 0, int64(b.perMinute)
		}
		return nothing, wait, int64(b.perMinute)
	}
	if since := now.Sub(b.at); since > 0 {
		b.tokens, b.at = math.Min(b.perMinute, b.tokens+since.Minutes()*b.perMinute), now
	}
	if b.tokens < 1 {
		return nothing, time.Duration((1 - b.tokens) / b.perMinute * float64(time.Minute)), int64(b.perMinute)
	}
	b.tokens--
	return nothing, 0, 0
}

// read has the limits of an organization read and notes them, but for those that
// change meanwhile. What it has used of an old one stays used.
func (r *rates) read(org string, now time.Time, read func() (Limits, error)) (Limits, error) {
	s := r.shard(org)
	s.mu.Lock()
	forgotten := s.forgotten
	s.mu.Unlock()
	limits, err := read()
	if err != nil {
		return limits, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.know(org, limits, now, r.grants.on)
	if s.forgotten != forgotten {
		s.find(org).known = time.Time{}
	}
	return limits, nil
}

// know notes an organization's limits; under the lock.
func (s *rateShard) know(org string, limits Limits, now time.Time, shared bool) {
	perMinute := limits.RequestsPerMinute
	b := s.find(org)
	if b == nil {
		b = &bucket{}
		s.put(org, b)
	}
	switch {
	case shared && b.perMinute != float64(perMinute):
		b.tokens, b.until = 0, time.Time{}
	case !shared && b.perMinute == 0:
		b.tokens, b.at = float64(perMinute), now
	}
	b.perMinute, b.known, b.usage = float64(perMinute), now, limits.usage()
	b.tokens = math.Min(b.tokens, b.perMinute)
}

// usage is the most that an organization may have, where that is known.
func (r *rates) usage(org string, now time.Time) (most store.Usage, known bool) {
	s := r.shard(org)
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.find(org)
	if b == nil || now.Sub(b.known) >= rateKnown {
		return most, false
	}
	return b.usage, true
}

// forget makes the limits be read again.
func (r *rates) forget(org string) {
	s := r.shard(org)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forgotten++
	if b := s.find(org); b != nil {
		b.known = time.Time{}
	}
}

// forgetAll does so for all organizations.
func (r *rates) forgetAll() {
	for i := range r.shards {
		s := &r.shards[i]
		s.mu.Lock()
		s.forgotten++
		for _, all := range []map[string]*bucket{s.young, s.old} {
			for _, b := range all {
				b.known = time.Time{}
			}
		}
		s.mu.Unlock()
	}
}

// Admit counts a request of the caller's organization, and refuses it where that
// has had as many as it may. It takes under a microsecond, but for one a minute
// that reads the limit, and those that have further ones granted.
func (s *Service) Admit(ctx context.Context, p *access.Principal) error {
	if p.Org == "" || s.register.Off || p.Kind == access.Superuser {
		return nil
	}
	now := s.now()
	for range grantTries {
		lacks, wait, limit := s.rates.take(p.Org, now)
		var err error
		switch {
		case lacks == theLimit:
			err = s.readLimits(ctx, p.Org, now)
		case lacks == aGrant:
			err = s.grant(ctx, p.Org, now)
		case wait > 0:
			return fault.New(fault.TenantTooMany, "this organization has had its %d requests a minute; try again after Retry-After", limit).After(wait)
		default:
			return nil
		}
		if err != nil {
			return err
		}
	}
	return fault.New(fault.TenantTooMany, "this organization asks more than can be counted; try again after Retry-After").After(time.Second)
}

func (s *Service) readLimits(ctx context.Context, org string, now time.Time) error {
	_, err := s.rates.read(org, now, func() (limits Limits, err error) {
		err = s.engine.ReadOne(ctx, func(c store.Conn) (err error) {
			limits, err = s.register.LimitsOf(c, org)
			return err
		})
		return limits, err
	})
	return wrap("reading how much an organization may ask", err)
}
