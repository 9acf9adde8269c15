#!/bin/sh
# Makes what the processes of one Drover share: tokens, the key that seals credentials, and the queue server's certificate.
# usage: deploy/secrets.sh [FOLDER [NAME...]]     FOLDER: deploy/secrets by default; NAME: host names of the queue server
# It never replaces anything: keep the folder as safe as the data, for without the master key stored credentials are lost.
set -eu
folder=${1:-$(dirname "$0")/secrets}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- queue drover-queue localhost
if [ -e "$folder/drover.env" ]; then
  echo "$folder/drover.env is there already; nothing was changed." >&2
  exit 1
fi
command -v openssl >/dev/null || { echo "openssl is needed." >&2; exit 1; }

umask 077
mkdir -p "$folder"
chmod 700 "$folder"
names=
for name in "$@"; do names=${names:+$names,}DNS:$name; done
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -sha256 \
  -subj "/CN=$1" -addext "subjectAltName=$names" -addext extendedKeyUsage=serverAuth \
  -keyout "$folder/tls.key" -out "$folder/tls.crt" 2>/dev/null
# Containers run as a user who is nobody on this host and see the file alone: the folder's mode keeps everybody else away.
chmod 644 "$folder/tls.key" "$folder/tls.crt"
fingerprint=$(openssl x509 -in "$folder/tls.crt" -outform DER | openssl dgst -sha256 -r | cut -d' ' -f1)

token() { printf 'drover_%s' "$(openssl rand -hex 32)"; }
cat >"$folder/drover.env.new" <<END
DROVER_ADMIN_TOKEN=$(token)
DROVER_WORKER_TOKEN=$(token)
DROVER_METRICS_TOKEN=$(token)
DROVER_MASTER_KEY=$(openssl rand -base64 32)
QUEUE_URL=netqueue://$1:9000?fingerprint=$fingerprint
POSTGRES_PASSWORD=$(openssl rand -hex 24)
END
mv "$folder/drover.env.new" "$folder/drover.env"
echo "Made $folder/drover.env, tls.crt and tls.key."
