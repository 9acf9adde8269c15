#!/usr/bin/env bash
# Runs benchmarks; docs/performance.md tells which exist and what they gave. Without arguments it lists them.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# Beside the queues that others use: from Debian and npm, run by Node. (npm ci refuses a lock without the optional packages of other platforms.)
if [ "${1:-}" = peers ]; then
  shift
  if [ "${1:-}" = ssh ]; then
    shift
    install_packages openssh-server openssh-client pssh clustershell ansible-core
    [ -x out/drover ] || eng/build.sh
    exec node bench/peers/ssh.mjs "$@"
  fi
  install_packages beanstalkd redis-server postgresql
  (cd bench/peers && { [ node_modules/.package-lock.json -nt package-lock.json ] || npm install --no-save --ignore-scripts --no-audit --no-fund --silent; })
  if [ "${1:-}" = stores ]; then
    shift
    exec node bench/peers/stores.mjs "$@"
  fi
  exec node bench/peers/run.mjs "$@"
fi
# The dashboard in Chromium: the table under load, a store with a million jobs, the first load. BENCH_JOBS: another number of jobs.
if [ "${1:-}" = web ]; then
  shift
  install_packages chromium
  [ -x out/drover ] || eng/build.sh
  (cd tests/browser && { [ node_modules/.package-lock.json -nt package-lock.json ] || PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund --silent; })
  dotnet build bench/Drover.Bench -c Release -v quiet -nologo
  cd tests/browser
  exec npx playwright test --config bench/playwright.config.ts "$@"
fi
# Hangfire and Drover on the same servers.
if [ "${1:-}" = hangfire ]; then install_packages postgresql redis-server; fi
exec dotnet run --project bench/Drover.Bench -c Release -- "$@"
