#!/bin/sh
# Known vulnerabilities in what the code calls, where their database can be had.
set -eu
govulncheck="go run golang.org/x/vuln/cmd/govulncheck@v1.9.0"
if $govulncheck -version | grep -q '^DB updated'; then
	$govulncheck ./...
else
	echo "govulncheck: left out, its database can't be reached from here"
fi
