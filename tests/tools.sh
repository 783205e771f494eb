#!/usr/bin/env bash
# Installs the programs that the tests need and that do not come from the Python index. Quick when all are there; loud when
# one is missing and cannot be installed, for a test that is skipped proves nothing.
set -euo pipefail

# program:Debian package, a line each.
TOOLS="
openssl:openssl
sslscan:sslscan
redis-server:redis-server
promtool:prometheus
haproxy:haproxy
nginx:nginx-light
systemd-analyze:systemd
chromium:chromium
faketime:faketime
slowhttptest:slowhttptest
"

missing() {
  local entry
  for entry in $TOOLS; do
    command -v "${entry%%:*}" > /dev/null || echo "$1${entry#*:}"
  done
}

packages=$(missing "")
[ -z "$packages" ] && exit 0

if command -v apt-get > /dev/null; then
  as_root=""
  [ "$(id -u)" = 0 ] || as_root="sudo -n"
  # shellcheck disable=SC2086 - words are meant to be words
  $as_root apt-get update -q > /dev/null \
    && DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -q --no-install-recommends $packages > /dev/null || true
  # The tests start their own. What was installed only for them must not serve on a developer's machine, on 9090 or 80.
  if [ -d /run/systemd/system ]; then
    for package in $packages; do
      $as_root systemctl disable --now --quiet "${package%-light}.service" 2> /dev/null || true
    done
  fi
fi

packages=$(missing "  ")
if [ -n "$packages" ]; then
  printf 'the tests need these programs, and they could not be installed here; packages by Debian name:\n%s\n' "$packages" >&2
  exit 1
fi
