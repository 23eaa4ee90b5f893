#!/usr/bin/env bash
# Makes sure that what the tests start can be started: finds Redis, PostgreSQL, MariaDB and Chromium, or installs them where
# this user may. Each test starts its own; services that the packages bring are not used.
set -euo pipefail
has() { command -v "$1" >/dev/null || compgen -G "/usr/lib/postgresql/*/bin/$1" >/dev/null; }
debian=() brew=()
has redis-server || { debian+=(redis-server) brew+=(redis); }
has initdb || { debian+=(postgresql) brew+=(postgresql); }
has mariadbd || { debian+=(mariadb-server) brew+=(mariadb); }
has chromium || has chromium-browser || has google-chrome-stable || has google-chrome ||
  compgen -G "/Applications/*Chrom*.app" >/dev/null || { debian+=(chromium) brew+=(chromium); }
if [ ${#debian[@]} = 0 ]; then exit 0; fi
echo "not installed, installing: ${debian[*]}" >&2
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${debian[@]}" >&2
elif command -v brew >/dev/null; then
  brew install "${brew[@]}" >&2
else
  echo "install them (Debian: sudo apt-get install ${debian[*]}) and run this again" >&2
  exit 1
fi
