import { z } from 'zod';
import { FleetError } from '../../core/errors';
import type { PlacementPort } from '../../core/placement/placement-port';
import {
  broadcasterOperations,
  type BroadcasterOperation,
} from '../../core/protocol/demo/broadcaster-operations';
import type { BroadcasterPort } from '../media/broadcaster-port';
import type { LinkHub } from './link-hub';

const CALL_TIMEOUT_MS = 10_000;

const callSchema = z.object({ roomId: z.string().max(256), operation: z.string(), params: z.unknown() });

export interface BroadcasterRelayOptions {
  nodeId: string;
  hub: Pick<LinkHub, 'connect' | 'find'>;
  placement: Pick<PlacementPort, 'findRoom' | 'findNode'>;
  /** The rooms of this node. */
  local: BroadcasterPort & { hasRoom(roomId: string): boolean };
}

/** Broadcasters' calls, taken to the node that holds the room. */
export class BroadcasterRelay implements BroadcasterPort {
  constructor(private readonly options: BroadcasterRelayOptions) {}

  async call(roomId: string, operation: BroadcasterOperation, params: unknown): Promise<unknown> {
    const { local, nodeId, hub, placement } = this.options;
    // Asked first, so that it works without Redis too.
    if (local.hasRoom(roomId)) return local.call(roomId, operation, params);
    const home = (await placement.findRoom(roomId))?.nodes[0];
    if (home === undefined || home === nodeId) return local.call(roomId, operation, params);
    const link = hub.find(home) ?? (await hub.connect(home, await this.addressOf(home)));
    return link.call('broadcaster', { roomId, operation, params }, CALL_TIMEOUT_MS);
  }

  /** Answers a call that another node took in. @throws FleetError */
  async answer(raw: unknown): Promise<unknown> {
    const parsed = callSchema.safeParse(raw);
    if (!parsed.success || !isOperation(parsed.data.operation)) {
      throw new FleetError('FLEET_ERR_BAD_REQUEST', { message: 'broadcaster call: not valid' });
    }
    const { roomId, operation, params } = parsed.data;
    return this.options.local.call(roomId, operation, params);
  }

  private async addressOf(nodeId: string): Promise<string> {
    const record = await this.options.placement.findNode(nodeId);
    if (!record) throw new FleetError('FLEET_ERR_NODE_UNREACHABLE', { message: `no node ${nodeId}` });
    return record.linkAddress;
  }
}

function isOperation(name: string): name is BroadcasterOperation {
  return Object.hasOwn(broadcasterOperations, name);
}
