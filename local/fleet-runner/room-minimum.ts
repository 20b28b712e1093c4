import { DEFAULT_EGRESS_MODEL, NO_PEERS, withPeer } from '../../core/capacity/egress-model';
import { DEFAULT_EXPECTED_PEERS, newRoomDemand } from '../../core/placement/admission';

/** One line when a node can never take a room, however idle it is; undefined when it can. */
export function tooSmallForARoom(options: {
  /** What each node can safely send, Mbit/s; undefined for the node application's own default. */
  capacityMbps: number | undefined;
  /** The nodes' `FLEET_EXPECTED_PEERS`, when it is set. */
  expectedPeers: string | undefined;
}): string | undefined {
  const { capacityMbps } = options;
  if (capacityMbps === undefined) return undefined;
  const people = Number(options.expectedPeers) || DEFAULT_EXPECTED_PEERS;
  const first = withPeer(NO_PEERS, { publishes: true, subscribes: true });
  const { egressBps } = newRoomDemand(first, people, DEFAULT_EGRESS_MODEL);
  if (egressBps <= capacityMbps * 1e6) return undefined;
  const neededMbps = Math.ceil(egressBps / 1e5) / 10;
  return (
    `no node can take a room: a new room reserves ${neededMbps} Mbit/s (${people} people), ` +
    `a node has ${capacityMbps}: --capacity-mbps ${neededMbps} or more`
  );
}
