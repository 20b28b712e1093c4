import { Peer, WebSocketTransport } from 'protoo-client';
import { FleetError } from '../../core/errors';
import { eventually } from '../helpers/eventually';
import { TestNodes } from '../helpers/fleet-node';

/** The real protoo-client 4.0.8, whose behaviour decides which close codes the fleet may use. */
describe('protoo-client', () => {
  let fleet: TestNodes;

  beforeAll(async () => {
    fleet = await TestNodes.start();
  });

  afterAll(async () => {
    await fleet.close();
  });

  function connect(roomId: string) {
    const transport = new WebSocketTransport(`${fleet.url(0)}/?roomId=${roomId}&peerId=old`, {
      retry: { retries: 5, factor: 1, minTimeout: 50, maxTimeout: 50 },
    });
    const peer = new Peer(transport);
    const events: string[] = [];
    for (const event of ['open', 'disconnected', 'close'] as const) peer.on(event, () => events.push(event));
    return { peer, events };
  }

  test('joins, and comes back by itself after a close with 1012', async () => {
    const { peer, events } = connect('moves');
    await eventually(() => events.includes('open'));
    expect(await peer.request('getRouterRtpCapabilities')).toHaveProperty('codecs');

    fleet.node(0).parts.media.closeRoom('moves', new FleetError('FLEET_ERR_ROOM_MOVED'));

    await eventually(() => events.filter((event) => event === 'open').length === 2);
    expect(events).toEqual(['open', 'disconnected', 'open']);
    expect(await peer.request('getRouterRtpCapabilities')).toHaveProperty('codecs');
    peer.close();
  });

  test('stays away after a close with 4000', async () => {
    const { peer, events } = connect('ends');
    await eventually(() => events.includes('open'));
    await peer.request('getRouterRtpCapabilities');

    fleet.node(0).parts.media.closeRoom('ends');

    await eventually(() => events.includes('close'));
    expect(events).toEqual(['open', 'close']);
    expect(peer.closed).toBe(true);
    expect(fleet.node(0).parts.gateway.connectionCount).toBe(0);
  });
});
