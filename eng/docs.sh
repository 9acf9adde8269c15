#!/usr/bin/env bash
# Writes docs/reference from the XML docs of the packages that a .NET developer references.
# --check: fails when what stands there is not what would be written. --no-build: the packages are built already.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
check='' build=yes
for option in "$@"; do
  case "$option" in
    --check) check=yes ;;
    --no-build) build='' ;;
    *) echo "There is no option '$option'." >&2; exit 2 ;;
  esac
done
if [ -n "$build" ]; then
  for project in Drover.AspNetCore Drover.EntityFrameworkCore Drover.Testing; do
    dotnet build "src/$project" -c Release -v quiet -nologo
  done
fi

made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
dotnet tool restore >/dev/null
# Its warnings are about comments that inherit others' parameters; they are as they are meant.
dotnet docfx metadata eng/docfx.json --output "$made/pages" --logLevel error >/dev/null
perl eng/docs-pages.pl "$made/pages"
if [ -n "$check" ]; then
  diff -rq docs/reference "$made/pages" || { echo "docs/reference is not what the XML docs say: run ./dev docs." >&2; exit 1; }
else
  rm -rf docs/reference
  cp -r "$made/pages" docs/reference
  echo "Wrote $(ls docs/reference | wc -l) pages to docs/reference"
fi
