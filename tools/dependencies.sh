#!/usr/bin/env bash
# Installs what building, testing and running need, as Debian 12 packages, and from npm what drives the browser
# of the tests and what plays the model's part in them; does nothing when all is there.
# Usage: tools/dependencies.sh [build|test|bench]   (test, the default, includes build; bench includes both and adds what
# bench/filter_bench compares itself with)
set -euo pipefail

build=(g++ cmake ninja-build pkg-config libcpp-httplib-dev libpugixml-dev libssl-dev libcurl4-openssl-dev
       nlohmann-json3-dev libsqlite3-dev libyaml-cpp-dev libspdlog-dev libre2-dev libmd4c-dev prometheus-cpp-dev libcli11-dev curl
       ca-certificates)
tests=(libgtest-dev libgmock-dev libbenchmark-dev nginx-light openssl python3 python3-jsonschema
       python3-yaml git chromium)

references=(libvectorscan-dev libicu-dev)

wanted=("${build[@]}")
if [ "${1:-test}" = bench ]; then
  wanted+=("${references[@]}")
  set -- test
fi
if [ "${1:-test}" = test ]; then
  wanted+=("${tests[@]}")
  # Wherever they come from: other packages of Node bring npm along, and Debian's npm cannot stand beside those.
  command -v node >/dev/null || wanted+=(nodejs)
  command -v npm >/dev/null || wanted+=(npm)
fi

missing=()
for package in "${wanted[@]}"; do
  status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "Missing packages: ${missing[*]}. Run this as root, or install sudo." >&2; exit 1; }
    as_root=(sudo)
  fi
  echo "Installing: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  # nginx must not be started by its package: the tests start their own on high ports.
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

# What the tests take from npm: what drives the browser, and model upstreams that others wrote.
for folder in browser upstreams; do
  folder="$(dirname "$0")/../tests/$folder"
  if [ "${1:-test}" = test ] && ! cmp -s "$folder/package-lock.json" "$folder/node_modules/.installed"; then
    echo "Installing: packages of $(basename "$folder") tests"
    (cd "$folder" && npm ci --silent --ignore-scripts && cp package-lock.json node_modules/.installed)
  fi
done
