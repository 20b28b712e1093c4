import type { NodeState } from '../node-state';
import { isBinding, isOwnDrain, type DrainCommand } from './drain-command';
import type { DrainReport } from './drain-report';

/** Where a node stands between SERVING and DRAINED. Its owner, the node itself, keeps one and replaces it. */
export interface DrainStatus {
  state: NodeState;
  /** The drain under way, or the one that led to DRAINED. */
  drain: DrainReport | undefined;
  /** The command accepted last: of those that can be taken back, an older or repeated one changes nothing. */
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
      /** Rooms that the heartbeat said the node has: as long as placement knows of one, it may send a peer into it. */
      reportedRooms: number;
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
  if (!isNews(status, command)) return status;
  const { commandId, reason, issuedAtMs, deadlineAtMs } = command;
  return {
    state: status.state === 'SERVING' ? 'CORDONED' : status.state,
    drain: { commandId, reason, issuedAtMs, deadlineAtMs, failed: false },
    newest: { commandId, issuedAtMs },
  };
}

/**
 * What binds is never outdated: the instance ends, whoever wished for what meanwhile, and by whichever clock. So of commands
 * that bind the one that is due first counts, and of others the newest.
 */
function isNews({ drain, newest }: DrainStatus, command: DrainCommand): boolean {
  const isBound = drain !== undefined && isBinding(drain.reason);
  if (!isBinding(command.reason)) {
    // What an operator or a forecast asks for never loosens what the end of the instance demands.
    return !isBound && (!newest || isLater(command, newest));
  }
  if (!isBound) return true;
  if (drain.commandId === command.commandId || isOwnDrain(command)) return false;
  return isOwnDrain(drain) || command.deadlineAtMs < drain.deadlineAtMs;
}

function isLater(command: DrainCommand, newest: Pick<DrainCommand, 'commandId' | 'issuedAtMs'>): boolean {
  return command.commandId !== newest.commandId && command.issuedAtMs >= newest.issuedAtMs;
}

function afterAnswer(
  status: DrainStatus,
  { reportedState, reportedRooms, pendingClaims, rooms }: Extract<DrainInput, { kind: 'placementAnswered' }>,
): DrainStatus {
  if (!status.drain || reportedState === 'SERVING') return status;
  if (status.state === 'CORDONED') return { ...status, state: 'DRAINING' };
  if (status.state === 'DRAINING' && reportedRooms === 0 && rooms === 0 && pendingClaims === 0) {
    return { ...status, state: 'DRAINED' };
  }
  return status;
}

function afterTime(
  status: DrainStatus,
  { nowMs, rooms, peers }: Extract<DrainInput, { kind: 'timePassed' }>,
): DrainStatus {
  const { drain, state } = status;
  if (!drain || (rooms === 0 && peers === 0)) return status;
  // A claim that Redis lost: its peer came after all.
  if (state === 'DRAINED') return { ...status, state: 'DRAINING' };
  if (drain.failed || nowMs < drain.deadlineAtMs) return status;
  return { ...status, drain: { ...drain, failed: true } };
}
