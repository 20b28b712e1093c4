import { randomInt } from 'node:crypto';
import {
  GenericNack,
  PictureLossIndication,
  RtcpPayloadSpecificFeedback,
  RtcpSrPacket,
  RtcpTransportLayerFeedback,
  type RtcpPacket,
  type RtpPacket,
} from 'werift';
import { z } from 'zod';
import type { types } from 'mediasoup';
import type { Clock } from '../../core/clock';
import type { PeerSettings } from './load-settings';
import { videoPackets } from './media-rates';
import { PeerError } from './peer-error';
import type { ConsumerSequence } from './consumer-sequence';
import { ReceivedStream } from './received-stream';
import { RtpPeer, type RemoteTransport } from './rtp-peer';
import { opusParameters, sendOpus, sendVp8, vp8Parameters, type RunningStream } from './rtp-streams';
import type { SignallingSession } from './signalling-session';

export interface PeerMediaOptions {
  signalling: SignallingSession;
  clock: Clock;
  displayName: string;
  /** Undefined: it only receives. */
  publish: Pick<PeerSettings, 'audio' | 'audioFrameMs' | 'layersBps'> | undefined;
  /** The layer that it asks for. @default the uppermost */
  spatialLayer: number | undefined;
  /** What it receives, by sender and kind; goes on over sessions. */
  streams: Map<string, ReceivedStream>;
  onFirstPacket: () => void;
  /** The server can't be reached any more. */
  onLost: () => void;
}

const capabilitiesSchema = z.object({
  routerRtpCapabilities: z.object({ codecs: z.array(z.record(z.string(), z.unknown())) }),
});
const transportSchema = z.looseObject({ transportId: z.string() });
const consumerSchema = z.object({
  peerId: z.string(),
  producerId: z.string(),
  consumerId: z.string(),
  kind: z.enum(['audio', 'video']),
  rtpParameters: z.object({
    mid: z.string().optional(),
    encodings: z.array(z.object({ ssrc: z.number().optional() })).min(1),
  }),
});
const consumerIdSchema = z.object({ consumerId: z.string() });
const layersSchema = z.object({
  consumerId: z.string(),
  layers: z.object({ spatialLayer: z.number() }).nullish(),
});

/** A place of the receiving connection, and what is in it. */
export interface ReceivingSlot {
  mid: string;
  producerId: string;
}

/** ICE and DTLS together, milliseconds. */
const CONNECT_TIMEOUT_MS = 15_000;
const CLOCK_RATE = { audio: 48_000, video: 90_000 } as const;
/**
 * What a load peer can receive. No transport-cc and no REMB: without them the server sends what is asked for, and a
 * run measures the fleet, not the congestion control of a synthetic client.
 */
const FEEDBACK = ['nack', 'nack pli', 'ccm fir'];

interface Consumer {
  ssrc: number;
  kind: 'audio' | 'video';
  slot: ReceivingSlot;
  stream: ReceivedStream;
  sequence: ConsumerSequence;
  spatialLayer: number | undefined;
  /** At the last report. */
  seen: { lost: number; packets: number };
}

export function streamKey(peerId: string, kind: 'audio' | 'video'): string {
  return `${peerId}/${kind}`;
}

/** The media of one session: transports, what it sends, what it receives. */
export class PeerMedia {
  private readonly consumers = new Map<string, Consumer>();
  private readonly bySsrc = new Map<number, Consumer>();
  private readonly sending = new Map<number, RunningStream>();
  private receiver: Promise<RtpPeer> | undefined;
  private readonly open: RtpPeer[] = [];
  private heard = false;
  private closed = false;

  constructor(private readonly options: PeerMediaOptions) {}

  /** Bytes of payload sent. */
  get sentBytes(): number {
    return Array.from(this.sending.values()).reduce((sum, { octets }) => sum + octets, 0);
  }

  /** Of each video stream that comes in; undefined while the server sends none. */
  get spatialLayers(): (number | undefined)[] {
    const video = Array.from(this.consumers.values()).filter(({ kind }) => kind === 'video');
    return video.map(({ spatialLayer }) => spatialLayer);
  }

  /** The places of its receiving connection, in order. */
  get slots(): ReceivingSlot[] {
    return Array.from(this.consumers.values(), ({ slot }) => slot);
  }

  /** So many of its consumers have received something. */
  get flowing(): number {
    return Array.from(this.consumers.values()).filter(({ sequence }) => sequence.packets > 0).length;
  }

