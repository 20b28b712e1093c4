import * as mediasoup from 'mediasoup';
import type { types } from 'mediasoup';
import pino from 'pino';
import { MediaNode } from '../../../node-app/media/media-node';
import { ROUTER_CODECS } from '../../../node-app/media/router-codecs';
import { systemClock } from '../../../node-app/system-clock';
import { findWorkerBin } from '../../../scripts/setup/parts.cjs';
import { TestPeer } from '../../helpers/test-peer';
import {
  AUDIO_PARAMETERS,
  SRTP_PARAMETERS,
  VIDEO_PARAMETERS,
  type ServerAnswer,
  type ServerCommand,
  type ServerSetup,
} from './messages';

/** One side of the comparison, in a process of its own: a bare mediasoup worker, or our media node. */
interface Side {
  workerPid: number;
  publisherPorts: number[];
}

/** Every consumer that either side creates, found by mediasoup's own observers: both are counted the same way. */
const consumers: types.Consumer[] = [];
const transports: types.Transport[] = [];

mediasoup.observer.on('newworker', (worker) => {
  worker.observer.on('newrouter', (router) => {
    router.observer.on('newtransport', (transport) => {
      transports.push(transport);
      transport.observer.on('newconsumer', (consumer) => consumers.push(consumer));
    });
  });
});

async function startBare({ rooms, viewersPerRoom, sinkPorts }: ServerSetup): Promise<Side> {
  const worker = await mediasoup.createWorker({ workerBin: findWorkerBin(), logLevel: 'error' });
  const publisherPorts: number[] = [];
  const listenInfo = { protocol: 'udp', ip: '127.0.0.1' } as const;
  for (let room = 0; room < rooms; room += 1) {
    const router = await worker.createRouter({ mediaCodecs: [...ROUTER_CODECS] });
    const source = await router.createPlainTransport({ listenInfo, rtcpMux: true, comedia: true });
    publisherPorts.push(source.tuple.localPort);
    const producer = await source.produce({ kind: 'video', rtpParameters: VIDEO_PARAMETERS });
    await source.produce({ kind: 'audio', rtpParameters: AUDIO_PARAMETERS });
    for (let viewer = 0; viewer < viewersPerRoom; viewer += 1) {
      const transport = await router.createPlainTransport({
        listenInfo,
        rtcpMux: true,
        comedia: false,
        enableSrtp: true,
        srtpCryptoSuite: SRTP_PARAMETERS.cryptoSuite,
      });
      const port = sinkPorts[room * viewersPerRoom + viewer] ?? 0;
      await transport.connect({ ip: '127.0.0.1', port, srtpParameters: SRTP_PARAMETERS });
      await transport.consume({ producerId: producer.id, rtpCapabilities: router.rtpCapabilities });
    }
  }
  return { workerPid: worker.pid, publisherPorts };
}

async function startFleet({ rooms, viewersPerRoom, sinkPorts }: ServerSetup): Promise<Side> {
  const node = await MediaNode.create({
    media: {
      workerBin: findWorkerBin(),
      workers: 1,
      listenIp: '127.0.0.1',
      portBase: 0,
      capacity: { egressBps: 1e10, packetsPerSecond: 1e6 },
    },
    clock: systemClock,
    logger: pino({ level: 'info' }, pino.destination('/dev/null')),
  });
  const publisherPorts: number[] = [];
  for (let room = 0; room < rooms; room += 1) {
    const roomId = `room-${room}`;
    const call = async (operation: Parameters<MediaNode['call']>[1], params: object) =>
      (await node.call(roomId, operation, params)) as { id: string; port: number };
    const broadcaster = async (broadcasterId: string): Promise<void> => {
      const device = { name: 'bench' };
      await call('createBroadcaster', {
        broadcasterId,
        displayName: 'b',
        device,
        remoteAddress: '',
        joins: true,
      });
    };
    const holder = await TestPeer.open(node, { roomId, peerId: 'holder' });
    const capabilities = await holder.request('getRouterRtpCapabilities');
    await holder.request('join', { displayName: 'holder', device: {} });

    await broadcaster('publisher');
    const source = await call('createTransport', {
      broadcasterId: 'publisher',
      rtcpMux: true,
      comedia: true,
    });
    publisherPorts.push(source.port);
    const { id: producerId } = await call('produce', {
      broadcasterId: 'publisher',
      transportId: source.id,
      kind: 'video',
      rtpParameters: VIDEO_PARAMETERS,
    });
    await call('produce', {
      broadcasterId: 'publisher',
      transportId: source.id,
      kind: 'audio',
      rtpParameters: AUDIO_PARAMETERS,
    });
    for (let viewer = 0; viewer < viewersPerRoom; viewer += 1) {
      const broadcasterId = `viewer-${viewer}`;
      await broadcaster(broadcasterId);
      const srtpCryptoSuite = SRTP_PARAMETERS.cryptoSuite;
      const options = {
        broadcasterId,
        direction: 'consumer',
        rtcpMux: true,
        comedia: false,
        srtpCryptoSuite,
      };
      const { id: transportId } = await call('createTransport', options);
      const port = sinkPorts[room * viewersPerRoom + viewer];
      await call('connectTransport', {
        broadcasterId,
        transportId,
        ip: '127.0.0.1',
        port,
        srtpParameters: SRTP_PARAMETERS,
      });
      await call('consume', {
        broadcasterId,
        transportId,
        producerId,
        rtpCapabilities: capabilities.routerRtpCapabilities,
      });
    }
  }
  const [workerPid] = node.workerPids;
  if (workerPid === undefined) throw new Error('the worker is gone');
  return { workerPid, publisherPorts };
}

async function countPackets(): Promise<number> {
  const stats = await Promise.all(consumers.map((consumer) => consumer.getStats()));
  return stats
    .flat()
    .reduce((sum, { type, packetCount }) => sum + (type === 'outbound-rtp' ? packetCount : 0), 0);
}

async function answer(command: ServerCommand): Promise<ServerAnswer> {
  switch (command.type) {
    case 'start': {
      const start = command.setup.kind === 'bare' ? startBare : startFleet;
      return { type: 'started', ...(await start(command.setup)) };
    }
    case 'countPackets':
      return { type: 'packets', packets: await countPackets() };
    case 'sampleMeter':
      for (let i = 0; i < command.samples; i += 1) await transports[i % transports.length]?.getStats();
      return { type: 'sampled' };
  }
}

process.on('message', (command: ServerCommand) => {
  answer(command).then(
    (message) => process.send?.(message),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
// The bench has ended, however it did: mediasoup ends its worker with this process.
process.on('disconnect', () => process.exit(0));
