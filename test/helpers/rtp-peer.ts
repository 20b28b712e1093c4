import type { RTCCertificate, RtpHeader } from 'werift';
import {
  IceCandidate,
  RTCDtlsFingerprint,
  RTCDtlsParameters,
  RTCDtlsTransport,
  RTCIceGatherer,
  RTCIceParameters,
  RTCIceTransport,
  RtcpPayloadSpecificFeedback,
  RtcpSenderInfo,
  RtcpSrPacket,
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

  private constructor(
    private readonly ice: RTCIceTransport,
    private readonly dtls: RTCDtlsTransport,
  ) {
    dtls.onRtp.subscribe((packet) => this.receive(packet));
    dtls.onRtcp.subscribe((packet) => {
      if (packet instanceof RtcpPayloadSpecificFeedback) this.keyFrameRequests += 1;
    });
  }

  static async connect({ remote, connect }: RtpPeerOptions): Promise<RtpPeer> {
    const certificate: RTCCertificate = await RTCDtlsTransport.SetupCertificate();
    const gatherer = new RTCIceGatherer({
      useIpv4: true,
      useIpv6: false,
      useTcp: false,
      additionalHostAddresses: ['127.0.0.1'],
    });
    const ice = new RTCIceTransport(gatherer);
    ice.connection.iceControlling = true;
    await gatherer.gather();
    ice.setRemoteParams(new RTCIceParameters({ ...remote.iceParameters, iceLite: true }));
    const candidate = remote.iceCandidates.find(({ protocol }) => protocol === 'udp');
    if (candidate === undefined) throw new Error('the transport has no UDP candidate');
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

    const profiles = [SRTP_PROFILES.aeadAes128Gcm, SRTP_PROFILES.aes128CmHmacSha1];
    const dtls = new RTCDtlsTransport({}, ice, certificate, profiles);
    dtls.role = 'client';
    dtls.setRemoteParams(
      new RTCDtlsParameters(
        remote.dtlsParameters.fingerprints.map(
          ({ algorithm, value }) => new RTCDtlsFingerprint(algorithm, value),
        ),
        'server',
      ),
    );
    await connect({
      role: 'client',
      fingerprints: dtls.localParameters.fingerprints.map(({ algorithm, value }) => ({
        algorithm: algorithm as types.FingerprintAlgorithm,
        value,
      })),
    });
    const peer = new RtpPeer(ice, dtls);
    await ice.start();
    await dtls.start();
    return peer;
  }

  /** All packets received so far. */
  get packets(): number {
    return Array.from(this.packetsBySsrc.values()).reduce((sum, packets) => sum + packets, 0);
  }

  onPacket(listener: (packet: RtpPacket) => void): void {
    this.listeners.push(listener);
  }

  async sendRtp(header: RtpHeader, payload: Buffer): Promise<void> {
    await this.dtls.sendRtp(payload, header);
  }

  async sendSenderReport(report: SenderReport): Promise<void> {
    const { ssrc, rtpTimestamp, packetCount, octetCount } = report;
    const senderInfo = new RtcpSenderInfo({ ntpTimestamp: ntpNow(), rtpTimestamp, packetCount, octetCount });
    await this.dtls.sendRtcp([new RtcpSrPacket({ ssrc, senderInfo, reports: [] })]);
  }

  async close(): Promise<void> {
    await this.dtls.stop();
    await this.ice.stop();
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

/** Seconds from 1900 in the upper 32 bits, fractions in the lower (RFC 3550). */
function ntpNow(): bigint {
  const ms = Date.now();
  const seconds = BigInt(Math.floor(ms / 1_000) + 2_208_988_800);
  const fraction = BigInt(Math.floor(((ms % 1_000) / 1_000) * 2 ** 32));
  return (seconds << 32n) | fraction;
}
