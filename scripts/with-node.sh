#!/usr/bin/env bash
# Runs a command, and all that it starts, on another version of Node.js: scripts/with-node.sh 24 npm test
# The binary comes from the npm registry, as one of the packages behind the package `node`, and is kept in a cache. That of root
# is where other users may go: some tests start Node.js as one of those.
set -euo pipefail
version=${1:?usage: scripts/with-node.sh VERSION COMMAND…}
shift
platform=$(node -p '`${process.platform}-${process.arch}`')
case $platform in
  darwin-arm64) package=node-bin-$platform ;;
  win32-*) package=node-win-${platform#win32-} ;;
  *) package=node-$platform ;;
esac
if [ "$(id -u)" = 0 ]; then caches=/var/cache; else caches=${XDG_CACHE_HOME:-$HOME/.cache}; fi
cache=$caches/receiptd/node-$version
bin=$cache/node_modules/$package/bin
if ! "$bin/node" --version >/dev/null 2>&1; then
  mkdir -p "$cache"
  npm install --silent --no-save --no-package-lock --prefix "$cache" "$package@$version" >&2
fi
export PATH=$bin:$PATH
echo "on Node.js $(node --version)" >&2
exec "$@"
