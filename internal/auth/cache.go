package auth

import (
	"hash/maphash"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loam-dev/loam/internal/access"
)

// cache remembers whom a verified token stands for, so that a signature is
// checked and a session looked up once a minute and not once a request. A hit
// checks the expiry again, and that nothing has been revoked since: forget takes
// effect at once.
type cache struct {
	now    func() time.Time
	seed   maphash.Seed
	shards [shards]shard
	// Each subject (a user, an API key) has a generation, shared by a few others
	// for a bounded memory. An entry of an older generation is void.
	generations [4096]atomic.Uint64
}

// shards keep requests on several cores out of each other's way.
const shards = 16

// shard is a bounded map: when young is full it becomes old, and what old held
// is dropped. What is used moves back to young.
type shard struct {
	mu         sync.RWMutex
	young, old map[string]entry
}

type entry struct {
	who        *access.Principal
	until      time.Time
	generation uint64
	of         *atomic.Uint64
}

func newCache(now func() time.Time) *cache {
	c := &cache{now: now, seed: maphash.MakeSeed()}
	for i := range c.shards {
		c.shards[i].young = make(map[string]entry)
	}
	return c
}

// get returns whom the token stood for when it was verified, or nil.
func (c *cache) get(token string) *access.Principal {
	s := c.shard(token)
	s.mu.RLock()
	e, young := s.young[token]
	if !young {
		e = s.old[token]
	}
	s.mu.RUnlock()
	if e.who == nil || e.of.Load() != e.generation || !c.now().Before(e.until) {
		return nil
	}
	if !young {
		s.put(token, e)
	}
	return e.who
}

// mark is taken before a token is looked up; put drops what was revoked between.
type mark struct {
	generation uint64
	of         *atomic.Uint64
}

func (c *cache) mark(subject string) mark {
	of := &c.generations[maphash.String(c.seed, subject)%uint64(len(c.generations))]
	return mark{of.Load(), of}
}

// put remembers a verified token until it expires, a minute at most.
func (c *cache) put(token string, who *access.Principal, expires time.Time, m mark) {
	until := c.now().Add(cachedFor)
	if expires.Before(until) {
		until = expires
	}
	c.shard(token).put(strings.Clone(token), entry{who, until, m.generation, m.of}) // of a request, which may be large
}

func (c *cache) shard(token string) *shard {
	return &c.shards[maphash.String(c.seed, token)%uint64(len(c.shards))]
}

// forget voids every entry of a subject.
func (c *cache) forget(subject string) { c.mark(subject).of.Add(1) }

// forgetAll voids every entry.
func (c *cache) forgetAll() {
	for i := range c.generations {
		c.generations[i].Add(1)
	}
}

func (s *shard) put(token string, e entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.young) >= cachedTokens/2/shards {
		s.young, s.old = make(map[string]entry), s.young
	}
	s.young[token] = e
}
