import type { NodeState } from './node-state';

/** What decides whether a node may be sent new connections. Redis is deliberately not part of it. */
export interface ReadinessFacts {
  phase: 'starting' | 'running' | 'stopping';
  state: NodeState;
  workersAlive: number;
}

export type UnreadyReason = 'starting' | 'stopping' | 'noWorkerAlive' | 'cordoned' | 'draining' | 'drained';

/**
 * Why a load balancer should not send this node new connections; empty when it should. Existing connections and
 * rooms are never a matter of this: they go on while a node is unready.
 *
 * Redis or placement being away is no reason. It hits all nodes at once, and a node without them still serves
 * the rooms that it knows, resumes sessions, and tells new ones when to try again; an empty target group can
 * do none of that (livekit#4663: a Redis outage of 7 minutes drained a fleet).
 */
export function unreadyReasons(facts: ReadinessFacts): UnreadyReason[] {
  const reasons: UnreadyReason[] = [];
  if (facts.phase !== 'running') reasons.push(facts.phase);
  // Before the start is over there are no workers yet; one reason says it.
  if (facts.workersAlive === 0 && facts.phase === 'running') reasons.push('noWorkerAlive');
  if (facts.state === 'CORDONED') reasons.push('cordoned');
  if (facts.state === 'DRAINING') reasons.push('draining');
  if (facts.state === 'DRAINED') reasons.push('drained');
  return reasons;
}
