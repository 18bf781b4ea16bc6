package tokens

import (
	"strconv"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/access"
)

// TestCacheForgets runs lookups against revocations: once a revocation has
// returned, no lookup that starts later finds the token.
func TestCacheForgets(t *testing.T) {
	c := NewCache(time.Now)
	who := &access.Principal{}
	for range 1000 {
		seen := c.Mark("user")
		c.Forget("user")
		c.Put("token", who, time.Now().Add(time.Hour), seen)
		if c.Get("token") != nil {
			t.Fatal("a token outlives a revocation during its lookup")
		}
		c.Put("token", who, time.Now().Add(time.Hour), c.Mark("user"))
		if c.Get("token") != who {
			t.Fatal("a token is not remembered")
		}
		c.Forget("user")
		if c.Get("token") != nil {
			t.Fatal("a token outlives a revocation")
		}
	}
	for i := range 2 * cachedTokens {
		c.Put(strconv.Itoa(i), who, time.Now().Add(time.Hour), c.Mark("user"))
	}
	n := 0
	for i := range c.shards {
		n += len(c.shards[i].young) + len(c.shards[i].old)
	}
	if n > cachedTokens {
		t.Errorf("%d tokens are remembered", n)
	}
}
