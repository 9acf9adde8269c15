#!/usr/bin/env bash
# The checks that need no running program: formatting and warnings.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
dotnet build Drover.slnx -c Release -v quiet -nologo
dotnet format Drover.slnx --no-restore --verify-no-changes
eng/docs.sh --check --no-build
if [ -f web/package.json ]; then
  (cd web && { [ -d node_modules ] || npm ci --no-audit --no-fund; } && npm run --silent lint && npm run --silent check)
  # The dashboard's types are those of the API's document.
  (cd web && npx --no-install openapi-typescript ../docs/openapi.json 2>/dev/null | cmp -s - src/api/schema.d.ts) \
    || { echo "web/src/api/schema.d.ts is not that of docs/openapi.json: run 'npm run types' in web/." >&2; exit 1; }
fi
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1
(cd tests/browser && { [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --no-audit --no-fund --silent; } && npm run --silent lint && npm run --silent check)
eng/deploy-check.sh
echo "Lint: clean"
