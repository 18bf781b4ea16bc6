package tenant

import (
	"context"
	"math"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/loam-dev/loam/internal/store"
)

// Where several nodes share a database, an organization's requests are counted there,
// once for all: a node has itself granted some ahead, the more the faster it uses them
// up, and never more than a part of a minute's. No more are admitted than by one node;
// what a node does not use of its grant is lost to the others for a moment.
const (
	grantParts    = 20              // of a minute's requests, one is granted at most
	grantGrows    = time.Second     // a grant that is used up sooner makes the next one twice as large
	grantKept     = 5 * time.Second // after which the rest of it is not used any more
	grantPatience = 2 * time.Second // with the database
	grantTries    = 100             // of a request, while others take what was granted
)

// grants is what rates need to share.
type grants struct {
	on     bool
	flight singleflight.Group // one question an organization at a time
}

// RateTables returns the system table that requests are counted in: see audit.Tables.
// What it holds is worth nothing after a crash.
func RateTables(d store.Dialect) []string {
	if d != store.PostgreSQL {
		return nil
	}
	return []string{`CREATE UNLOGGED TABLE IF NOT EXISTS "_requests" (
		"org" text COLLATE "C" PRIMARY KEY, "tokens" double precision NOT NULL, "granted" double precision NOT NULL, "at" bigint NOT NULL
	)`}
}

// spend takes a request out of the grant; under the shard's lock.
func (b *bucket) spend(now time.Time) (lacks bool, wait time.Duration) {
	if now.Sub(b.at) > grantKept {
		b.tokens = 0
	}
	if b.tokens >= 1 {
		b.tokens--
		return false, 0
	}
	wait = b.until.Sub(now)
	return wait <= 0, max(wait, 0)
}

// want is how many requests to ask for.
func (r *rates) want(org string, now time.Time) (chunk, perMinute float64) {
	s := r.shard(org)
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.find(org)
	if b == nil {
		return 1, 0
	}
	if b.chunk = math.Min(2*b.chunk, b.perMinute/grantParts); now.Sub(b.at) > grantGrows {
		b.chunk = 1
	}
	b.chunk = math.Max(1, math.Floor(b.chunk))
	return b.chunk, b.perMinute
}

// granted notes what was answered.
func (r *rates) granted(org string, now time.Time, granted, left float64) {
	s := r.shard(org)
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.find(org)
	if b == nil || b.perMinute == 0 {
		return
	}
	if granted >= 1 {
		b.tokens, b.at, b.until = b.tokens+granted, now, time.Time{}
		return
	}
	b.until = now.Add(time.Duration((1 - left) / b.perMinute * float64(time.Minute)))
}

// grant has requests granted by the database, once for all who wait for them here.
func (s *Service) grant(ctx context.Context, org string, now time.Time) error {
	_, err, _ := s.rates.grants.flight.Do(org, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grantPatience)
		defer cancel()
		chunk, perMinute := s.rates.want(org, now)
		if perMinute == 0 {
			return nil, nil
		}
		var granted, left float64
		err := store.WriteAlone(ctx, s.engine, func(c store.Conn) error {
			return c.Query(grantRequests, []any{org, perMinute, chunk, now.UnixMilli()}, func(r store.Row) error {
				granted, left = r.Float(0), r.Float(1)
				return nil
			})
		})
		if err == nil {
			s.rates.granted(org, now, granted, left)
		}
		return nil, err
	})
	return wrap("counting an organization's requests", err)
}

// due is what an organization may still ask, refilled since the last grant.
const (
	due = `LEAST(CAST(?2 AS double precision), r."tokens" + GREATEST(CAST(?4 AS bigint) - r."at", 0) * CAST(?2 AS double precision) / 60000)`

	grantRequests = `INSERT INTO "_requests" AS r ("org", "tokens", "granted", "at")
		VALUES (?1, CAST(?2 AS double precision) - CAST(?3 AS double precision), CAST(?3 AS double precision), CAST(?4 AS bigint))
		ON CONFLICT ("org") DO UPDATE SET "tokens" = ` + due + ` - LEAST(CAST(?3 AS double precision), floor(` + due + `)),
			"granted" = LEAST(CAST(?3 AS double precision), floor(` + due + `)), "at" = GREATEST(r."at", CAST(?4 AS bigint))
		RETURNING "granted", "tokens"`
)

// PruneRates removes the counts of organizations that have asked nothing for long.
func (s *Service) PruneRates(ctx context.Context) error {
	if !s.rates.grants.on {
		return nil
	}
	return store.WriteAlone(ctx, s.engine, func(c store.Conn) error {
		_, err := c.Exec(`DELETE FROM "_requests" WHERE "at" < ?1`, s.now().Add(-10*time.Minute).UnixMilli())
		return err
	})
}
