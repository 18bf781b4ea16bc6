#!/bin/sh
# Makes the embedded GraphiQL anew from its npm packages.
set -eu
out=$(cd "$(dirname "$0")/../internal/httpapi/graphiql" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --no-audit --no-fund --loglevel=error graphiql@3.8.3 react@18.3.1 react-dom@18.3.1
gzip -9nc node_modules/graphiql/graphiql.min.js >"$out/graphiql.js.gz"
gzip -9nc node_modules/graphiql/graphiql.min.css >"$out/graphiql.css.gz"
cat node_modules/react/umd/react.production.min.js node_modules/react-dom/umd/react-dom.production.min.js | gzip -9nc >"$out/react.js.gz"
