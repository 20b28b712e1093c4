import type { NodeState } from '../node-state';
import { isBinding, isOwnDrain, type DrainCommand, type DrainReason } from './drain-command';
import type { DrainReport } from './drain-report';

/** A silent node is proven dead after this, milliseconds: by then placement has moved its rooms elsewhere. */
export const DEAD_AFTER_MS = 15_000;
/** An instance in service is replaced when its node is silent for so long; a restart of the process takes less. */
export const REPLACE_AFTER_MS = 60_000;
/** How late a node may say that it is done or has failed, after its deadline. */
const CONFIRMATION_GRACE_MS = 60_000;
/** Drains end so long before the lifecycle hook's last moment, which Auto Scaling would end in silence. */
const HOOK_MARGIN_MS = 5 * 60_000;
/** What a spot instance is told before it ends. Source: EC2 user guide, spot interruption notices. */
const SPOT_NOTICE_MS = 120_000;

/** What is known of the whole group. */
export interface GroupFacts {
  /** Wall clock, milliseconds: windows and deadlines, which nodes hold against their own wall clock. */
  nowMs: number;
  /** The placement store's clock, milliseconds: leases and removals. */
  storeNowMs: number;
  /**
   * Whether silence means anything: placement was reached, has not just forgotten everything, and some node holds a
   * live lease. Otherwise nobody is dead, and nobody is done.
   */
  silenceIsProof: boolean;
  /** Launch-template version that new instances get; undefined when it is not a number. */
  launchTemplateVersion: number | undefined;
  /** The terminating hook's last moment, from its beginning: 48 h or 100 heartbeats, milliseconds. */
  hookGlobalTimeoutMs: number;
  scaleInWindowMs: number;
  imageRollWindowMs: number;
}

/** What is known of one instance. */
export interface InstanceFacts {
  instanceId: string;
  /** As Auto Scaling says it, e.g. `InService`, `Terminating:Wait`. */
  lifecycleState: string;
  launchTemplateVersion: number | undefined;
  /** Its record in placement. */
  node: NodeFacts | undefined;
  /** When placement removed its record, milliseconds of its clock: it retired, or was silent for long. */
  removedAtMs: number | undefined;
  /** What its node was told last. */
  command: DrainCommand | undefined;
  /** Only from an event: what AWS has just said about it. */
  notice: { kind: 'terminating' | 'spot' | 'rebalance'; atMs: number } | undefined;
}

export interface NodeFacts {
  state: NodeState;
  leaseExpiresAtMs: number;
  rooms: number;
  peers: number;
  drain: DrainReport | undefined;
}

export type InstanceAction =
  /** Tell the node to empty itself. */
  | { kind: 'command'; command: DrainCommand }
  /** Restart the hook's timeout. */
  | { kind: 'heartbeat' }
  /** End the hook: CONTINUE ends the instance, ABANDON retains it. */
  | { kind: 'complete'; result: 'CONTINUE' | 'ABANDON' }
  /** Have an instance in service replaced. */
  | { kind: 'markUnhealthy' }
  /** End a retained instance. */
  | { kind: 'terminateRetained' };

export interface InstanceDecision {
  actions: InstanceAction[];
  /** For the audit log. */
  because: string;
}

/** What is to be done for one instance, now. Deciding twice on the same facts does no harm. */
export function decideInstance(instance: InstanceFacts, group: GroupFacts): InstanceDecision {
  switch (holdOf(instance)) {
    case 'terminating':
      return decideTerminating(instance, group);
    case 'warmTerminating':
      return done('CONTINUE', 'an instance of the warm pool carries no calls');
    case 'retained':
      return decideRetained(instance, group);
    case 'inService':
      return decideInService(instance, group);
    case 'none':
      return nothing(`nothing to do in ${instance.lifecycleState}`);
  }
}

