import { createSecretKey } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { RTCCertificate, RtcpPacket, RtpHeader } from 'werift';
import {
  DtlsClient,
  GenericNack,
  IceCandidate,
  PictureLossIndication,
  RTCDtlsFingerprint,
  RTCDtlsParameters,
  RTCDtlsTransport,
  RTCIceGatherer,
  RTCIceParameters,
  RTCIceTransport,
  RtcpPayloadSpecificFeedback,
  RtcpRrPacket,
  RtcpSenderInfo,
  RtcpSrPacket,
  RtcpTransportLayerFeedback,
  type RtcpReceiverInfo,
  type RtpPacket,
} from 'werift';
import type { types } from 'mediasoup';

/** What the server says of a WebRtcTransport; both generations' answers have these fields. */
export interface RemoteTransport {
  iceParameters: types.IceParameters;
  iceCandidates: types.IceCandidate[];
  dtlsParameters: types.DtlsParameters;
}

export interface RtpPeerOptions {
  remote: RemoteTransport;
  /** Gives the server this side's parameters (connectWebRtcTransport). */
  connect: (dtlsParameters: types.DtlsParameters) => Promise<unknown>;
}

/** DTLS-SRTP profiles (RFC 5764, RFC 7714) by number. */
const SRTP_PROFILES = { aes128CmHmacSha1: 0x0001, aeadAes128Gcm: 0x0007 } as const;

/** The sender of feedback, in RTCP: a receiver that sends nothing has no SSRC of its own. */
const FEEDBACK_SSRC = 1;

const SENDER_REPORT_EVERY_MS = 500;

/** A receiver report has a count of five bits (RFC 3550). */
const MAX_REPORT_BLOCKS = 31;

/**
 * The media side of a peer without a browser: one ICE + DTLS + SRTP association with a WebRtcTransport over UDP,
 * set up without SDP. Sends what it is told and counts what it receives.
 */
export class RtpPeer {
  /** Packets received, by SSRC. */
  readonly packetsBySsrc = new Map<number, number>();
  /** Bytes of payload received, by SSRC. */
  readonly bytesBySsrc = new Map<number, number>();
  /** How often the server asked for a key frame (PLI or FIR). */
  keyFrameRequests = 0;
  private readonly listeners: ((packet: RtpPacket) => void)[] = [];
  private readonly rtcpListeners: ((packet: RtcpPacket) => void)[] = [];
  private readonly lostListeners: (() => void)[] = [];
  private readonly reportSources = new Set<() => SenderReport>();
  private reportTimer: NodeJS.Timeout | undefined;
  private closed = false;

  private constructor(
    private readonly ice: RTCIceTransport,
    private readonly dtls: RTCDtlsTransport,
  ) {
    dtls.onRtp.subscribe((packet) => this.receive(packet));
    dtls.onRtcp.subscribe((packet) => {
      if (packet instanceof RtcpPayloadSpecificFeedback) this.keyFrameRequests += 1;
      for (const listener of this.rtcpListeners) listener(packet);
    });
    ice.onStateChange.subscribe((state) => {
      if (state !== 'failed' || this.closed) return;
      for (const listener of this.lostListeners) listener();
    });
  }

  /** @throws Error when the server can't be reached, or refuses; nothing stays open then */
  static async connect({ remote, connect }: RtpPeerOptions): Promise<RtpPeer> {
    const candidate = remote.iceCandidates.find(
      ({ protocol, address }) => protocol === 'udp' && !address.includes(':'),
    );
    if (candidate === undefined) throw new Error('the transport has no UDP candidate with an IPv4 address');
    // One for all peers of the process: a key pair costs more than a whole join.
    const certificate: RTCCertificate = await RTCDtlsTransport.SetupCertificate();
    const gatherer = new RTCIceGatherer({
      useIpv4: false,
      useIpv6: false,
      useTcp: false,
      // One way is enough, and all others would be checked too.
      additionalHostAddresses: [await localAddressTo(candidate)],
    });
    // werift's own default is a server of Google's, which has no business here, and whose answer would be waited for.
    gatherer.connection.stunServer = undefined;
    const ice = new RTCIceTransport(gatherer);
    const profiles = [SRTP_PROFILES.aeadAes128Gcm, SRTP_PROFILES.aes128CmHmacSha1];
    const dtls = new RTCDtlsTransport({}, ice, certificate, profiles);
    const peer = new RtpPeer(ice, dtls);
    try {
      ice.connection.iceControlling = true;
      await gatherer.gather();
      ice.setRemoteParams(new RTCIceParameters({ ...remote.iceParameters, iceLite: true }));
      await ice.addRemoteCandidate(
        new IceCandidate(
          1,
          candidate.foundation,
          candidate.address,
          candidate.port,
          candidate.priority,
          'udp',
          'host',
        ),
      );
      await ice.addRemoteCandidate(undefined);
      dtls.role = 'client';
      dtls.setRemoteParams(
        new RTCDtlsParameters(
          remote.dtlsParameters.fingerprints.map(
            ({ algorithm, value }) => new RTCDtlsFingerprint(algorithm, value),
          ),
          'server',
        ),
      );
      const fingerprints = dtls.localParameters.fingerprints.map(({ algorithm, value }) => ({
        algorithm: algorithm as types.FingerprintAlgorithm,
        value,
      }));
      // The server answers checks before it knows the fingerprint, and DTLS only after.
      await Promise.all([connect({ role: 'client', fingerprints }), ice.start()]);
      await startDtls(dtls);
      return peer;
    } catch (error) {
      await peer.close();
      throw error;
    }
  }

  /** All packets received so far. */
  get packets(): number {
    return Array.from(this.packetsBySsrc.values()).reduce((sum, packets) => sum + packets, 0);
  }

