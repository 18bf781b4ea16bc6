#!/bin/sh
# Installs each npm project under tests/, web/, sdk/ and examples/ where its lock file is newer than
# what is installed, and runs its "check" script where it has one. That of web/, sdk/ and
# examples/ fails where the files that the binary embeds are not what the source makes.
# One whose "unchanged" script says that there is nothing to check is left alone.
set -eu
command -v npm >/dev/null || { echo "npm: not found; the judges that live on npm are left out"; exit 0; }
for lock in tests/*/package-lock.json web/*/package-lock.json sdk/*/package-lock.json examples/*/web/package-lock.json; do
	[ -f "$lock" ] || continue
	dir=$(dirname "$lock")
	if grep -q '"unchanged":' "$dir/package.json" && (cd "$dir" && npm run --silent unchanged); then
		echo "unchanged: $dir"
		continue
	fi
	if [ ! -f "$dir/node_modules/.package-lock.json" ] || [ "$lock" -nt "$dir/node_modules/.package-lock.json" ]; then
		echo "npm ci in $dir"
		(cd "$dir" && npm ci --no-audit --no-fund --loglevel=error)
		touch "$dir/node_modules/.package-lock.json"
	fi
	(cd "$dir" && npm run --silent --if-present check)
done
