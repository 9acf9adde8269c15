#!/usr/bin/env bash
# Installs what the tests need, builds, and runs them all, fast ones first. --fast: rules and stores only.
# --faults [minutes]: only the fault suite, on PostgreSQL and Redis side by side, for so long (10 when none is given).
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

suites=(Drover.Tests Drover.StoreTests)
install_packages postgresql redis-server
if [ "${1:-}" = --faults ]; then
  eng/build.sh
  dotnet build tests/Drover.EndToEnd -c Release -v quiet -nologo
  DROVER_FAULT_MINUTES="${2:-10}" DROVER_PROGRAM="$PWD/out/drover" exec dotnet test --project tests/Drover.EndToEnd -c Release --no-build --no-progress --output detailed \
    --filter-method '*Whatever_fails_under_load*'
fi
if [ "${1:-}" != --fast ]; then
  suites+=(Drover.EndToEnd)
  install_packages openssh-server openssh-client openssl busybox dash perl sudo tcsh zsh fish chromium
  eng/build.sh
fi
dotnet build Drover.slnx -c Release -v quiet -nologo

passed=0 failed=0 broken=0
count() { sed -n "s/^ *$1: *\([0-9]*\).*/\1/p" "$log" | tail -n 1; }
for suite in "${suites[@]}"; do
  log=$(mktemp)
  echo "== $suite"
  # A suite that hangs fails; each takes a third of this at most on two cores.
  DROVER_PROGRAM="$PWD/out/drover" timeout --kill-after=30s 20m dotnet test --project "tests/$suite" -c Release --no-build --no-progress 2>&1 | tee "$log" || broken=1
  passed=$((passed + $(count succeeded) + 0)) failed=$((failed + $(count failed) + 0))
  rm -f "$log"
done
if [ -f web/package.json ]; then
  echo "== web"
  log=$(mktemp)
  (cd web && { [ -d node_modules ] || npm ci --no-audit --no-fund; } && npm run --silent test -- --reporter=dot) 2>&1 | tee "$log" || broken=1
  passed=$((passed + $(sed -n 's/\x1b\[[0-9;]*m//g; s/^ *Tests .*[^0-9]\([0-9]\{1,\}\) passed.*/\1/p' "$log" | tail -n 1) + 0))
  failed=$((failed + $(sed -n 's/\x1b\[[0-9;]*m//g; s/^ *Tests *\([0-9]\{1,\}\) failed.*/\1/p' "$log" | tail -n 1) + 0))
  rm -f "$log"
fi
if [ "${1:-}" != --fast ]; then
  echo "== browser"
  log=$(mktemp)
  export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1
  (cd tests/browser && { [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --no-audit --no-fund --silent; } \
    && DROVER_PROGRAM="$PWD/../../out/drover" npm run --silent test) 2>&1 | tee "$log" || broken=1
  passed=$((passed + $(sed -n 's/^ *\([0-9]\{1,\}\) passed.*/\1/p' "$log" | tail -n 1) + 0))
  failed=$((failed + $(sed -n 's/^ *\([0-9]\{1,\}\) failed.*/\1/p' "$log" | tail -n 1) + 0))
  rm -f "$log"
fi
[ "$broken" = 0 ] || [ "$failed" -gt 0 ] || failed=1
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
