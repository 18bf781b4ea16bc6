#!/bin/sh
# Installs the few programs beside Go, Node, git and make that the tests run:
# the documents' commands are pasted into a shell as a reader would, and passkeys
# need a real browser. PostgreSQL and pgbouncer are the other engine; the tests start
# servers of their own.
set -eu
missing=
for tool in bash chromium curl sed; do
	command -v "$tool" >/dev/null || missing="$missing $tool"
done
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || missing="$missing postgresql"
command -v pgbouncer >/dev/null || [ -x /usr/sbin/pgbouncer ] || missing="$missing pgbouncer"
[ -z "$missing" ] && exit 0
command -v apt-get >/dev/null || { echo "install these first:$missing"; exit 1; }
apt-get update -q && apt-get install -q -y $missing
