//go:build soak

package fault

import "testing"

// TestSoakKilledServer kills the server two hundred times.
func TestSoakKilledServer(t *testing.T) { killAgainAndAgain(t, killsOfSoak) }
