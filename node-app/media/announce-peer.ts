import type { AnnouncedPeer } from '../../core/protocol/room-link';
import { laneOf } from './cascade/lane-of';
import { isForTheBot } from './bot-channel';
import { dataPublicationsOf, publicationsOf } from './local-publication';
import type { LocalPublisher } from './publisher';

/** What the room's other nodes get to know of a publisher here. */
export function announcePeer(publisher: LocalPublisher): AnnouncedPeer {
  const routerId = publisher.roomRouter.id;
  return {
    ...publisher.info(),
    stamp: publisher.stamp,
    ...(publisher.isAudience && { isAudience: true }),
    ...(publisher.roomOptions && { roomOptions: publisher.roomOptions }),
    ...(publisher.migratedFrom !== undefined && { migratedFrom: publisher.migratedFrom }),
    ...(publisher.succeeded && { succeeded: true }),
    streams: publicationsOf(publisher).map(({ producer, id, kind, codecs, appData, isMicrophone }) => ({
      id,
      routerId,
      kind,
      lane: laneOf(producer),
      codecs,
      appData,
      ...(isMicrophone && { isMicrophone }),
    })),
    data: dataPublicationsOf(publisher)
      .filter((publication) => !isForTheBot(publication))
      .map(({ id, label, appData }) => ({ id, routerId, label, appData })),
  };
}
