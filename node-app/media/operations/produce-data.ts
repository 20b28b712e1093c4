import type { types } from 'mediasoup';
import { FleetError } from '../../../core/errors';
import type { AppData, ClientSctpStreamParameters } from '../../../core/protocol/demo/media-parameters';
import { callMediasoup } from '../mediasoup-errors';
import type { LocalPublisher } from '../publisher';
import { within } from '../../within';
import type { Room } from '../room';

export interface ProduceDataOptions {
  room: Room;
  publisher: LocalPublisher;
  transportId: string;
  sctpStreamParameters: ClientSctpStreamParameters;
  label: string;
  protocol: string;
  appData: AppData;
}

/**
 * How long a sender waits for its channel to be set up on the other side. What it sends before that is lost for
 * whoever is not ready yet: a first message right after `produceData` should reach everybody. Longer than a round
 * trip around the world; whoever takes more than that is not waited for.
 */
const OFFERS_MS = 500;

/** @throws FleetError FLEET_ERR_NOT_FOUND, FLEET_ERR_LIMIT_EXCEEDED, FLEET_ERR_BAD_REQUEST */
export async function produceData(options: ProduceDataOptions): Promise<types.DataProducer> {
  const { room, publisher, transportId, sctpStreamParameters, label, protocol, appData } = options;
  const { entities, peerId } = publisher;
  const { transport } = entities.transport(transportId);
  const dataProducer = await entities.createWithinLimit('dataProducers', () =>
    callMediasoup(async () => {
      const created = await transport.produceData({
        sctpStreamParameters,
        label,
        protocol,
        appData: { channel: label, ...appData, peerId },
      });
      entities.dataProducers.set(created.id, created);
      created.observer.on('close', () => entities.dataProducers.delete(created.id));
      return created;
    }),
  );
  if (publisher.closed || dataProducer.closed) {
    dataProducer.close();
    throw new FleetError('FLEET_ERR_SESSION_GONE');
  }
  await within(room.dataProduced(publisher, dataProducer), OFFERS_MS, room.clock);
  return dataProducer;
}
