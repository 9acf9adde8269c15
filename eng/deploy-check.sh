#!/usr/bin/env bash
# Checks deploy/ by what can be checked without a container engine, a cluster or a running systemd. eng/lint.sh runs it.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
install_packages systemd
(cd eng/deploy && { [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --no-audit --no-fund --silent; })
node eng/deploy/check.mjs "$PWD/deploy"
# Faults only: an order of keys, or which service comes first, is a matter of reading.
eng/deploy/node_modules/.bin/dclint -c eng/deploy/dclint.json --max-warnings 0 deploy/compose.yaml deploy/compose.postgres.yaml
bash -n deploy/secrets.sh

# The program is not where the units will find it, so the units that are verified name another.
units=$(mktemp -d)
trap 'rm -rf "$units"' EXIT
for unit in deploy/systemd/*.service; do
  sed 's|^ExecStart=/opt/drover/drover|ExecStart=/bin/true|' "$unit" >"$units/$(basename "$unit")"
done
told=$(SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --man=no "$units"/*.service 2>&1) || true
if grep -F "$units" <<<"$told" || grep -E '^drover' <<<"$told"; then
  echo "systemd-analyze does not like the units." >&2
  exit 1
fi
systemd-analyze security --offline=true --threshold=25 --no-pager "$units"/*.service >/dev/null || { echo "A unit is exposed more than 2.5 of 10; see systemd-analyze security." >&2; exit 1; }
echo "Deploy: clean"
