/**
 * The states of a node, in the order in which it passes through them when it leaves. A node owns its own
 * state: others send it a command, and it confirms in its next heartbeat.
 */
export const NODE_STATES = ['SERVING', 'CORDONED', 'DRAINING', 'DRAINED'] as const;

export type NodeState = (typeof NODE_STATES)[number];

/** Whether new rooms may be placed on a node in this state. */
export function takesNewRooms(state: NodeState): boolean {
  return state === 'SERVING';
}

/** Whether rooms that already live on a node in this state may take further peers. */
export function takesNewPeers(state: NodeState): boolean {
  return state !== 'DRAINED';
}
