import { FleetError } from '../../core/errors';
import type { BroadcasterRelay } from './broadcaster-relay';
import type { LinkHandlers } from './link';
import type { NodeCommander } from './node-commander';
import type { RelayClient } from './relay-client';
import type { RelayServer } from './relay-server';
import type { RoomLinks } from './room-links';

/** Who takes what comes over the links. */
export interface LinkReceivers {
  relayServer: Pick<RelayServer, 'open' | 'resume' | 'migrate' | 'handleFrame' | 'linkClosed'>;
  relayClient: Pick<RelayClient, 'handleFrame' | 'linkClosed'>;
  commands: Pick<NodeCommander, 'answer'>;
  broadcasters: Pick<BroadcasterRelay, 'answer'>;
  roomLinks: Pick<RoomLinks, 'answer' | 'handleFrame' | 'linkClosed'>;
  /** Undefined in a fleet of one region. */
  directory: { answer(nodeId: string, params: unknown): Promise<unknown> } | undefined;
}

/**
 * Hands each frame to the part that it is for.
 * @param receivers asked with each frame: the parts need the links and the links need them, so that these come first
 */
export function linkHandlers(receivers: () => LinkReceivers): LinkHandlers {
  return {
    onCall: (link, call, params) => {
      const { relayServer, commands, broadcasters, roomLinks, directory } = receivers();
      switch (call) {
        case 'open':
          return relayServer.open(link, params);
        case 'resume':
          return relayServer.resume(link, params);
        case 'migrate':
          return relayServer.migrate(params);
        case 'command':
          return commands.answer(params);
        case 'broadcaster':
          return broadcasters.answer(params);
        case 'roomJoin':
          return roomLinks.answer(link, params);
        case 'regionPresence':
          if (directory === undefined)
            throw new FleetError('FLEET_ERR_UNKNOWN_METHOD', { message: 'no regions here' });
          return directory.answer(link.nodeId, params);
      }
    },
    onSessionFrame: (link, frame) => {
      const { relayServer, relayClient, roomLinks } = receivers();
      switch (frame.t) {
        case 'up':
        case 'downAck':
          relayServer.handleFrame(link, frame);
          return;
        case 'down':
        case 'upAck':
        case 'closed':
          relayClient.handleFrame(link, frame);
          return;
        case 'room':
        case 'roomLeft':
          roomLinks.handleFrame(link, frame);
      }
    },
    onClose: (link) => {
      const { relayServer, relayClient, roomLinks } = receivers();
      relayServer.linkClosed(link);
      relayClient.linkClosed(link);
      roomLinks.linkClosed(link);
    },
  };
}
