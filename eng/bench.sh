#!/usr/bin/env bash
# Runs benchmarks; docs/performance.md tells which exist and what they gave. Without arguments it lists them.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
exec dotnet run --project bench/Drover.Bench -c Release -- "$@"
