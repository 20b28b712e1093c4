import type { Logger } from 'pino';
import { z } from 'zod';
import { FleetError } from '../../core/errors';
import { ROOM_LINK_VERSION } from '../../core/protocol/link';
import type { RoomLinkMessage } from '../../core/protocol/room-link';
import type { RoomLinksHost, RoomLinksPort } from '../media/room-links-port';
import type { Link, SessionFrame } from './link';
import type { LinkHub } from './link-hub';

/** A home answers within milliseconds; this covers one whose room is being created under load. */
const JOIN_TIMEOUT_MS = 5_000;

const joinParamsSchema = z.object({
  roomId: z.string().min(1).max(256),
  epoch: z.number(),
  isRegion: z.boolean().optional(),
});

export interface RoomLinksOptions {
  hub: Pick<LinkHub, 'connect' | 'find'>;
  host: RoomLinksHost;
  logger: Logger;
}

/** Rooms that are on several nodes, over the links between these. */
export class RoomLinks implements RoomLinksPort {
  readonly #options: RoomLinksOptions;

  constructor(options: RoomLinksOptions) {
    this.#options = options;
  }

  async join(request: Parameters<RoomLinksPort['join']>[0]): Promise<void> {
    const { roomId, epoch, nodeId, linkAddress, isRegion } = request;
    const link = await this.#options.hub.connect(nodeId, linkAddress);
    if (link.version < ROOM_LINK_VERSION) {
      throw new FleetError('FLEET_ERR_NODE_UNREACHABLE', { message: `node ${nodeId} can't share rooms yet` });
    }
    await link.call('roomJoin', { roomId, epoch, isRegion }, JOIN_TIMEOUT_MS);
  }

  send(nodeId: string, roomId: string, message: RoomLinkMessage): void {
    this.#sendFrame(nodeId, { t: 'room', roomId, message });
  }

  leave(nodeId: string, roomId: string, goesOn: boolean): void {
    this.#sendFrame(nodeId, { t: 'roomLeft', roomId, goesOn });
  }

  /** Answers `roomJoin`. @throws FleetError */
  async answer(link: Link, raw: unknown): Promise<unknown> {
    const parsed = joinParamsSchema.safeParse(raw);
    if (!parsed.success) throw new FleetError('FLEET_ERR_BAD_REQUEST', { message: 'roomJoin: not valid' });
    const { roomId, epoch, isRegion } = parsed.data;
    await this.#options.host.edgeJoins(link.nodeId, roomId, epoch, isRegion);
    return {};
  }

  /** A frame from another node of a room. */
  handleFrame(link: Link, frame: Extract<SessionFrame, { t: 'room' | 'roomLeft' }>): void {
    const { host } = this.#options;
    if (frame.t === 'room') host.receive(link.nodeId, frame.roomId, frame.message);
    else host.neighbourLeft(link.nodeId, frame.roomId, frame.goesOn ?? false);
  }

  linkClosed(link: Link): void {
    this.#options.host.linkLost(link.nodeId);
  }

  #sendFrame(nodeId: string, frame: Extract<SessionFrame, { t: 'room' | 'roomLeft' }>): void {
    try {
      this.#options.hub.find(nodeId)?.send(frame);
    } catch (error) {
      this.#options.logger.error(
        { err: error, peerNodeId: nodeId, roomId: frame.roomId },
        'a message does not fit the link',
      );
    }
  }
}
