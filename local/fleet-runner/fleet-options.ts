import type { SelectorPolicy } from '../../core/placement/selector-policy';

/** What a person chose for a run; the command line has checked it. */
export interface FleetOptions {
  /** The deployment config that is played. */
  configFile: string;
  /** Merged over it; for scenarios. @default nothing */
  overrides?: object | undefined;
  /** How many nodes at least, in place of the config's minimum. @default the config's */
  nodes?: number | undefined;
  /** How many times as fast as real time AWS' part runs. */
  speed: number;
  /** Where the console listens; 0 takes a free port. */
  consolePort: number;
  /** The front port; 0 takes a free one. */
  port: number;
  /** What each node can safely send, Mbit/s. @default what its instance type can */
  capacityMbps?: number | undefined;
  /** `open`: whoever reaches the port may join. `token`: with access tokens, signed by a key of this run. */
  auth: 'open' | 'token';
  /** How new rooms are placed. @default the node application's own */
  selector?: SelectorPolicy | undefined;
  /** mediasoup workers per node. */
  workers: number;
  /** Folder of the page at `/`. @default the demo page, built when it isn't current */
  webRoot?: string | undefined;
  /** Start a node again that died. */
  restart: boolean;
  /** Where the nodes' logs go; kept after the run. @default a folder that ends with the run */
  logFolder?: string | undefined;
}