function holdOf(instance: InstanceFacts) {
  const { lifecycleState, notice, command } = instance;
  if (lifecycleState === 'Terminating:Wait') return 'terminating';
  if (lifecycleState === 'Terminating:Retained') return 'retained';
  if (lifecycleState === 'Warmed:Terminating:Wait') return 'warmTerminating';
  if (lifecycleState === 'Terminating:Proceed' || lifecycleState === 'Terminated') return 'none';
  // The event can be ahead of what the group's description says. On its way back to the warm pool an instance
  // waits in Warmed:Pending:Wait, as one does on its way in: only the event, or the command it led to, tells.
  if (notice?.kind === 'terminating') return 'terminating';
  if (lifecycleState === 'Warmed:Pending:Wait' && command && isTermination(command)) return 'terminating';
  return lifecycleState === 'InService' ? 'inService' : 'none';
}

function decideTerminating(instance: InstanceFacts, group: GroupFacts): InstanceDecision {
  const { node } = instance;
  const { nowMs, storeNowMs } = group;
  const gone = provenGone(instance, group, DEAD_AFTER_MS);
  if (gone) return done('CONTINUE', gone);
  const isAlive = node !== undefined && node.leaseExpiresAtMs > storeNowMs;
  if (isEmptied(node, group)) return done('CONTINUE', 'drained');

  const wanted = terminationCommand(instance, group);
  const command = wanted ?? instance.command;
  const deadlineAtMs = command?.deadlineAtMs ?? nowMs;
  if (isAlive && node.drain?.failed && node.drain.commandId === command?.commandId) {
    return done('ABANDON', `the drain failed with ${node.peers} peers left: the instance is retained`);
  }
  if (nowMs >= deadlineAtMs + CONFIRMATION_GRACE_MS) {
    if (isAlive && node.peers === 0 && node.rooms === 0 && node.state !== 'SERVING') {
      if (group.silenceIsProof) return done('CONTINUE', 'nobody is left on it');
      return {
        actions: [{ kind: 'heartbeat' }],
        because: 'nobody is left on it, but placement has just forgotten who is on the way',
      };
    }
    return done('ABANDON', 'the deadline passed and the node did not confirm: the instance is retained');
  }
  const actions: InstanceAction[] = wanted ? [{ kind: 'command', command: wanted }] : [];
  return {
    actions: [...actions, { kind: 'heartbeat' }],
    because: isAlive ? 'draining' : 'its node is silent, which proves nothing yet',
  };
}

/** The command that the termination calls for, unless the node has it already. */
function terminationCommand(instance: InstanceFacts, group: GroupFacts): DrainCommand | undefined {
  const { instanceId, command, node, notice } = instance;
  if (notice?.kind === 'spot') return spotCommand(instanceId, notice.atMs, command);
  if (command && isTermination(command)) return undefined;
  // Redis lost it and the node has not: the same again, so that it outlives a restart of the node too.
  if (node?.drain && isTermination(node.drain) && !isOwnDrain(node.drain)) {
    const { commandId, reason, issuedAtMs, deadlineAtMs } = node.drain;
    return { commandId, reason, issuedAtMs, deadlineAtMs };
  }
  const reason = terminationReason(instance, group);
  const windowMs = reason === 'image-roll' ? group.imageRollWindowMs : group.scaleInWindowMs;
  const issuedAtMs = group.nowMs;
  const longestMs = Math.max(0, group.hookGlobalTimeoutMs - HOOK_MARGIN_MS);
  return {
    commandId: `terminate:${instanceId}`,
    reason,
    issuedAtMs,
    deadlineAtMs: issuedAtMs + Math.min(windowMs, longestMs),
  };
}

/** The event carries no cause: an instance of an older launch template leaves because a newer one came. */
export function terminationReason(
  instance: Pick<InstanceFacts, 'launchTemplateVersion'>,
  group: Pick<GroupFacts, 'launchTemplateVersion'>,
): DrainReason {
  const [own, newest] = [instance.launchTemplateVersion, group.launchTemplateVersion];
  return own !== undefined && newest !== undefined && own < newest ? 'image-roll' : 'scale-in';
}

