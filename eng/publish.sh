#!/usr/bin/env bash
# Makes the native single file out/release/drover. It needs clang or gcc and the zlib headers (zlib1g-dev).
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
case "$(uname -m)" in aarch64) rid=linux-arm64 ;; *) rid=linux-x64 ;; esac
compiler=$(command -v clang || command -v gcc) || { echo "The native build needs clang or gcc." >&2; exit 1; }
dotnet publish src/Drover.Cli -c Release -r "$rid" -p:PublishAot=true -p:StripSymbols=true -p:CppCompilerAndLinker="$(basename "$compiler")" \
  -p:RestoreLockedMode=false -o out/release -v quiet -nologo
echo "Built out/release/drover ($(du -h out/release/drover | cut -f1))"
