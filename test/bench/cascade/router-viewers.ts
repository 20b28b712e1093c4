import type { types } from 'mediasoup';
import type { TestRouter } from '../../helpers/test-router';
import { SRTP_PARAMETERS } from '../forwarding/messages';

/**
 * What viewers without a congestion controller can receive. With transport-cc or abs-send-time a transport would begin at
 * its first estimate and wait for feedback that a sink never sends.
 */
export function sinkCapabilities({ codecs = [] }: types.RtpCapabilities): types.RtpCapabilities {
  return {
    codecs: codecs.map((codec) => ({
      ...codec,
      rtcpFeedback: (codec.rtcpFeedback ?? []).filter(
        ({ type }) => type !== 'transport-cc' && type !== 'goog-remb',
      ),
    })),
    headerExtensions: [],
  };
}

/** Viewers at a router, whose packets are encrypted for them and go to ports where nobody reads. */
export async function openSinkViewers(
  router: types.Router,
  producerIds: readonly string[],
  ports: readonly number[],
): Promise<types.Consumer[]> {
  const rtpCapabilities = sinkCapabilities(router.rtpCapabilities);
  const consumers: types.Consumer[] = [];
  for (const port of ports) {
    const transport = await router.createPlainTransport({
      listenInfo: { protocol: 'udp', ip: '127.0.0.1' },
      rtcpMux: true,
      comedia: false,
      enableSrtp: true,
      srtpCryptoSuite: SRTP_PARAMETERS.cryptoSuite,
    });
    await transport.connect({ ip: '127.0.0.1', port, srtpParameters: SRTP_PARAMETERS });
    for (const producerId of producerIds) {
      consumers.push(await transport.consume({ producerId, rtpCapabilities }));
    }
  }
  return consumers;
}

/** Viewers by WebRTC: ICE, DTLS, SRTP and a congestion controller, to which they give no feedback. */
export async function openPeerViewers(
  at: TestRouter,
  producerIds: readonly string[],
  count: number,
): Promise<types.Consumer[]> {
  const consumers: types.Consumer[] = [];
  for (let viewer = 0; viewer < count; viewer += 1) {
    const { transport } = await at.connect();
    for (const producerId of producerIds) {
      consumers.push(await transport.consume({ producerId, rtpCapabilities: at.router.rtpCapabilities }));
    }
  }
  return consumers;
}
