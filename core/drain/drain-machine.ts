import type { NodeState } from '../node-state';
import { isBinding, type DrainCommand } from './drain-command';
import type { DrainReport } from './drain-report';

/** Where a node stands between SERVING and DRAINED. Its owner, the node itself, keeps one and replaces it. */
export interface DrainStatus {
  state: NodeState;
  /** The drain under way, or the one that led to DRAINED. */
  drain: DrainReport | undefined;
  /** The newest command ever accepted: an older or repeated one, however late it comes, changes nothing. */
  newest: Pick<DrainCommand, 'commandId' | 'issuedAtMs'> | undefined;
}

export const SERVING_STATUS: DrainStatus = { state: 'SERVING', drain: undefined, newest: undefined };

export type DrainInput =
  | { kind: 'cordon' }
  /** Takes back a cordon, and a drain that can be taken back. */
  | { kind: 'uncordon' }
  | { kind: 'drain'; command: DrainCommand }
  /** Placement took a heartbeat that said `reportedState`. */
  | {
      kind: 'placementAnswered';
      reportedState: NodeState;
      /** Claims on this node whose peers have not come yet; undefined when the answer doesn't say. */
      pendingClaims: number | undefined;
      /** Rooms that the node has now. */
      rooms: number;
    }
  | { kind: 'timePassed'; nowMs: number; rooms: number; peers: number };

/**
 * SERVING → CORDONED → DRAINING → DRAINED. The node is CORDONED from the command until placement has heard of it,
 * since until then new rooms may still be on their way; DRAINED once it has no room, and no claim is left that
 * could bring one. A deadline that passes with peers left marks the drain as failed; it goes on.
 */
export function nextDrainStatus(status: DrainStatus, input: DrainInput): DrainStatus {
  switch (input.kind) {
    case 'cordon':
      return status.state === 'SERVING' ? { ...status, state: 'CORDONED' } : status;
    case 'uncordon':
      if (status.drain && isBinding(status.drain.reason)) return status;
      return status.state === 'SERVING' ? status : { ...status, state: 'SERVING', drain: undefined };
    case 'drain':
      return accept(status, input.command);
    case 'placementAnswered':
      return afterAnswer(status, input);
    case 'timePassed':
      return afterTime(status, input);
  }
}

function accept(status: DrainStatus, command: DrainCommand): DrainStatus {
  const { newest, drain } = status;
  if (newest && (newest.commandId === command.commandId || newest.issuedAtMs > command.issuedAtMs)) {
    return status;
  }
  const { commandId, reason, issuedAtMs, deadlineAtMs } = command;
  // What an operator or a forecast asks for never loosens what the end of the instance demands.
  if (drain && isBinding(drain.reason) && !isBinding(reason)) return status;
  return {
    state: status.state === 'SERVING' ? 'CORDONED' : status.state,
    drain: { commandId, reason, issuedAtMs, deadlineAtMs, failed: false },
    newest: { commandId, issuedAtMs },
  };
}

function afterAnswer(
  status: DrainStatus,
  { reportedState, pendingClaims, rooms }: Extract<DrainInput, { kind: 'placementAnswered' }>,
): DrainStatus {
  if (!status.drain || reportedState === 'SERVING') return status;
  if (status.state === 'CORDONED') return { ...status, state: 'DRAINING' };
  if (status.state === 'DRAINING' && rooms === 0 && pendingClaims === 0) {
    return { ...status, state: 'DRAINED' };
  }
  return status;
}

function afterTime(
  status: DrainStatus,
  { nowMs, rooms, peers }: Extract<DrainInput, { kind: 'timePassed' }>,
): DrainStatus {
  const { drain, state } = status;
  if (!drain || drain.failed || state === 'DRAINED' || nowMs < drain.deadlineAtMs) return status;
  if (rooms === 0 && peers === 0) return status;
  return { ...status, drain: { ...drain, failed: true } };
}
