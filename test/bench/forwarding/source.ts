import { createSocket } from 'node:dgram';
import { RtpHeader, RtpPacket } from 'werift';
import { AUDIO, VIDEO, type SourceCommand } from './messages';

export interface SourceSetup {
  ports: number[];
  packetsPerSecond: number;
  payloadBytes: number;
}

/** Sends the same video and audio to every port at a steady rate, whenever it is told to. */
const TICK_MS = 5;

interface Stream {
  ssrc: number;
  payloadType: number;
  clockRate: number;
  packetsPerSecond: number;
  payload: Buffer;
  extensions: { id: number; payload: Buffer }[];
  sent: number;
}

const socket = createSocket('udp4');
let ports: number[] = [];
let streams: Stream[] = [];
let timer: NodeJS.Timeout | undefined;

function send(): void {
  const startedAt = performance.now();
  const before = streams.map(({ sent }) => sent);
  timer = setInterval(() => {
    const seconds = (performance.now() - startedAt) / 1_000;
    streams.forEach((stream, i) => {
      const due = (before[i] ?? 0) + Math.floor(seconds * stream.packetsPerSecond);
      for (; stream.sent < due; stream.sent += 1) sendOne(stream);
    });
  }, TICK_MS);
}

function sendOne({
  ssrc,
  payloadType,
  clockRate,
  packetsPerSecond,
  payload,
  extensions,
  sent,
}: Stream): void {
  const header = new RtpHeader({
    version: 2,
    payloadType,
    sequenceNumber: sent & 0xffff,
    timestamp: Math.floor((sent * clockRate) / packetsPerSecond) >>> 0,
    ssrc,
    marker: true,
    ...(extensions.length > 0 && { extension: true, extensionProfile: 0xbede, extensions }),
  });
  const packet = new RtpPacket(header, payload).serialize();
  for (const port of ports) socket.send(packet, port, '127.0.0.1');
}

process.on('message', (message: SourceSetup | SourceCommand) => {
  clearInterval(timer);
  if (message === 'send') return send();
  if (message === 'pause') return;
  ports = message.ports;
  const video = Buffer.alloc(message.payloadBytes, 2);
  // Descriptor with the start bit, then a frame header that says key frame: any consumer can begin anywhere.
  video.set([0x10, 0x00]);
  const loud = [{ id: AUDIO.levelId, payload: Buffer.from([0x80 | 10]) }];
  streams = [
    { ...VIDEO, packetsPerSecond: message.packetsPerSecond, payload: video, extensions: [], sent: 0 },
    { ...AUDIO, payload: Buffer.alloc(80, 1), extensions: loud, sent: 0 },
  ];
});
process.on('disconnect', () => process.exit(0));
