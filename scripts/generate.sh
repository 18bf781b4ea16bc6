#!/bin/sh
# Runs every test package that has an -update flag with it. GOTESTFLAGS lets a
# caller share the build cache of its own test run.
set -eu
packages=$(git ls-files '*_test.go' | xargs -r grep -lE 'flag\.Bool\("update"' | xargs -rn1 dirname | sort -u | sed 's|^|./|')
# shellcheck disable=SC2086 # both are lists
[ -z "$packages" ] || go test ${GOTESTFLAGS:-} -count=1 $packages -update
