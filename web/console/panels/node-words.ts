import type { ConsoleNode } from '../../../core/protocol/console';
import { etaAtThisPace, type DrainStart } from '../drain-pace';
import { countText, durationText, lifecycleText } from '../format';

export interface Badge {
  text: string;
  tone: 'good' | 'warning' | 'bad' | 'neutral' | 'busy';
}

/** The state of a node in a word. */
export function nodeBadge({ state, alive, ready, instance }: ConsoleNode): Badge {
  if (state === undefined) {
    const leaves = instance?.lifecycleState.startsWith('Terminat') ?? false;
    return leaves ? { text: 'gone', tone: 'neutral' } : { text: 'boots', tone: 'busy' };
  }
  if (!alive) return { text: 'silent', tone: 'bad' };
  switch (state) {
    case 'SERVING':
      return ready ? { text: 'serving', tone: 'good' } : { text: 'not ready', tone: 'bad' };
    case 'CORDONED':
      return { text: 'cordoned', tone: 'warning' };
    case 'DRAINING':
      return { text: 'draining', tone: 'warning' };
    case 'DRAINED':
      return { text: 'drained', tone: 'neutral' };
  }
}

/** Where it runs and since when. */
export function nodeFacts({ instance, release, sinceMs, nodeId }: ConsoleNode, nowMs: number): string {
  const facts = instance
    ? [
        instance.zone,
        instance.market === 'spot' ? `${instance.type} spot` : instance.type,
        // The usual needs no words.
        ...(instance.lifecycleState === 'InService' ? [] : [lifecycleText(instance.lifecycleState)]),
      ]
    : [`release ${release ?? 'unknown'}`];
  if (sinceMs !== undefined) facts.push(`for ${durationText(nowMs - sinceMs)}`);
  if (instance && instance.instanceId !== nodeId) facts.push(instance.instanceId);
  return facts.join(' · ');
}

const DRAIN_WORDS: Readonly<Record<NonNullable<ConsoleNode['drain']>['reason'], string>> = {
  'scale-in': 'scale-in',
  'image-roll': 'a new release',
  spot: 'a spot interruption',
  rebalance: 'an expected spot interruption',
  operator: 'an operator',
};

/** How far a drain is; undefined when there is none under way. */
export function drainWords(
  node: ConsoleNode,
  start: DrainStart | undefined,
  nowMs: number,
): string | undefined {
  const { drain, cordonReason, state } = node;
  if (!drain)
    return state === 'CORDONED' && cordonReason !== undefined ? `Cordoned: ${cordonReason}` : undefined;
  const { reason, remainingPeers, remainingRooms, deadlineAtMs, etaMs, failed } = drain;
  const parts = [`Drains for ${DRAIN_WORDS[reason]}`];
  if (remainingRooms === 0 && remainingPeers === 0) parts.push('empty');
  else {
    parts.push(`${countText(remainingRooms, 'room')} and ${countText(remainingPeers, 'peer')} left`);
    const eta = etaMs ?? (start && etaAtThisPace(start, nowMs, remainingPeers));
    parts.push(eta === undefined ? 'waits for rooms to end' : `empty in about ${durationText(eta)}`);
    const leftMs = deadlineAtMs - nowMs;
    parts.push(failed || leftMs <= 0 ? 'the deadline has passed' : `deadline in ${durationText(leftMs)}`);
  }
  return parts.join(' · ');
}

/** What part of a drain is done, 0 to 1. */
export function drainProgress({ drain }: ConsoleNode, start: DrainStart | undefined): number {
  if (!drain) return 0;
  if (drain.remainingPeers === 0) return 1;
  return start && start.peers > 0 ? 1 - drain.remainingPeers / start.peers : 0;
}
