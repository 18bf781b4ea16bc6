package tokens

import (
	"hash/maphash"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loam-dev/loam/internal/access"
)

// The limits of what is remembered of tokens.
const (
	CachedFor    = time.Minute // after which a verified token is looked up again
	cachedTokens = 32768       // verified tokens kept in memory, at most
)

// Cache remembers whom a verified token stands for, so that a signature is
// checked and a session looked up once a minute and not once a request. A hit
// checks the expiry again, and that nothing has been revoked since: Forget takes
// effect at once. It is safe for concurrent use.
type Cache struct {
	now    func() time.Time
	seed   maphash.Seed
	shards [shards]shard
	// Each subject (a user, an API key) has a generation, shared by a few others
	// for a bounded memory. An entry of an older generation is void.
	generations [4096]atomic.Uint64
	forgotten   atomic.Uint64
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

// NewCache makes an empty one.
func NewCache(now func() time.Time) *Cache {
	c := &Cache{now: now, seed: maphash.MakeSeed()}
	for i := range c.shards {
		c.shards[i].young = make(map[string]entry)
	}
	return c
}

// Get returns whom the token stood for when it was verified, or nil.
func (c *Cache) Get(token string) *access.Principal {
	s := c.shard(token)
	e, young := s.get(token)
	if e.who == nil || e.of.Load() != e.generation || !c.now().Before(e.until) {
		return nil
	}
	if !young {
		s.put(token, e)
	}
	return e.who
}

// Mark is taken before a token is looked up; Put drops what was revoked between.
type Mark struct {
	generation uint64
	of         *atomic.Uint64
}

// Mark begins a lookup of a token of the subject.
func (c *Cache) Mark(subject string) Mark {
	of := &c.generations[maphash.String(c.seed, subject)%uint64(len(c.generations))]
	return Mark{of.Load(), of}
}

// Put remembers a verified token until it expires, a minute at most. It returns what
// was remembered before where that says the same: who keeps it for long, as a live
// connection does, need not look whether anything of it has changed.
func (c *Cache) Put(token string, who *access.Principal, expires time.Time, m Mark) *access.Principal {
	until := c.now().Add(CachedFor)
	if expires.Before(until) {
		until = expires
	}
	s := c.shard(token)
	if was, _ := s.get(token); reflect.DeepEqual(was.who, who) {
		who = was.who
	}
	s.put(strings.Clone(token), entry{who, until, m.generation, m.of}) // of a request, which may be large
	return who
}

func (c *Cache) shard(token string) *shard {
	return &c.shards[maphash.String(c.seed, token)%uint64(len(c.shards))]
}

// Forget voids every entry of a subject.
func (c *Cache) Forget(subject string) {
	c.Mark(subject).of.Add(1)
	c.forgotten.Add(1)
}

// Forgotten grows whenever an entry is voided: who keeps what Get answered asks
// again then.
func (c *Cache) Forgotten() uint64 { return c.forgotten.Load() }

// ForgetAll voids every entry.
func (c *Cache) ForgetAll() {
	for i := range c.generations {
		c.generations[i].Add(1)
	}
	c.forgotten.Add(1)
}

func (s *shard) get(token string) (e entry, young bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if e, young = s.young[token]; !young {
		e = s.old[token]
	}
	return e, young
}

func (s *shard) put(token string, e entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.young) >= cachedTokens/2/shards {
		s.young, s.old = make(map[string]entry), s.young
	}
	s.young[token] = e
}