  /** The whole way into the room. @param slots of the session before, for who migrates @throws PeerError */
  async enter(slots?: readonly ReceivingSlot[]): Promise<void> {
    const { signalling, displayName, publish } = this.options;
    const [capabilities, receiving, sending] = await Promise.all([
      signalling.request('getRouterRtpCapabilities'),
      this.createTransport('consumer'),
      publish ? this.createTransport('producer') : undefined,
    ]);
    const { routerRtpCapabilities } = capabilitiesSchema.parse(capabilities);
    const receiver = this.connect(receiving);
    this.receiver = receiver;
    const sender = sending && this.connect(sending);
    const join = signalling.request('join', {
      displayName,
      device: { flag: 'load', name: 'fleet load', version: '1' },
      rtpCapabilities: { codecs: receivable(routerRtpCapabilities.codecs), headerExtensions: [] },
      ...(slots && { slots }),
    });
    // As browsers do: once in the room, they don't wait for their connections to tell what they will send.
    const published =
      publish && sending && sender && join.then(() => this.publish(publish, sender, sending.transportId));
    // All of them are waited for, so that none fails unheard.
    const results = await Promise.allSettled([join, receiver, sender, published]);
    for (const result of results) {
      if (result.status === 'rejected') throw PeerError.from(result.reason);
    }
  }

  /** Accepts a stream of somebody. */
  async newConsumer(data: unknown): Promise<void> {
    const { peerId, producerId, consumerId, kind, rtpParameters } = consumerSchema.parse(data);
    const ssrc = rtpParameters.encodings[0]?.ssrc;
    if (ssrc === undefined) throw new PeerError('PROTOCOL_ERROR', 'a consumer without an SSRC');
    const { streams, spatialLayer, signalling } = this.options;
    const key = streamKey(peerId, kind);
    const stream = streams.get(key) ?? new ReceivedStream(CLOCK_RATE[kind], kind === 'video');
    streams.set(key, stream);
    const consumer: Consumer = {
      ssrc,
      kind,
      slot: { mid: rtpParameters.mid ?? '', producerId },
      stream,
      sequence: stream.begin(ssrc),
      spatialLayer: undefined,
      seen: { lost: 0, packets: 0 },
    };
    // At once: notifications of it may come before the transport is there.
    this.consumers.set(consumerId, consumer);
    this.bySsrc.set(ssrc, consumer);
    await this.receiver;
    if (this.closed) throw PeerError.lost('the session ended');
    if (kind === 'video' && spatialLayer !== undefined) {
      const wanted = { consumerId, spatialLayer };
      signalling.send({ notification: true, method: 'setConsumerPreferredLayers', data: wanted });
    }
  }

  notification(method: string, data: unknown): void {
    if (method === 'consumerClosed') {
      const { consumerId } = consumerIdSchema.parse(data);
      const consumer = this.consumers.get(consumerId);
      if (!consumer) return;
      this.consumers.delete(consumerId);
      this.bySsrc.delete(consumer.ssrc);
      consumer.stream.end(consumer.sequence, { expected: false });
    } else if (method === 'consumerLayersChanged') {
      const { consumerId, layers } = layersSchema.parse(data);
      const consumer = this.consumers.get(consumerId);
      if (consumer) consumer.spatialLayer = layers?.spatialLayer;
    }
  }

  /** What a receiver says each second: reports, and a key frame for each picture that stays damaged or away. */
  async report(): Promise<void> {
    const receiver = await this.receiver?.catch(() => undefined);
    if (!receiver || this.closed) return;
    const nowMs = this.options.clock.monotonicMs();
    const consumers = Array.from(this.consumers.values());
    await receiver.sendReceiverReports(consumers.flatMap(({ sequence }) => sequence.report(nowMs) ?? []));
    for (const consumer of consumers) {
      const { lost, packets } = consumer.sequence;
      const damaged = lost > consumer.seen.lost || packets === consumer.seen.packets;
      if (consumer.kind === 'video' && damaged) await receiver.sendPli(consumer.ssrc);
      consumer.seen = { lost, packets };
    }
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.closed = true;
    for (const stream of this.sending.values()) stream.stop();
    for (const { stream, sequence } of this.consumers.values()) stream.end(sequence, { expected: true });
    this.consumers.clear();
    this.bySsrc.clear();
    await Promise.all(this.open.map((peer) => peer.close()));
  }

  private async createTransport(direction: 'producer' | 'consumer') {
    const data = { forceTcp: false, appData: { direction } };
    const answer = transportSchema.parse(
      await this.options.signalling.request('createWebRtcTransport', data),
    );
    return { transportId: answer.transportId, remote: answer as unknown as RemoteTransport };
  }

