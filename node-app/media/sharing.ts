import type { RandomSource } from '../../core/clock';
import { FleetError } from '../../core/errors';
import type { RegionsPort } from './regions-port';
import type { HomeFinder, RoomLinksPort } from './room-links-port';

/** What a node needs to hold rooms together with others. */
export interface SharingOptions {
  /** This node. */
  nodeId: string;
  links: RoomLinksPort;
  homes: HomeFinder;
  /** @default the fleet has one region */
  regions?: RegionsPort | undefined;
  random: RandomSource;
}

/** Of a node that has no others. */
export const NO_SHARING: SharingOptions = {
  nodeId: 'alone',
  links: {
    join: () => Promise.reject(new FleetError('FLEET_ERR_NODE_UNREACHABLE')),
    send: () => undefined,
    leave: () => undefined,
  },
  homes: { findHome: () => Promise.reject(new FleetError('FLEET_ERR_NOT_FOUND')) },
  random: () => 0,
};
