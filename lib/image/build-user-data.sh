#!/bin/bash
# User data of Image Builder's build and test instances (userDataOverride of the recipe): Image Builder works through the
# Systems Manager agent, which Debian's images do not carry.
set -eu
export DEBIAN_FRONTEND=noninteractive
command -v curl >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends ca-certificates curl; }
metadata=http://169.254.169.254/latest
token=$(curl -sf --retry 10 --retry-connrefused -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 300' "$metadata/api/token")
region=$(curl -sf -H "X-aws-ec2-metadata-token: $token" "$metadata/meta-data/placement/region")
if ! dpkg -s amazon-ssm-agent >/dev/null 2>&1; then
  curl -fsS --retry 10 --retry-connrefused -o /tmp/amazon-ssm-agent.deb \
    "https://s3.$region.amazonaws.com/amazon-ssm-$region/latest/debian_$(dpkg --print-architecture)/amazon-ssm-agent.deb"
  dpkg -i /tmp/amazon-ssm-agent.deb
  rm /tmp/amazon-ssm-agent.deb
fi
systemctl enable amazon-ssm-agent
systemctl restart amazon-ssm-agent
