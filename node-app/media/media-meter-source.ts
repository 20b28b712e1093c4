import type { types } from 'mediasoup';
import type { MeteredConsumer, MeteredTransport, MeterSource } from '../meter/egress-meter';
import type { PeerEntities, PeerTransport } from './peer-entities';
import type { Room } from './room';

/** Lets the egress meter see the transports and consumers of a node's rooms. */
export function mediaMeterSource(rooms: () => Iterable<Room>): MeterSource {
  return {
    *transports(): Iterable<MeteredTransport> {
      for (const { roomId, entities } of entitiesOf(rooms())) {
        for (const { transport, use } of entities.transports.values()) {
          // Where nothing is received, only RTCP goes out.
          if (use.receives) yield { id: transport.id, roomId, bytesSent: () => bytesSent(transport) };
        }
      }
    },
    *consumers(): Iterable<MeteredConsumer> {
      for (const { roomId, entities } of entitiesOf(rooms())) {
        for (const { consumer } of entities.consumers.values()) {
          if (consumer.paused || consumer.producerPaused) continue;
          yield { id: consumer.id, roomId, streams: () => outboundStreams(consumer) };
        }
      }
    },
  };
}

function* entitiesOf(rooms: Iterable<Room>): Iterable<{ roomId: string; entities: PeerEntities }> {
  for (const room of rooms) {
    for (const { entities } of room.peers) yield { roomId: room.roomId, entities };
    for (const { entities } of room.broadcasters.values()) yield { roomId: room.roomId, entities };
  }
}

async function bytesSent(transport: PeerTransport): Promise<number> {
  const stats = await transport.getStats();
  return stats.reduce((sum, stat) => sum + stat.bytesSent, 0);
}

async function outboundStreams(consumer: types.Consumer) {
  const stats = await consumer.getStats();
  return stats.filter(({ type }) => type === 'outbound-rtp');
}
