#!/usr/bin/env bash
# Builds, starts Drover with its embedded defaults, runs a first job on this machine, and keeps serving until Ctrl-C.
# Arguments go to `drover up`, for instance: ./dev run --server-addr 127.0.0.1:8090
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
eng/build.sh

data=${DROVER_DATA:-$PWD/drover-data}
export DROVER_DATA=$data
rm -f "$data/address"
out/drover up "$@" &
server=$!
trap 'kill -TERM "$server" 2>/dev/null; wait "$server"; exit' INT TERM
for _ in $(seq 200); do
  [ -f "$data/address" ] && break
  kill -0 "$server" 2>/dev/null || { wait "$server"; exit; }
  sleep 0.05
done
[ -f "$data/address" ] || { echo "Drover did not start within 10 s." >&2; kill -TERM "$server"; exit 1; }

echo '$ drover run -- echo "Hello from $(hostname)"'
out/drover run -- 'echo "Hello from $(hostname)"'
echo
echo "That was your first job. Drover keeps serving at $(cat "$data/address"); Ctrl-C ends it."
wait "$server"
