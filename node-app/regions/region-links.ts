import { z } from 'zod';
import type { Clock } from '../../core/clock';
import { FleetError } from '../../core/errors';
import { ROOM_LINK_VERSION } from '../../core/protocol/link';
import { presenceAnswerSchema, type Presence, type PresenceAnswer } from '../../core/protocol/region-link';
import type { Link } from '../link/link';
import { tunnelAddress, tunnelPath } from '../link/link-address';
import type { LinkHub } from '../link/link-hub';
import type { LinkKeys } from '../link/link-secrets';
import { createTunnelProof, TUNNEL_PROOF_HEADER } from '../link/tunnel-proof';
import type { RegionDirectory } from './region-directory';

/** Of one question to the directory, milliseconds. */
const CALL_TIMEOUT_MS = 2_000;
/** Of the question which node takes requests, milliseconds: four round trips. */
const ASK_TIMEOUT_MS = 3_000;

const takerSchema = z.object({ nodeId: z.string().regex(/^[\w.:-]{1,128}$/) });

export interface RegionLinksOptions {
  nodeId: string;
  /** This one. */
  region: string;
  /** Region → its HTTPS endpoint; this region too. */
  urls: ReadonlyMap<string, string>;
  keys: LinkKeys;
  hub: Pick<LinkHub, 'connect' | 'find'>;
  directory: RegionDirectory;
  clock: Clock;
}

/** One link to some node of each other region, for what any node there can answer. */
export class RegionLinks {
  readonly #options: RegionLinksOptions;
  /** Region → the node that answers there. */
  readonly #nodes = new Map<string, string>();

  constructor(options: RegionLinksOptions) {
    this.#options = options;
  }

  /** Speaks to the directory of a region. One question at a time per region. @throws FleetError */
  async speak(region: string, presence: Presence): Promise<PresenceAnswer> {
    const { nodeId, directory } = this.#options;
    if (region === this.#options.region) return directory.register(nodeId, presence);
    const link = await this.#linkTo(region);
    return presenceAnswerSchema.parse(await link.call('regionPresence', presence, CALL_TIMEOUT_MS));
  }

  /** How a node of that region is linked with. */
  addressOf(region: string, nodeId: string): string {
    return tunnelAddress(this.#urlOf(region), region, nodeId);
  }

  async #linkTo(region: string): Promise<Link> {
    const { hub } = this.#options;
    const known = this.#nodes.get(region);
    const open = known === undefined ? undefined : hub.find(known);
    if (open) return open;
    // The node of before may be gone, and another one of the region there.
    const nodeId = await this.#whoAnswers(region);
    const link = await hub.connect(nodeId, this.addressOf(region, nodeId));
    if (link.version < ROOM_LINK_VERSION) {
      throw new FleetError('FLEET_ERR_NODE_UNREACHABLE', {
        message: `node ${nodeId} knows nothing of regions yet`,
      });
    }
    this.#nodes.set(region, nodeId);
    return link;
  }

  async #whoAnswers(region: string): Promise<string> {
    const { keys, clock } = this.#options;
    const path = tunnelPath(region);
    const url = new URL(path, this.#urlOf(region));
    const proof = createTunnelProof(keys.dial, path, clock.nowMs());
    const answer = await fetch(url, {
      headers: { [TUNNEL_PROOF_HEADER]: proof },
      redirect: 'error',
      signal: AbortSignal.timeout(ASK_TIMEOUT_MS),
    }).catch((cause: unknown) => {
      throw new FleetError('FLEET_ERR_NODE_UNREACHABLE', { message: `${url.host} does not answer`, cause });
    });
    const message = `${url.host} answers ${answer.status} to ${path}`;
    if (answer.status === 401) throw new FleetError('FLEET_ERR_LINK_REFUSED', { message });
    const taker = takerSchema.safeParse(answer.ok ? await answer.json().catch(() => undefined) : undefined);
    if (!taker.success) throw new FleetError('FLEET_ERR_NODE_UNREACHABLE', { message });
    return taker.data.nodeId;
  }

  #urlOf(region: string): string {
    const url = this.#options.urls.get(region);
    if (url === undefined)
      throw new FleetError('FLEET_ERR_CONFIG', { message: `no region ${region} is configured` });
    return url.replace(/^ws/, 'http');
  }
}
