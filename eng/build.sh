#!/usr/bin/env bash
# Builds the program into out/: out/drover runs on the ordinary .NET runtime, so no C compiler is needed.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
case "$(uname -m)" in aarch64) rid=linux-arm64 ;; *) rid=linux-x64 ;; esac
dotnet publish src/Drover.Cli -c Release -r "$rid" --no-self-contained -o out -v quiet -nologo
build_web
rm -rf out/web && mkdir -p out/web && cp -r web/dist/. out/web/ && rm -rf out/web/.vite
echo "Built out/drover"
