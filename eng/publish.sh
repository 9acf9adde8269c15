#!/usr/bin/env bash
# Makes the native program out/release/drover, with SQLite's library and the dashboard beside it.
# It needs clang or gcc and the zlib headers (zlib1g-dev). --program-only: without the dashboard, for which it needs no Node.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
case "$(uname -m)" in aarch64) rid=linux-arm64 ;; *) rid=linux-x64 ;; esac
compiler=$(command -v clang || command -v gcc) || { echo "The native build needs clang or gcc." >&2; exit 1; }
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
dotnet publish src/Drover.Cli -c Release -r "$rid" -p:PublishAot=true -p:StripSymbols=true -p:CppCompilerAndLinker="$(basename "$compiler")" \
  -p:RestoreLockedMode=false -o "$made" -v quiet -nologo
rm -rf out/release
mkdir -p out/release
cp "$made/Drover.Cli" out/release/drover
cp "$made"/libe_sqlite3.so out/release/
if [ "${1:-}" != --program-only ]; then
  build_web
  mkdir out/release/web
  cp -r web/dist/. out/release/web/
  rm -rf out/release/web/.vite
fi
echo "Built out/release/drover ($(du -h out/release/drover | cut -f1))"
