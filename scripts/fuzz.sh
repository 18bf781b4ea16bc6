#!/bin/sh
# Runs every fuzz target for FUZZTIME, one after another.
set -eu
git ls-files '*_test.go' | xargs -r grep -oE '^func Fuzz[A-Za-z0-9_]*' /dev/null | sed 's/:func / /' | sort |
while read -r file target; do
	go test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-3s}" "./$(dirname "$file")" </dev/null
done
