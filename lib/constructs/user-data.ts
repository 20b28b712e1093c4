import type { InstanceConfig } from '../../core/deployment/fleet-config';

export interface UserDataOptions {
  /** Variables of the node, as docs/configuration.md lists them; values may be tokens. No secrets, only their ARNs. */
  readonly environment: Readonly<Record<string, string>>;
  /** What each type may commit: the node learns at its first boot of which type it is. */
  readonly instances: readonly InstanceConfig[];
  /** Log group of the nodes' journal. */
  readonly logGroupName: string;
}

/**
 * What an instance runs at its first boot: writes the environment of the service, then starts it and the shipping of
 * its journal. Everything else is in the image.
 */
export function nodeUserData({ environment, instances, logGroupName }: UserDataOptions): string {
  const cases = instances.map(
    ({ type, safe }) => `  ${type}) egress=${safe.egressBps} packets=${safe.packetsPerSecond} ;;`,
  );
  return `#!/bin/bash
set -euo pipefail
metadata=http://169.254.169.254/latest
token=$(curl -sf --retry 10 --retry-connrefused -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 300' "$metadata/api/token")
about() { curl -sf --retry 10 --retry-connrefused -H "X-aws-ec2-metadata-token: $token" "$metadata/meta-data/$1"; }
instance_type=$(about instance-type)
case "$instance_type" in
${cases.join('\n')}
  *) echo "no capacity is configured for $instance_type" >&2; exit 1 ;;
esac
umask 027
cat > /etc/mediasoup-fleet/fleet.env <<END
FLEET_NODE_ID=$(about instance-id)
FLEET_CAPACITY_EGRESS_BPS=$egress
FLEET_CAPACITY_PACKETS_PER_SECOND=$packets
${Object.entries(environment)
  .map(([name, value]) => `${name}=${value}`)
  .join('\n')}
END
chgrp fleet /etc/mediasoup-fleet/fleet.env
agent=/opt/aws/amazon-cloudwatch-agent
sed 's#LOG_GROUP_NAME#${logGroupName}#' /opt/mediasoup-fleet/cloudwatch-agent.json > "$agent/etc/fleet.json"
systemctl restart mediasoup-fleet.service
"$agent/bin/amazon-cloudwatch-agent-ctl" -a fetch-config -m ec2 -s -c "file:$agent/etc/fleet.json" || echo 'logs are not shipped' >&2
`;
}
