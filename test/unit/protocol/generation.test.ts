import { clientMethod, type ClientMethod } from '../../../core/protocol/demo/client-messages';
import { generationAfter, type Generation } from '../../../core/protocol/demo/generation';

const request = (method: ClientMethod, data: unknown = {}) => ({ form: 'request' as const, method, data });
const notification = (method: ClientMethod) => ({ form: 'notification' as const, method, data: {} });

test.each([
  ['the capabilities, which both ask for first', request('getRouterRtpCapabilities'), 'undecided'],
  [
    'a transport with producing and consuming',
    request('createWebRtcTransport', { producing: true }),
    'legacy',
  ],
  [
    'a transport with a direction',
    request('createWebRtcTransport', { appData: { direction: 'consumer' } }),
    'current',
  ],
  [
    'a direction beside the older fields',
    request('createWebRtcTransport', { producing: true, appData: { direction: 'producer' } }),
    'current',
  ],
  ['a transport that says neither', request('createWebRtcTransport', { forceTcp: true }), 'undecided'],
  ['a transport with nonsense', request('createWebRtcTransport', [null]), 'undecided'],
  ['the statistics URL', request('getRtcStatsUrl'), 'current'],
  ['a control as a request', request('pauseProducer'), 'legacy'],
  ['a control as a notification', notification('pauseProducer'), 'current'],
  ['join', request('join'), 'undecided'],
])('%s', (_, message, expected) => {
  expect(generationAfter('undecided', message)).toBe(expected as Generation);
});

test('a client that has shown its generation keeps it', () => {
  expect(generationAfter('legacy', notification('pauseProducer'))).toBe('legacy');
  expect(generationAfter('current', request('pauseProducer'))).toBe('current');
});

test('names that every object has are not methods', () => {
  for (const name of ['constructor', '__proto__', 'hasOwnProperty', '']) {
    expect(() => clientMethod(name, 'request')).toThrow('no request');
  }
});