  onPacket(listener: (packet: RtpPacket) => void): void {
    this.listeners.push(listener);
  }

  onRtcp(listener: (packet: RtcpPacket) => void): void {
    this.rtcpListeners.push(listener);
  }

  /** Nothing answers on the other side any more (RFC 7675: after 30 s at most). */
  onLost(listener: () => void): void {
    this.lostListeners.push(listener);
  }

  async sendRtp(header: RtpHeader, payload: Buffer): Promise<void> {
    if (this.closed) return;
    await this.dtls.sendRtp(payload, header);
  }

  /**
   * Reports on a stream every 500 ms until the returned function is called, or the peer closes.
   *
   * The reports of all streams leave together, with no packet of any layer between them: mediasoup 3.27.1 can forward a layer
   * from its first packet behind a report, and looks for such layers with the next round's first report only. A viewer
   * without congestion control would otherwise stay in a lower layer for good.
   */
  reportOn(source: () => SenderReport): () => void {
    this.reportSources.add(source);
    this.reportTimer ??= setInterval(() => {
      for (const report of this.reportSources) void this.sendSenderReport(report());
    }, SENDER_REPORT_EVERY_MS);
    return () => {
      this.reportSources.delete(source);
      if (this.reportSources.size === 0) this.endReports();
    };
  }

  async sendReceiverReports(reports: readonly RtcpReceiverInfo[]): Promise<void> {
    for (let from = 0; from < reports.length; from += MAX_REPORT_BLOCKS) {
      const block = reports.slice(from, from + MAX_REPORT_BLOCKS);
      await this.sendRtcp([new RtcpRrPacket({ ssrc: FEEDBACK_SSRC, reports: block })]);
    }
  }

  /** Asks the sender of a video stream for a key frame. */
  async sendPli(mediaSsrc: number): Promise<void> {
    const feedback = new PictureLossIndication({ senderSsrc: FEEDBACK_SSRC, mediaSsrc });
    await this.sendRtcp([new RtcpPayloadSpecificFeedback({ feedback })]);
  }

  /** Asks for packets again. */
  async sendNack(mediaSourceSsrc: number, lost: number[]): Promise<void> {
    const feedback = new GenericNack({ senderSsrc: FEEDBACK_SSRC, mediaSourceSsrc, lost });
    await this.sendRtcp([new RtcpTransportLayerFeedback({ feedback })]);
  }

  /** Idempotent. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.endReports();
    await this.dtls.stop();
    await this.ice.stop();
  }

  private endReports(): void {
    clearInterval(this.reportTimer);
    this.reportTimer = undefined;
  }

  private async sendSenderReport(report: SenderReport): Promise<void> {
    const { ssrc, rtpTimestamp, packetCount, octetCount } = report;
    const senderInfo = new RtcpSenderInfo({ ntpTimestamp: ntpNow(), rtpTimestamp, packetCount, octetCount });
    await this.sendRtcp([new RtcpSrPacket({ ssrc, senderInfo, reports: [] })]);
  }

  private async sendRtcp(packets: RtcpPacket[]): Promise<void> {
    if (this.closed) return;
    await this.dtls.sendRtcp(packets);
  }

  private receive(packet: RtpPacket): void {
    const { ssrc } = packet.header;
    this.packetsBySsrc.set(ssrc, (this.packetsBySsrc.get(ssrc) ?? 0) + 1);
    this.bytesBySsrc.set(ssrc, (this.bytesBySsrc.get(ssrc) ?? 0) + packet.payload.length);
    for (const listener of this.listeners) listener(packet);
  }
}

export interface SenderReport {
  ssrc: number;
  rtpTimestamp: number;
  packetCount: number;
  octetCount: number;
}

/** From which this machine sends to that address; nothing is sent. @throws Error without a way there */
async function localAddressTo({ address, port }: types.IceCandidate): Promise<string> {
  const socket = createSocket('udp4');
  try {
    socket.connect(port, address);
    await once(socket, 'connect');
    return socket.address().address;
  } finally {
    socket.close();
  }
}

/** As browsers do, it says hello at once. werift, left alone, does so only after 100 ms. */
async function startDtls(dtls: RTCDtlsTransport): Promise<void> {
  const started = dtls.start();
  const client = dtls.dtls;
  if (client instanceof DtlsClient) {
    const connecting = client.connect();
    // Heard by werift, which gets it when it says hello itself.
    connecting.catch(() => undefined);
    client.connect = () => connecting;
  }
  await started;
  for (const { localContext, remoteContext } of [dtls.srtp, dtls.srtcp]) {
    keepKeys(localContext.cipher);
    keepKeys(remoteContext.cipher);
  }
}

type SrtpCipher = RTCDtlsTransport['srtp']['localContext']['cipher'];

/**
 * werift makes a cipher of Node's for each packet. Of bytes, as werift has its keys, Node 24 needs 17 µs for it, and of key
 * objects 3: most of the work of a process with many peers.
 */
function keepKeys(cipher: SrtpCipher): void {
  // Node takes either, and werift only hands them on.
  const kept = (key: Buffer) => createSecretKey(key) as unknown as Buffer;
  cipher.srtpSessionKey = kept(cipher.srtpSessionKey);
  cipher.srtcpSessionKey = kept(cipher.srtcpSessionKey);
}

/** Seconds from 1900 in the upper 32 bits, fractions in the lower (RFC 3550). */
export function ntpNow(): bigint {
  const ms = Date.now();
  const seconds = BigInt(Math.floor(ms / 1_000) + 2_208_988_800);
  const fraction = BigInt(Math.floor(((ms % 1_000) / 1_000) * 2 ** 32));
  return (seconds << 32n) | fraction;
}
