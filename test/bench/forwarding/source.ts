import { createSocket } from 'node:dgram';
import { RtcpSenderInfo, RtcpSrPacket, RtpHeader, RtpPacket } from 'werift';
import { ntpNow } from '../../../local/load/rtp-peer';
import { AUDIO, VIDEO, type SourceCommand, type VideoLayer } from './messages';

export interface SourceSetup {
  ports: number[];
  /** More than one: simulcast, lowest first. */
  layers: VideoLayer[];
}

/** Sends the same video and audio to every port at a steady rate, whenever it is told to. */
const TICK_MS = 5;
/** Without sender reports a consumer can't go from one layer to another. */
const REPORT_EVERY_MS = 500;

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
  let reportedAt = -Infinity;
  timer = setInterval(() => {
    const now = performance.now();
    const seconds = (now - startedAt) / 1_000;
    streams.forEach((stream, i) => {
      const due = (before[i] ?? 0) + Math.floor(seconds * stream.packetsPerSecond);
      for (; stream.sent < due; stream.sent += 1) sendOne(stream);
    });
    if (now - reportedAt < REPORT_EVERY_MS) return;
    reportedAt = now;
    streams.forEach(report);
  }, TICK_MS);
}

function timestampOf({ sent, clockRate, packetsPerSecond }: Stream): number {
  return Math.floor((sent * clockRate) / packetsPerSecond) >>> 0;
}

function report(stream: Stream): void {
  const { ssrc, sent, payload } = stream;
  const senderInfo = new RtcpSenderInfo({
    ntpTimestamp: ntpNow(),
    rtpTimestamp: timestampOf(stream),
    packetCount: sent,
    octetCount: sent * payload.length,
  });
  sendToAll(new RtcpSrPacket({ ssrc, senderInfo, reports: [] }).serialize());
}

function sendOne(stream: Stream): void {
  const { ssrc, payloadType, payload, extensions, sent } = stream;
  const header = new RtpHeader({
    version: 2,
    payloadType,
    sequenceNumber: sent & 0xffff,
    timestamp: timestampOf(stream),
    ssrc,
    marker: true,
    ...(extensions.length > 0 && { extension: true, extensionProfile: 0xbede, extensions }),
  });
  sendToAll(new RtpPacket(header, payload).serialize());
}

function sendToAll(packet: Buffer): void {
  for (const port of ports) socket.send(packet, port, '127.0.0.1');
}

function videoStream({ ssrc, packetsPerSecond, payloadBytes }: VideoLayer): Stream {
  const payload = Buffer.alloc(payloadBytes, 2);
  // Descriptor with the start bit, then a frame header that says key frame: any consumer can begin anywhere.
  payload.set([0x10, 0x00]);
  return { ...VIDEO, ssrc, packetsPerSecond, payload, extensions: [], sent: 0 };
}

process.on('message', (message: SourceSetup | SourceCommand) => {
  clearInterval(timer);
  if (message === 'send') return send();
  if (message === 'pause') return;
  ports = message.ports;
  const loud = [{ id: AUDIO.levelId, payload: Buffer.from([0x80 | 10]) }];
  streams = [
    ...message.layers.map(videoStream),
    { ...AUDIO, payload: Buffer.alloc(80, 1), extensions: loud, sent: 0 },
  ];
});
process.on('disconnect', () => process.exit(0));
