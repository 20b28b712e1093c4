import type { HostTick } from './host-figures';
import type { PeerSettings, PeerSpec } from './load-settings';

/** To a process of the load generator. */
export type HostCommand =
  | { type: 'begin'; settings: PeerSettings }
  | { type: 'add'; peers: PeerSpec[] }
  | { type: 'remove'; peerIds: string[] }
  /** Answered by a tick. */
  | { type: 'tick' }
  /** Everybody leaves; answered by a last tick of before, and the end of the process. */
  | { type: 'stop' };

/** From it. */
export type HostAnswer = { type: 'begun' } | { type: 'tick'; tick: HostTick };