function spotCommand(
  instanceId: string,
  atMs: number,
  command: DrainCommand | undefined,
): DrainCommand | undefined {
  const deadlineAtMs = atMs + SPOT_NOTICE_MS;
  if (command && isTermination(command) && command.deadlineAtMs <= deadlineAtMs) return undefined;
  return { commandId: `spot:${instanceId}`, reason: 'spot', issuedAtMs: atMs, deadlineAtMs };
}

function isTermination(command: Pick<DrainCommand, 'reason'>): boolean {
  return isBinding(command.reason);
}

function decideRetained(instance: InstanceFacts, group: GroupFacts): InstanceDecision {
  const gone = provenGone(instance, group, DEAD_AFTER_MS);
  const isDrained = isEmptied(instance.node, group);
  if (!gone && !isDrained) {
    // A node that restarted after Redis had forgotten the command would serve for ever.
    const wanted = instance.node && terminationCommand(instance, group);
    const actions: InstanceAction[] = wanted ? [{ kind: 'command', command: wanted }] : [];
    return { actions, because: 'retained: its calls go on' };
  }
  return {
    actions: [{ kind: 'terminateRetained' }],
    because: gone ?? 'retained, and drained by now',
  };
}

function decideInService(instance: InstanceFacts, group: GroupFacts): InstanceDecision {
  const { instanceId, node, command, notice } = instance;
  if (notice?.kind === 'spot') {
    const wanted = spotCommand(instanceId, notice.atMs, command);
    return {
      actions: wanted ? [{ kind: 'command', command: wanted }] : [],
      because: 'the spot instance ends within two minutes',
    };
  }
  if (notice?.kind === 'rebalance' && !command) {
    return {
      actions: [
        {
          kind: 'command',
          command: {
            commandId: `rebalance:${instanceId}:${notice.atMs}`,
            reason: 'rebalance',
            issuedAtMs: notice.atMs,
            deadlineAtMs: notice.atMs + group.scaleInWindowMs,
          },
        },
      ],
      because: 'AWS expects to take the spot instance back',
    };
  }
  if (isEmptied(node, group) && node?.drain?.reason === 'rebalance') {
    return { actions: [{ kind: 'markUnhealthy' }], because: 'drained ahead of a spot interruption' };
  }
  const gone = provenGone(instance, group, REPLACE_AFTER_MS);
  // What placement never knew may be booting still; its launch hook watches over that.
  if (!gone || (!node && instance.removedAtMs === undefined)) return nothing('in service');
  return { actions: [{ kind: 'markUnhealthy' }], because: gone };
}

/** It lives, says that it is drained, and placement, which has not just forgotten anything, knows of nobody on the way. */
function isEmptied(node: NodeFacts | undefined, group: GroupFacts): boolean {
  if (node === undefined || node.leaseExpiresAtMs <= group.storeNowMs) return false;
  return group.silenceIsProof && node.state === 'DRAINED' && node.rooms === 0 && node.peers === 0;
}

/** Why the node is surely gone, or undefined. */
function provenGone(instance: InstanceFacts, group: GroupFacts, afterMs: number): string | undefined {
  const { node, removedAtMs } = instance;
  if (node) {
    const silentMs = group.storeNowMs - node.leaseExpiresAtMs;
    return group.silenceIsProof && silentMs >= afterMs ? 'its lease is gone for long' : undefined;
  }
  if (removedAtMs !== undefined) {
    // A node that comes back is not among the removed any more.
    return group.storeNowMs - removedAtMs >= afterMs ? 'its node has left placement' : undefined;
  }
  return group.silenceIsProof ? 'placement knows no node of it' : undefined;
}

function done(result: 'CONTINUE' | 'ABANDON', because: string): InstanceDecision {
  return { actions: [{ kind: 'complete', result }], because };
}

function nothing(because: string): InstanceDecision {
  return { actions: [], because };
}
