import type { Clock } from '../../core/clock';
import type { NodeEvidence, PlacementPort } from '../../core/placement/placement-port';
import type { LinkHub } from './link-hub';
import { NodeUnreachableError } from './node-unreachable-error';

export interface SilentNodesOptions {
  /** This node. */
  nodeId: string;
  placement: Pick<PlacementPort, 'findNode' | 'findRoom'>;
  hub: Pick<LinkHub, 'connect'>;
  clock: Clock;
}

/** A node that does not take a connection for so long is not reached, milliseconds. */
const REACH_TIMEOUT_MS = 1_000;
/** For so long a node that was found silent is not looked for again, milliseconds. */
const MEMORY_MS = 3_000;

/**
 * Tells a node that is gone without a word from one to which only the link broke. Either sign alone may mislead: a lease
 * lapses while Redis stalls, and a link breaks between two nodes that are well.
 */
export class SilentNodes {
  readonly #options: SilentNodesOptions;
  readonly #foundAtMs = new Map<string, number>();

  constructor(options: SilentNodesOptions) {
    this.#options = options;
  }

  /** Whether a node, whose link is lost, is silent for everybody. Never rejects. */
  async isSilent(nodeId: string): Promise<boolean> {
    const hasLapsed = await this.#hasLapsed(nodeId);
    if (hasLapsed) this.#foundAtMs.set(nodeId, this.#options.clock.monotonicMs());
    return hasLapsed;
  }

  /** Whether a node, to which there is no link, is silent for everybody and can't be reached from here. Never rejects. */
  async isGone(nodeId: string, linkAddress: string): Promise<boolean> {
    if (!(await this.#hasLapsed(nodeId))) return false;
    if (this.#wasFoundSilent(nodeId)) return true;
    return (await this.#reach(nodeId, linkAddress).catch(() => undefined)) !== undefined;
  }

  /**
   * What this node can say against the home of a room that placement waits for: nothing when it can be reached, or
   * placement does not answer. Never rejects.
   */
  async evidenceAgainstHome(roomId: string): Promise<NodeEvidence | undefined> {
    try {
      const { placement } = this.#options;
      const home = (await placement.findRoom(roomId))?.nodes[0];
      if (home === undefined || home === this.#options.nodeId) return undefined;
      if (this.#wasFoundSilent(home)) return { nodeId: home, kind: 'unreachable' };
      const record = await placement.findNode(home);
      return record && !record.alive ? await this.#reach(home, record.linkAddress) : undefined;
    } catch {
      return undefined;
    }
  }

  /** The lease has, while this node's own has not: else Redis stalls. False also when placement does not answer. */
  async #hasLapsed(nodeId: string): Promise<boolean> {
    const { placement } = this.#options;
    try {
      const [own, other] = await Promise.all([
        placement.findNode(this.#options.nodeId),
        placement.findNode(nodeId),
      ]);
      return own?.alive === true && other?.alive === false;
    } catch {
      return false;
    }
  }

  #wasFoundSilent(nodeId: string): boolean {
    const foundAtMs = this.#foundAtMs.get(nodeId);
    if (foundAtMs === undefined) return false;
    if (this.#options.clock.monotonicMs() - foundAtMs < MEMORY_MS) return true;
    this.#foundAtMs.delete(nodeId);
    return false;
  }

  async #reach(nodeId: string, linkAddress: string): Promise<NodeEvidence | undefined> {
    const { hub, clock } = this.#options;
    const reached = hub.connect(nodeId, linkAddress);
    const late = new Promise<NodeEvidence>((resolve) => {
      const timer = clock.setTimer(REACH_TIMEOUT_MS, () => resolve({ nodeId, kind: 'unreachable' }));
      void reached.finally(() => timer.cancel()).catch(() => undefined);
    });
    try {
      return await Promise.race([reached.then(() => undefined), late]);
    } catch (error) {
      if (error instanceof NodeUnreachableError) return { nodeId, kind: error.evidence };
      throw error;
    }
  }
}
