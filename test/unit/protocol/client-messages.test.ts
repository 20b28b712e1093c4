import { FleetError } from '../../../core/errors';
import { parseClientData, type ClientMethod } from '../../../core/protocol/demo/client-messages';

function refusal(method: ClientMethod, data: unknown): string {
  try {
    parseClientData(method, data);
  } catch (error) {
    if (error instanceof FleetError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'accepted';
}

const rtpParameters = {
  codecs: [{ mimeType: 'audio/opus', payloadType: 100, clockRate: 48_000, channels: 2 }],
};

test('what is missing is filled in as the demo would', () => {
  expect(parseClientData('join', {})).toEqual({
    displayName: '',
    device: { flag: 'unknown', name: 'Unknown device', version: undefined },
    rtpCapabilities: undefined,
    sctpCapabilities: false,
  });
  expect(parseClientData('createWebRtcTransport', undefined)).toMatchObject({ forceTcp: false });
});

test('native clients’ nulls and empty strings mean "none"', () => {
  const data = { forceTcp: null, producing: true, consuming: false, sctpCapabilities: '' };
  expect(parseClientData('createWebRtcTransport', data)).toMatchObject({
    forceTcp: false,
    sctpCapabilities: false,
  });
  const layers = { consumerId: 'c', spatialLayer: 1, temporalLayer: null };
  expect(parseClientData('setConsumerPreferredLayers', layers).temporalLayer).toBeUndefined();
  const produced = parseClientData('produce', {
    transportId: 't',
    kind: 'audio',
    rtpParameters: { codecs: [{ ...rtpParameters.codecs[0], parameters: { a: null, b: 1 } }] },
    appData: null,
  });
  expect(produced.appData).toEqual({});
  expect(produced.rtpParameters.codecs[0]?.parameters).toEqual({ b: 1 });
});

test('a refusal names the field', () => {
  expect(refusal('restartIce', {})).toContain('FLEET_ERR_BAD_REQUEST transportId:');
  const badEncoding = { ...rtpParameters, encodings: [{ ssrc: 1 }, { ssrc: 'x' }] };
  expect(refusal('produce', { transportId: 't', kind: 'audio', rtpParameters: badEncoding })).toContain(
    'rtpParameters.encodings.1.ssrc:',
  );
});

test.each([
  ['spatialLayer', 'setConsumerPreferredLayers', { consumerId: 'c', spatialLayer: -1 }],
  ['spatialLayer', 'setConsumerPreferredLayers', { consumerId: 'c', spatialLayer: 0.5 }],
  ['priority', 'setConsumerPriority', { consumerId: 'c', priority: 0 }],
  ['priority', 'setConsumerPriority', { consumerId: 'c', priority: Number.NaN }],
  ['displayName', 'changeDisplayName', { displayName: 'x'.repeat(257) }],
  ['sctpStreamParameters', 'produceData', { transportId: 't', sctpStreamParameters: { streamId: 70_000 } }],
  ['kind', 'produce', { transportId: 't', kind: 'smell', rtpParameters }],
  [
    'appData',
    'produce',
    { transportId: 't', kind: 'audio', rtpParameters, appData: { x: 'x'.repeat(5_000) } },
  ],
  [
    'dtlsParameters',
    'connectWebRtcTransport',
    { transportId: 't', dtlsParameters: { fingerprints: [{ algorithm: 'sha-256', value: 'no hex' }] } },
  ],
] as [string, ClientMethod, unknown][])('%s out of range is refused in %s', (field, method, data) => {
  expect(refusal(method, data)).toContain(`FLEET_ERR_BAD_REQUEST ${field}`);
});
