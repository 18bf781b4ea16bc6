#!/bin/sh
# Runs the tests that write files, which have Golden or Reference in their names, with
# -update, in every package that has such a flag.
set -eu
packages=$(git ls-files '*_test.go' | xargs -r grep -lE 'flag\.Bool\("update"' | xargs -rn1 dirname | sort -u | sed 's|^|./|')
# shellcheck disable=SC2086 # a list
[ -z "$packages" ] || go test -vet=off -count=1 -run 'Golden|Reference' $packages -update
