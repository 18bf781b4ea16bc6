//go:build soak

package invariant

import "testing"

// TestSoakInvariant asks fifty times as many cases.
func TestSoakInvariant(t *testing.T) { run(t, casesOfSoak) }
