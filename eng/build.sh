#!/usr/bin/env bash
# Builds the program into out/: out/drover runs on the ordinary .NET runtime, so no C compiler is needed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
case "$(uname -m)" in aarch64) rid=linux-arm64 ;; *) rid=linux-x64 ;; esac
dotnet publish src/Drover.Cli -c Release -r "$rid" --no-self-contained -o out -v quiet -nologo
(cd web && { [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --no-audit --no-fund --silent; } && npm run --silent build)
rm -rf out/web && mkdir -p out/web && cp -r web/dist/. out/web/ && rm -rf out/web/.vite
echo "Built out/drover"
