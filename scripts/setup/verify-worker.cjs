// Proves a worker before it enters the cache: starts it through mediasoup and sends a packet through two routers that
// are joined by SRTP, so that the libraries (and our header over libsrtp 2) really encrypt and decrypt.
// Runs as a process of its own, under the Node that the fleet uses: node verify-worker.cjs <worker>
'use strict';

const TIMEOUT_MS = 15_000;
const SSRC = 0x1f1ee7;
const PAYLOAD_TYPE = 100;
const CRYPTO_SUITES = ['AEAD_AES_256_GCM', 'AES_CM_128_HMAC_SHA1_80'];

const codec = { kind: 'audio', mimeType: 'audio/opus', clockRate: 48000, channels: 2 };
const rtpParameters = {
  codecs: [{ mimeType: 'audio/opus', clockRate: 48000, channels: 2, payloadType: PAYLOAD_TYPE }],
  encodings: [{ ssrc: SSRC }],
  rtcp: { cname: 'verify' },
};

/** @param {number} sequenceNumber @param {Buffer} payload */
function rtpPacket(sequenceNumber, payload) {
  const header = Buffer.alloc(12);
  header[0] = 0x80;
  header[1] = PAYLOAD_TYPE;
  header.writeUInt16BE(sequenceNumber, 2);
  header.writeUInt32BE(sequenceNumber * 960, 4);
  header.writeUInt32BE(SSRC, 8);
  return Buffer.concat([header, payload]);
}

async function sendThroughSrtp(worker, srtpCryptoSuite) {
  const [near, far] = await Promise.all([1, 2].map(() => worker.createRouter({ mediaCodecs: [codec] })));
  const plain = {
    listenInfo: { protocol: 'udp', ip: '127.0.0.1' },
    rtcpMux: true,
    enableSrtp: true,
    srtpCryptoSuite,
  };
  const [nearPlain, farPlain] = await Promise.all(
    [near, far].map((router) => router.createPlainTransport(plain)),
  );
  for (const [from, to] of [
    [nearPlain, farPlain],
    [farPlain, nearPlain],
  ]) {
    await from.connect({ ip: '127.0.0.1', port: to.tuple.localPort, srtpParameters: to.srtpParameters });
  }

  const nearDirect = await near.createDirectTransport();
  const source = await nearDirect.produce({ kind: 'audio', rtpParameters });
  const crossing = await nearPlain.consume({ producerId: source.id, rtpCapabilities: near.rtpCapabilities });
  const arrival = await farPlain.produce({ kind: 'audio', rtpParameters: crossing.rtpParameters });
  const farDirect = await far.createDirectTransport();
  const sink = await farDirect.consume({ producerId: arrival.id, rtpCapabilities: far.rtpCapabilities });

  const payload = Buffer.from('mediasoup-fleet');
  await new Promise((resolve) => {
    let sequenceNumber = 0;
    // UDP: the first packet may be lost on a busy machine.
    const sending = setInterval(() => source.send(rtpPacket((sequenceNumber += 1), payload)), 20);
    sink.on('rtp', (packet) => {
      if (!packet.includes(payload)) return;
      clearInterval(sending);
      resolve(undefined);
    });
  });
  near.close();
  far.close();
}

async function main() {
  const mediasoup = require('mediasoup');
  const worker = await mediasoup.createWorker({ workerBin: process.argv[2], logLevel: 'error' });
  const router = await worker.createRouter({ mediaCodecs: [codec] });
  await router.createWebRtcTransport({ listenInfos: [{ protocol: 'udp', ip: '127.0.0.1' }] });
  for (const suite of CRYPTO_SUITES) await sendThroughSrtp(worker, suite);
  worker.close();
}

/** @param {unknown} reason */
function fail(reason) {
  console.error(reason instanceof Error ? reason.message : String(reason));
  process.exit(1);
}

setTimeout(() => fail(`the worker did not pass a packet within ${TIMEOUT_MS / 1000} s`), TIMEOUT_MS).unref();
main().then(() => process.exit(0), fail);
