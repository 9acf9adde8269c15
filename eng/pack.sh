#!/usr/bin/env bash
# Makes the NuGet packages in out/packages, the dashboard inside Drover.AspNetCore. Try them with
# `dotnet add package Drover.AspNetCore --source out/packages`.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
build_web
rm -rf out/packages
for project in src/*/; do
  [ "$project" = src/Drover.Cli/ ] || dotnet pack "$project" -c Release -o out/packages -v quiet -nologo
done
ls out/packages
