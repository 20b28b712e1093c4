import type { ConsoleEvent, ConsoleState, PoolSample } from '../../core/protocol/console';
import type { Connection, Feed } from './adapters/adapter';
import type { DrainStart } from './drain-pace';

/** All that the page shows. */
export interface PageModel {
  connection: Connection;
  state: ConsoleState | undefined;
  /** Oldest first. */
  samples: readonly PoolSample[];
  /** Newest first. */
  entries: readonly ConsoleEvent[];
  /** By node, while it drains. */
  drains: ReadonlyMap<string, DrainStart>;
}

export const EMPTY_MODEL: PageModel = {
  connection: { phase: 'connecting' },
  state: undefined,
  samples: [],
  entries: [],
  drains: new Map(),
};

const MAX_SAMPLES = 600;
const MAX_ENTRIES = 300;

export function reduce(model: PageModel, feed: Feed): PageModel {
  switch (feed.kind) {
    case 'connection':
      return { ...model, connection: feed.connection };
    case 'history':
      return { ...model, samples: merged(model.samples, feed.samples) };
    case 'entries':
      return { ...model, entries: withEntries(model.entries, feed.entries) };
    case 'state': {
      const { state } = feed;
      const { utilization, desired, inService } = state.pool;
      const sample = { atMs: state.nowMs, utilization, desired, inService };
      return {
        ...model,
        state,
        samples: merged(model.samples, [sample]),
        drains: withDrains(model.drains, state),
      };
    }
  }
}

/** Both in the order of time, each moment once; a chart draws backwards otherwise. */
function merged(older: readonly PoolSample[], newer: readonly PoolSample[]): PoolSample[] {
  const lastMs = older.at(-1)?.atMs ?? -Infinity;
  return [...older, ...newer.filter(({ atMs }) => atMs > lastMs)].slice(-MAX_SAMPLES);
}

/** A stream that goes on may repeat what the page has. */
function withEntries(known: readonly ConsoleEvent[], more: readonly ConsoleEvent[]): ConsoleEvent[] {
  const lastSequence = known[0]?.sequence ?? 0;
  const fresh = more.filter(({ sequence }) => sequence > lastSequence);
  return [...fresh.toReversed(), ...known].slice(0, MAX_ENTRIES);
}

function withDrains(known: PageModel['drains'], state: ConsoleState): Map<string, DrainStart> {
  const starts = state.nodes.flatMap(({ nodeId, drain }): [string, DrainStart][] => {
    if (!drain) return [];
    const before = known.get(nodeId);
    // Peers may still come; then its pace begins anew.
    const goesOn = before !== undefined && before.peers >= drain.remainingPeers;
    return [[nodeId, goesOn ? before : { atMs: state.nowMs, peers: drain.remainingPeers }]];
  });
  return new Map(starts);
}
