import { createSocket } from 'node:dgram';
import { RtpHeader, RtpPacket } from 'werift';
import { PAYLOAD_TYPE, SSRC } from './messages';

export interface SourceSetup {
  ports: number[];
  packetsPerSecond: number;
  payloadBytes: number;
}

/** Sends the same VP8 stream to every port at a steady rate, until it is ended. */
const TICK_MS = 5;

process.on('message', ({ ports, packetsPerSecond, payloadBytes }: SourceSetup) => {
  const socket = createSocket('udp4');
  const payload = Buffer.alloc(payloadBytes, 2);
  // Descriptor with the start bit, then a frame header that says key frame: any consumer can begin anywhere.
  payload.set([0x10, 0x00]);
  const startedAt = performance.now();
  let sent = 0;
  setInterval(() => {
    const due = Math.floor(((performance.now() - startedAt) / 1_000) * packetsPerSecond);
    // After a pause of the machine, not all of it at once.
    sent = Math.max(sent, due - packetsPerSecond / 10);
    for (; sent < due; sent += 1) {
      const header = new RtpHeader({
        version: 2,
        payloadType: PAYLOAD_TYPE,
        sequenceNumber: Math.floor(sent) & 0xffff,
        timestamp: Math.floor((sent * 90_000) / packetsPerSecond) >>> 0,
        ssrc: SSRC,
        marker: true,
      });
      const packet = new RtpPacket(header, payload).serialize();
      for (const port of ports) socket.send(packet, port, '127.0.0.1');
    }
  }, TICK_MS);
});
process.on('disconnect', () => process.exit(0));
