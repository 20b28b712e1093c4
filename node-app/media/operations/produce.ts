import type { types } from 'mediasoup';
import { FleetError } from '../../../core/errors';
import type { AppData, ClientRtpParameters, MediaKind } from '../../../core/protocol/demo/media-parameters';
import { withoutCaptureTime } from '../capture-time';
import { callMediasoup } from '../mediasoup-errors';
import type { LocalPublisher } from '../publisher';
import type { Room } from '../room';

export interface ProduceOptions {
  room: Room;
  publisher: LocalPublisher;
  transportId: string;
  kind: MediaKind;
  rtpParameters: ClientRtpParameters;
  appData: AppData;
}

/**
 * A sender is asked for a key frame at most this often per stream, however many want one: each is many packets at once
 * for everybody who watches. Only here, where the stream comes from: pulled producers pass requests on at once.
 */
const KEY_FRAME_INTERVAL_MS = 1_000;

/** @throws FleetError FLEET_ERR_NOT_FOUND, FLEET_ERR_LIMIT_EXCEEDED, FLEET_ERR_BAD_REQUEST */
export async function produce(options: ProduceOptions): Promise<types.Producer> {
  const { room, publisher, transportId, kind, rtpParameters, appData } = options;
  const { entities, peerId } = publisher;
  assertKind(kind, rtpParameters);
  const { transport } = entities.transport(transportId);
  const producer = await entities.createWithinLimit('producers', () =>
    callMediasoup(async () => {
      const created = await transport.produce({
        kind,
        rtpParameters: withoutCaptureTime(rtpParameters) as types.RtpParameters,
        keyFrameRequestDelay: KEY_FRAME_INTERVAL_MS,
        appData: { ...withSource(kind, appData), peerId },
      });
      entities.producers.set(created.id, created);
      created.observer.on('close', () => entities.producers.delete(created.id));
      return created;
    }),
  );
  if (publisher.closed || producer.closed) {
    producer.close();
    throw new FleetError('FLEET_ERR_SESSION_GONE');
  }
  room.produced(publisher, producer);
  return producer;
}

/** mediasoup takes audio for video if it is told so, and then treats it as such. */
function assertKind(kind: MediaKind, { codecs }: ClientRtpParameters): void {
  const other = codecs.find(({ mimeType }) => !mimeType.toLowerCase().startsWith(`${kind}/`));
  if (other === undefined) return;
  throw new FleetError('FLEET_ERR_BAD_REQUEST', { message: `${other.mimeType} is not ${kind}` });
}

/**
 * The generations name a screen share differently (`source: 'screensharing'`, `share: true`); each gets what it
 * looks for.
 */
function withSource(kind: MediaKind, appData: AppData): AppData {
  const shares = appData.share === true || appData.source === 'screensharing';
  const source = appData.source ?? (shares ? 'screensharing' : kind);
  return shares ? { ...appData, source, share: true } : { ...appData, source };
}
