#!/bin/sh
# Prints where the binary is that the tests run. Go's cache keeps it, so that it is
# linked once for all of them; whoever makes it is told a place that is gone then.
set -eu
cd "$(dirname "$0")/.."
for _ in 1 2; do
	loam=$(CGO_ENABLED=0 go run -exec echo ./cmd/loam)
	[ ! -x "$loam" ] || { echo "$loam"; exit 0; }
done
echo "there is no $loam, though go has built it" >&2
exit 1
