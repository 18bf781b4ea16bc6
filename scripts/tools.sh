#!/bin/sh
# Installs the few programs beside Go, Node, git and make that the tests run:
# the documents' commands are pasted into a shell as a reader would, and passkeys
# need a real browser.
set -eu
missing=
for tool in bash chromium curl sed; do
	command -v "$tool" >/dev/null || missing="$missing $tool"
done
[ -z "$missing" ] && exit 0
command -v apt-get >/dev/null || { echo "install these first:$missing"; exit 1; }
apt-get update -q && apt-get install -q -y $missing
