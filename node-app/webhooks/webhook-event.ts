import { z } from 'zod';
import type { PeerLeftReason, RoomEndedReason, RoomEvent } from '../../core/room-events';

/** What is added to an event of a room on its way out. */
export interface WebhookEnvelope {
  /** Unique per event and the same in every attempt to deliver it: receivers drop what they have seen. */
  id: string;
  /** The node that tells it. */
  nodeId: string;
}

export type WebhookEvent = RoomEvent & WebhookEnvelope;

const ROOM_ENDED_REASONS = [
  'empty',
  'closed',
  'moved',
  'workerDied',
  'nodeStopped',
] as const satisfies readonly RoomEndedReason[];

const PEER_LEFT_REASONS = [
  'left',
  'connectionLost',
  'replaced',
  'removed',
  'roomClosed',
  'moved',
  'workerDied',
  'nodeStopped',
] as const satisfies readonly PeerLeftReason[];

const envelope = {
  id: z.string().meta({ description: 'The same in every attempt to deliver this event.' }),
  nodeId: z.string(),
  roomId: z.string(),
  epoch: z.number().meta({ description: 'Tells lives of rooms with the same id apart; rises.' }),
  atMs: z.number().meta({ description: 'When it happened, milliseconds since 1970.' }),
};

const durationMs = z.number();

/** The body of a webhook request. */
export const webhookEventSchema = z
  .discriminatedUnion('type', [
    z.object({ type: z.literal('roomStarted'), ...envelope }),
    z.object({
      type: z.literal('roomEnded'),
      ...envelope,
      reason: z.enum(ROOM_ENDED_REASONS),
      durationMs,
      peakPeers: z.number(),
    }),
    z.object({ type: z.literal('peerJoined'), ...envelope, peerId: z.string() }),
    z.object({
      type: z.literal('peerLeft'),
      ...envelope,
      peerId: z.string(),
      reason: z.enum(PEER_LEFT_REASONS),
      durationMs,
    }),
  ])
  .meta({ id: 'WebhookEvent' }) satisfies z.ZodType<WebhookEvent>;
