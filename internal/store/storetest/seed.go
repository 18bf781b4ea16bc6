package storetest

import (
	"os"
	"strconv"
	"testing"
)

// Seed is what random tests draw from. It is the same each time, so that a failure
// tells of the change and not of the draw, unless LOAM_SEED is another number.
func Seed(t testing.TB) uint64 {
	t.Helper()
	given := os.Getenv("LOAM_SEED")
	if given == "" {
		return 1
	}
	seed, err := strconv.ParseUint(given, 10, 64)
	if err != nil || seed == 0 {
		t.Fatalf("LOAM_SEED is %q, not a number from 1", given)
	}
	return seed
}
