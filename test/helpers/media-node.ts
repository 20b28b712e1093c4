import pino from 'pino';
import type { Clock } from '../../core/clock';
import type { RoomEvent } from '../../core/room-events';
import { MediaNode } from '../../node-app/media/media-node';
import type { MediaOptions } from '../../node-app/media/media-options';
import type { SharingOptions } from '../../node-app/media/sharing';
import { systemClock } from '../../node-app/system-clock';
import { findWorkerBin } from '../../scripts/setup/parts.cjs';

/** Log of the media side in tests: set FLEET_TEST_LOG_LEVEL to see it. */
export const testLogger = pino({ level: process.env.FLEET_TEST_LOG_LEVEL ?? 'silent' });

export interface TestNode {
  node: MediaNode;
  /** What the node told its listeners, oldest first. */
  events: RoomEvent[];
}

/** A media node with real workers on free ports of the loopback. Close it with `node.close()`. */
export async function startMediaNode(
  overrides: Partial<MediaOptions> = {},
  sharing?: SharingOptions,
  clock: Clock = systemClock,
): Promise<TestNode> {
  const events: RoomEvent[] = [];
  const node = await MediaNode.create({
    media: {
      workerBin: findWorkerBin(),
      workers: 1,
      listenIp: '127.0.0.1',
      portBase: 0,
      capacity: { egressBps: 1e9, packetsPerSecond: 1e5 },
      ...overrides,
    },
    clock,
    logger: testLogger,
    events: { emit: (event) => events.push(event) },
    sharing,
  });
  return { node, events };
}
