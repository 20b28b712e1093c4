#!/usr/bin/env bash
# Starts the service under systemd on a test instance of the image, without a fleet, and asks it how it is. A node
# starts without Redis too; the test instance is thrown away afterwards.
set -euo pipefail
env_file=/etc/mediasoup-fleet/fleet.env
[[ ! -e $env_file ]] || {
  printf 'check-service.sh: %s exists: this is not a test instance\n' "$env_file" >&2
  exit 1
}
finish() {
  systemctl stop mediasoup-fleet.service || true
  rm -f "$env_file"
}
trap finish EXIT
printf 'FLEET_AUTH=open\nFLEET_NODE_ID=image-test\n' >"$env_file"
systemctl start mediasoup-fleet.service
for _ in $(seq 60); do
  if curl -fsS --max-time 2 http://127.0.0.1:8080/healthz; then
    printf '\nthe service serves\n'
    exit 0
  fi
  sleep 1
done
journalctl --unit mediasoup-fleet.service --no-pager --lines 50
exit 1
