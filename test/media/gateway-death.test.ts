import { randomBytes } from 'node:crypto';
import { nodeVariables, TestNodeProcess, TestNodes } from '../helpers/fleet-node';
import { eventually } from '../helpers/eventually';
import { ProtooSocket } from '../helpers/protoo-socket';
import { SignallingPeer } from '../helpers/signalling-peer';

const JOIN_ID = 5;

describe('a gateway process that is killed while its clients join', () => {
  let fleet: TestNodes;
  let gateway: TestNodeProcess;

  beforeAll(async () => {
    const secrets = { FLEET_LINK_SECRETS: randomBytes(32).toString('hex') };
    fleet = await TestNodes.start({ env: secrets });
    gateway = await TestNodeProcess.start({
      ...nodeVariables(fleet.redis, fleet.prefix),
      ...secrets,
      FLEET_NODE_ID: 'node-z',
    });
    await fleet.node(0).parts.commands.command('node-z', 'cordon', {});
  });

  afterAll(async () => {
    await gateway.end('SIGKILL');
    await fleet.close();
  });

  test('each join is executed exactly once, whether or not it had arrived', async () => {
    const roomId = 'room';
    const witness = await SignallingPeer.connect({ url: fleet.url(0), roomId, peerId: 'witness' });
    await witness.join({ publish: false });
    const opened = await Promise.all(
      Array.from({ length: 12 }, async (_, index) => {
        const peerId = `p${index}`;
        const { client, session } = await ProtooSocket.open({ url: gateway.url, roomId, peerId });
        const capabilities = await client.request('getRouterRtpCapabilities');
        const rtpCapabilities = capabilities.ok ? capabilities.data : {};
        return { peerId, client, session, join: { displayName: peerId, device: {}, rtpCapabilities } };
      }),
    );
    const knownBefore = opened.map(({ client }) => Math.max(...client.seqs));

    for (const { client, join } of opened) client.sendRequest('join', join, JOIN_ID);
    // With the first answer on its way back, of the others some have arrived and some have not.
    await eventually(() => opened.some(({ client }) => client.responsesTo(JOIN_ID).length > 0), {
      intervalMs: 1,
    });
    gateway.child.kill('SIGKILL');
    await Promise.all(opened.map(({ client }) => client.closing()));

    const resumed = await Promise.all(
      opened.map(async ({ peerId, session, join }, index) => {
        const { client, session: again } = await ProtooSocket.open({
          url: fleet.url(0),
          roomId,
          peerId,
          // As if the answer had been lost on the way, for those to whom it had come.
          query: { resumeToken: session.resumeToken, lastSeq: String(knownBefore[index]) },
        });
        expect(again.sessionId).toBe(session.sessionId);
        client.sendRequest('join', join, JOIN_ID);
        return client;
      }),
    );

    for (const client of resumed) expect(await client.response(JOIN_ID)).toMatchObject({ ok: true });
    // Whatever else would come for that request has come before this answer.
    for (const client of resumed) await client.request('getRouterRtpCapabilities');
    expect(resumed.map((client) => client.responsesTo(JOIN_ID).length)).toEqual(resumed.map(() => 1));
    const announced = () =>
      witness.notifications
        .filter(({ method }) => method === 'newPeer')
        .map(({ data }) => (data as { id: string }).id);
    await eventually(() => announced().length === opened.length);
    expect(announced().sort()).toEqual(opened.map(({ peerId }) => peerId).sort());
    for (const client of resumed) client.close();
    await witness.close();
  });
});
