import type { Stage } from './stage';

/** A story about a fleet: what is done to it, and what has to come of it. */
export interface Scenario {
  name: string;
  /** One line for `npm run scenario -- list`. */
  description: string;
  /** With how many nodes it begins; the group shrinks to no fewer. */
  nodes: number;
  /** How many times as fast as real time AWS' part runs. */
  speed: number;
  /** Over the deployment config and {@link SHARED_OVERRIDES}. Each other value costs a synthesis. @default nothing */
  overrides?: object;
  /**
   * Tells it, on a fleet that serves.
   * @throws StoryBroken when it can not go on
   */
  play(stage: Stage): Promise<void>;
}

/** What each node can safely send: two rooms of two or three people, so that a machine with two cores can fill it. */
export const CAPACITY_MBPS = 8;

/**
 * What differs from the deployment in every scenario: how long things are waited for that only take patience, and a
 * maximum that a small machine can start.
 */
export const SHARED_OVERRIDES = {
  nodes: { max: 6 },
  scaling: { scaleInAfterMinutes: 5 },
  drain: { scaleInMinutes: 10, imageRollMinutes: 10 },
};
