import type { SelectorPolicy } from '../../core/placement/selector-policy';

/** What a person chose for a run; the command line has checked it. */
export interface FleetOptions {
  /** How many nodes. */
  nodes: number;
  /** The front port; 0 takes a free one. */
  port: number;
  /** What each node can safely send, Mbit/s. @default the node application's own */
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