  private async connect(transport: { transportId: string; remote: RemoteTransport }): Promise<RtpPeer> {
    const { transportId, remote } = transport;
    const { clock, signalling } = this.options;
    const timeout = new PeerError('MEDIA_LOST', 'the node can not be reached over UDP', { retriable: true });
    const connecting = RtpPeer.connect({
      remote,
      connect: (dtlsParameters) =>
        signalling.request('connectWebRtcTransport', { transportId, dtlsParameters }),
    });
    const late = new Promise<never>((_, reject) => {
      const timer = clock.setTimer(CONNECT_TIMEOUT_MS, () => reject(timeout));
      void connecting.finally(() => timer.cancel()).catch(() => undefined);
    });
    try {
      const peer = await Promise.race([connecting, late]);
      this.take(peer);
      return peer;
    } catch (cause) {
      void connecting.then((peer) => peer.close()).catch(() => undefined);
      throw cause instanceof PeerError
        ? cause
        : new PeerError('MEDIA_LOST', String(cause), { retriable: true, cause });
    }
  }

  private take(peer: RtpPeer): void {
    this.open.push(peer);
    if (this.closed) {
      void peer.close();
      return;
    }
    peer.onPacket((packet) => this.receive(peer, packet));
    peer.onRtcp((packet) => this.receiveRtcp(packet));
    peer.onLost(() => this.options.onLost());
  }

  private async publish(
    { audio, audioFrameMs, layersBps }: NonNullable<PeerMediaOptions['publish']>,
    sender: Promise<RtpPeer>,
    transportId: string,
  ): Promise<void> {
    const produce = async (kind: 'audio' | 'video', rtpParameters: types.RtpParameters): Promise<RtpPeer> => {
      const data = { transportId, kind, rtpParameters, appData: { source: kind } };
      const [peer] = await Promise.all([sender, this.options.signalling.request('produce', data)]);
      return peer;
    };
    const publishAudio = async (): Promise<void> => {
      const ssrc = randomSsrc();
      const peer = await produce('audio', opusParameters(ssrc));
      this.send(ssrc, () => sendOpus({ peer, ssrc, frameMs: audioFrameMs }));
    };
    const publishVideo = async (): Promise<void> => {
      const layers = layersBps.map((bps) => ({ ssrc: randomSsrc(), ...videoPackets(bps) }));
      const peer = await produce('video', vp8Parameters(layers.map(({ ssrc }) => ssrc)));
      for (const layer of layers) {
        this.send(layer.ssrc, () => sendVp8({ peer, ...layer, keyFrames: 'asked' }));
      }
    };
    await Promise.all([audio && publishAudio(), layersBps.length > 0 && publishVideo()]);
  }

  private send(ssrc: number, start: () => RunningStream): void {
    if (!this.closed) this.sending.set(ssrc, start());
  }

  private receive(peer: RtpPeer, { header, payload }: RtpPacket): void {
    const consumer = this.bySsrc.get(header.ssrc);
    // An empty one is a probe of the server.
    if (!consumer || payload.length === 0) return;
    if (!this.heard) {
      this.heard = true;
      this.options.onFirstPacket();
    }
    const missing = consumer.stream.receive(
      consumer.sequence,
      { sequenceNumber: header.sequenceNumber, timestamp: header.timestamp, payloadBytes: payload.length },
      this.options.clock.monotonicMs(),
    );
    if (missing.length > 0 && consumer.kind === 'video') void peer.sendNack(header.ssrc, missing);
  }

  private receiveRtcp(packet: RtcpPacket): void {
    if (packet instanceof RtcpSrPacket) {
      const { ntpTimestamp } = packet.senderInfo;
      this.bySsrc.get(packet.ssrc)?.sequence.senderReport(ntpTimestamp, this.options.clock.monotonicMs());
    } else if (packet instanceof RtcpTransportLayerFeedback) {
      const { feedback } = packet;
      if (feedback instanceof GenericNack)
        this.sending.get(feedback.mediaSourceSsrc)?.sendAgain(feedback.lost);
    } else if (packet instanceof RtcpPayloadSpecificFeedback) {
      const { feedback } = packet;
      if (feedback instanceof PictureLossIndication) this.sending.get(feedback.mediaSsrc)?.requestKeyFrame();
      else if ('fir' in feedback) {
        for (const { ssrc } of feedback.fir) this.sending.get(ssrc)?.requestKeyFrame();
      }
    }
  }
}

function receivable(codecs: Record<string, unknown>[]): Record<string, unknown>[] {
  return codecs
    .filter(({ mimeType }) => /^(audio\/opus|video\/VP8)$/i.test(String(mimeType)))
    .map(({ rtcpFeedback, ...codec }) => ({
      ...codec,
      rtcpFeedback: (Array.isArray(rtcpFeedback) ? (rtcpFeedback as types.RtcpFeedback[]) : []).filter(
        ({ type, parameter }) => FEEDBACK.includes([type, parameter].filter(Boolean).join(' ')),
      ),
    }));
}

function randomSsrc(): number {
  return randomInt(1, 2 ** 32);
}
