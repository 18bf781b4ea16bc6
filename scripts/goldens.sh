#!/bin/sh
# Regenerates, and fails where that changes a file. Edits that were there before
# do not count, so that it can be run in a tree that is being worked on.
set -eu
state() {
	git status --porcelain -- docs/reference ':(glob)**/testdata/**'
	git diff -- docs/reference ':(glob)**/testdata/**' | git hash-object --stdin
}
before=$(state)
scripts/generate.sh
if [ "$before" != "$(state)" ]; then
	git status --short -- docs/reference ':(glob)**/testdata/**'
	echo "goldens: not what the code makes; look at the difference, then commit it"
	exit 1
fi
