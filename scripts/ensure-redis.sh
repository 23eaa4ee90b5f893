#!/usr/bin/env bash
# Makes sure that the tests' Redis can be started: finds redis-server, or installs it where this user may.
set -euo pipefail
if command -v redis-server >/dev/null; then exit 0; fi
echo 'redis-server is not installed, installing it' >&2
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends redis-server >&2
elif command -v brew >/dev/null; then
  brew install redis >&2
else
  echo 'install redis-server (Debian: sudo apt-get install redis-server) and run this again' >&2
  exit 1
fi
