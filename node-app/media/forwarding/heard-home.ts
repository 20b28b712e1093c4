import type { MicrophoneLevel } from '../../../core/cascade/heard-ranking';

/** The nodes of a room, as far as the ranking of its microphones needs them. */
export interface HeardHome {
  /** This node ranks for all of them. */
  readonly ranks: boolean;
  /** Tells the one that ranks how loud it is here. False: it is out of reach. */
  sendLevels(levels: readonly MicrophoneLevel[]): boolean;
  /** Tells all others who is heard; undefined: everybody. */
  tellHeard(producerIds: readonly string[] | undefined): void;
}

/** Of a room that is on one node. */
export const HEARD_HERE: HeardHome = {
  ranks: true,
  sendLevels: () => false,
  tellHeard: () => undefined,
};
