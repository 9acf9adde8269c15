#!/usr/bin/env bash
# The checks that need no running program: formatting and warnings.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
dotnet build Drover.slnx -c Release -v quiet -nologo
dotnet format Drover.slnx --no-restore --verify-no-changes
if [ -f web/package.json ]; then
  (cd web && { [ -d node_modules ] || npm ci --no-audit --no-fund; } && npm run --silent lint && npm run --silent check)
fi
eng/deploy-check.sh
echo "Lint: clean"
