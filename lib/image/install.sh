#!/usr/bin/env bash
# Makes a Debian 12 machine into a node's image: packages, Node, the media worker, the app, its service and limits.
# The one list of steps: the EC2 Image Builder component runs it (component.yaml), and so does `npm run image:verify`
# in a Debian root. Run as root from an unpacked image bundle (scripts/build-image-bundle.ts). Needs the distribution's
# mirror, and the npm registry unless packages/node-linux-<arch>-<version>.tgz lies in the bundle. Safe to run again.
#
#   NPM_REGISTRY   where Node's package is fetched from. Default: https://registry.npmjs.org
#   SKIP_AWS_AGENTS=1   leaves out the Systems Manager and CloudWatch agents (outside AWS)
#   AWS_REGION     region whose bucket the agents are fetched from. Default: us-east-1
set -euo pipefail

BUNDLE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PREFIX=/opt/mediasoup-fleet
NPM_REGISTRY=${NPM_REGISTRY:-https://registry.npmjs.org}
AWS_REGION=${AWS_REGION:-us-east-1}
export DEBIAN_FRONTEND=noninteractive

# Needed while the node runs: ethtool reads the ENA counters, the time daemon keeps tokens and leases honest.
RUN_PACKAGES=(ca-certificates curl ethtool chrony)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say() { printf '== %s\n' "$*"; }
fail() {
  printf 'install.sh: %s\n' "$*" >&2
  exit 1
}
# Its errors go to stderr.
quiet_apt() { apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" >/dev/null; }
fetch() { curl --fail --silent --show-error --location --retry 5 --retry-connrefused --max-time 300 --output "$2" "$1"; }

[[ $EUID -eq 0 ]] || fail 'must run as root'
# shellcheck source=/dev/null
source "$BUNDLE/bundle.env" # NODE_VERSION, NODE_INTEGRITY_x64, NODE_INTEGRITY_arm64, WORKER_PACKAGES
case $(dpkg --print-architecture) in
  amd64) arch=x64 ;;
  arm64) arch=arm64 ;;
  *) fail "no support for $(dpkg --print-architecture)" ;;
esac

say 'packages'
quiet_apt update
# The base image is as old as it is, and the nodes are never upgraded. With new packages, since a new kernel is one.
quiet_apt upgrade -y --with-new-pkgs -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold
marked_before=$(apt-mark showmanual | sort)
# shellcheck disable=SC2086
quiet_apt install -y --no-install-recommends "${RUN_PACKAGES[@]}" $WORKER_PACKAGES

say "Node $NODE_VERSION"
package=node-linux-$arch
tarball=$BUNDLE/packages/$package-$NODE_VERSION.tgz
if [[ ! -f $tarball ]]; then
  tarball=$work/node.tgz
  fetch "$NPM_REGISTRY/$package/-/$package-$NODE_VERSION.tgz" "$tarball"
fi
integrity_variable=NODE_INTEGRITY_$arch
actual=sha512-$(openssl dgst -sha512 -binary "$tarball" | openssl base64 -A)
[[ $actual == "${!integrity_variable}" ]] || fail "$package $NODE_VERSION is not the package that the lock file names"
install -d -m 0755 "$PREFIX/bin"
tar -xzf "$tarball" -C "$work" package/bin/node
install -m 0755 "$work/package/bin/node" "$PREFIX/bin/node"
[[ $("$PREFIX/bin/node" --version) == "v$NODE_VERSION" ]] || fail 'Node does not start'

say 'app'
# Beside the old one and then in its place: running this again leaves no file of an earlier release.
rm -rf "$PREFIX/app.new"
cp -R "$BUNDLE/app" "$PREFIX/app.new"
chown -R root:root "$PREFIX/app.new"
chmod -R u=rwX,go=rX "$PREFIX/app.new"
rm -rf "$PREFIX/app"
mv "$PREFIX/app.new" "$PREFIX/app"

say 'media worker, from source'
"$PREFIX/bin/node" "$PREFIX/app/setup/build-for-image.mjs" "$PREFIX/bin/mediasoup-worker"

