/**
 * How placement ranks nodes for a new room. Capacity limits hold in all of them: a node that is full,
 * cordoned, draining, unready or silent is never chosen.
 */
export type SelectorPolicy =
  | {
      /** `least-egress`: spread by egress headroom. `best-fit`: pack, so that scale-in finds empty nodes. */
      selector: 'least-egress' | 'best-fit';
    }
  | {
      /** LiveKit's and OpenVidu's selectors. */
      selector: 'livekit';
      /** `cpuload`/`sysload` leave out nodes above `loadLimit` first. */
      kind: 'any' | 'cpuload' | 'sysload';
      sortBy: 'random' | 'sysload' | 'cpuload' | 'rooms' | 'clients' | 'tracks' | 'bytespersec';
      /** `twochoice`: the better of two nodes drawn at random. */
      algorithm: 'lowest' | 'twochoice';
      /** For kinds `cpuload` and `sysload`. @default 0.9 (LiveKit's default) */
      loadLimit?: number;
    };
