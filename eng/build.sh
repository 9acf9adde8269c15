#!/usr/bin/env bash
# Builds the program into out/: out/drover runs on the ordinary .NET runtime, so no C compiler is needed.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
case "$(uname -m)" in aarch64) rid=linux-arm64 ;; *) rid=linux-x64 ;; esac
# For any machine, as the solution is built, so that nothing is compiled twice; then without the other machines' libraries.
dotnet publish src/Drover.Cli -c Release --no-self-contained -o out -v quiet -nologo
find out/runtimes -mindepth 1 -maxdepth 1 ! -name "$rid" -exec rm -rf {} +
build_web
rm -rf out/web && mkdir -p out/web && cp -r web/dist/. out/web/ && rm -rf out/web/.vite
echo "Built out/drover"