say 'compilers off the image'
# The libraries that the worker is linked with stay, whatever brought them.
mapfile -t libraries < <(ldd "$PREFIX/bin/mediasoup-worker" "$PREFIX/bin/node" | awk '$2 == "=>" { print $3 }' | sort -u)
for library in "${libraries[@]}"; do
  # A merged /usr: dpkg knows a library under /lib or under /usr/lib.
  owner=$(dpkg -S "$library" 2>/dev/null || dpkg -S "/usr$library" 2>/dev/null || dpkg -S "${library#/usr}") ||
    fail "no package owns $library"
  apt-mark manual "${owner%%:*}" >/dev/null
done
for package in $WORKER_PACKAGES; do
  grep -qx "$package" <<<"$marked_before" || apt-mark auto "$package" >/dev/null
done
quiet_apt autoremove -y --purge
if ldd "$PREFIX/bin/mediasoup-worker" | grep 'not found'; then fail 'the worker lost a library'; fi

say 'user, service, limits'
getent group fleet >/dev/null || groupadd --system fleet
getent passwd fleet >/dev/null ||
  useradd --system --gid fleet --home-dir /nonexistent --no-create-home --shell /usr/sbin/nologin fleet
install -d -m 0750 -o root -g fleet /etc/mediasoup-fleet
install -D -m 0644 "$BUNDLE/files/mediasoup-fleet.service" /etc/systemd/system/mediasoup-fleet.service
install -D -m 0644 "$BUNDLE/files/90-mediasoup-fleet-sysctl.conf" /etc/sysctl.d/90-mediasoup-fleet.conf
install -D -m 0644 "$BUNDLE/files/amazon-time.sources" /etc/chrony/sources.d/amazon-time.sources
install -D -m 0644 "$BUNDLE/files/90-mediasoup-fleet-journald.conf" /etc/systemd/journald.conf.d/90-mediasoup-fleet.conf
# A node is replaced, never changed: upgrades in the middle of calls would swap libraries under running workers.
# Security updates come with the next image (docs/operations.md, "Security updates of the image on AWS").
for timer in apt-daily apt-daily-upgrade; do ln -sf /dev/null "/etc/systemd/system/$timer.timer"; done
# As `systemctl enable`, which a root without a running systemd may not have. Without its environment file, which user
# data writes, the service does not start.
install -d /etc/systemd/system/multi-user.target.wants
ln -sf ../mediasoup-fleet.service /etc/systemd/system/multi-user.target.wants/mediasoup-fleet.service
printf 'FLEET_RELEASE=%s\n' "$RELEASE" >"$PREFIX/release.env"

if [[ ${SKIP_AWS_AGENTS:-0} != 1 ]]; then
  say 'Systems Manager and CloudWatch agents'
  debian_arch=$(dpkg --print-architecture)
  if ! dpkg -s amazon-ssm-agent >/dev/null 2>&1; then
    fetch "https://s3.$AWS_REGION.amazonaws.com/amazon-ssm-$AWS_REGION/latest/debian_$debian_arch/amazon-ssm-agent.deb" "$work/ssm.deb"
    dpkg -i "$work/ssm.deb"
    systemctl enable amazon-ssm-agent
  fi
  fetch "https://amazoncloudwatch-agent-$AWS_REGION.s3.$AWS_REGION.amazonaws.com/debian/$debian_arch/latest/amazon-cloudwatch-agent.deb" "$work/cloudwatch.deb"
  dpkg -i "$work/cloudwatch.deb"
  # Root reads the journal; user data names the log group and starts it (cloudwatch-agent.json).
  install -D -m 0644 "$BUNDLE/files/cloudwatch-agent.json" "$PREFIX/cloudwatch-agent.json"
fi

say 'clean'
apt-get clean
rm -rf /var/lib/apt/lists/*
say "done: $("$PREFIX/bin/node" --version), worker $(stat -c %s "$PREFIX/bin/mediasoup-worker") bytes"
