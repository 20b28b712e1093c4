#!/usr/bin/env bash
# What must hold of an image before a snapshot is made of it. Also run by `npm run image:verify`.
set -euo pipefail
PREFIX=/opt/mediasoup-fleet

fail() {
  printf 'check-image.sh: %s\n' "$*" >&2
  exit 1
}
[[ -x $PREFIX/bin/node && -x $PREFIX/bin/mediasoup-worker && -f $PREFIX/app/main.js ]] || fail 'a part is missing'
if ldd "$PREFIX/bin/mediasoup-worker" "$PREFIX/bin/node" | grep 'not found'; then fail 'a library is missing'; fi
if command -v g++ >/dev/null; then fail 'the compiler is still there'; fi
[[ -z $(find "$PREFIX" \( -perm /022 -o ! -user root \) ! -type l -print -quit) ]] || fail "others may write under $PREFIX"
[[ $(stat -c '%a %U:%G' /etc/mediasoup-fleet) == '750 root:fleet' ]] || fail '/etc/mediasoup-fleet has other rights'
[[ ! -e /etc/mediasoup-fleet/fleet.env ]] || fail 'an environment was baked in'
# Every directive of the unit is known to this systemd. (It also names units of packages that an image may not have.)
problems=$(systemd-analyze verify /etc/systemd/system/mediasoup-fleet.service 2>&1 | grep 'mediasoup-fleet.service' || true)
[[ -z $problems ]] || fail "$problems"
# The worker works here: SRTP through two routers.
"$PREFIX/bin/node" "$PREFIX/app/setup/verify-worker.cjs" "$PREFIX/bin/mediasoup-worker"
printf 'the image is complete\n'
