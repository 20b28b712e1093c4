import { connect } from 'node:net';
import { pino } from 'pino';
import { FleetError } from '../../../core/errors';
import { LinkHub, type LinkHubOptions } from '../../../node-app/link/link-hub';
import { LinkKeys } from '../../../node-app/link/link-secrets';
import { systemClock } from '../../../node-app/system-clock';
import { eventually } from '../../helpers/eventually';

const OLD = 'the secret of yesterday, long enough to be one';
const NEW = 'the secret of tomorrow, long enough to be one too';

describe('links between nodes', () => {
  const hubs: LinkHub[] = [];

  afterEach(async () => {
    await Promise.all(hubs.splice(0).map((hub) => hub.close()));
  });

  async function startHub(nodeId: string, secrets = [NEW], more: Partial<LinkHubOptions> = {}) {
    const hub = new LinkHub({
      nodeId,
      release: 'test',
      listenHost: '127.0.0.1',
      listenPort: 0,
      keys: new LinkKeys(secrets),
      handlers: {
        onCall: async (_link, _call, params) => {
          if (params === 'refuse') throw new FleetError('FLEET_ERR_NO_CAPACITY', { retryAfterMs: 7 });
          return { echo: params };
        },
        onSessionFrame: () => undefined,
        onClose: () => undefined,
      },
      clock: systemClock,
      logger: pino({ level: 'silent' }),
      ...more,
    });
    hubs.push(hub);
    const port = await hub.listen();
    return { hub, address: `127.0.0.1:${port}`, port };
  }

  test('carry calls and typed errors both ways over one connection', async () => {
    const a = await startHub('a');
    const b = await startHub('b');
    const link = await a.hub.connect('b', b.address);
    expect(await link.call('command', 'x', 1_000)).toEqual({ echo: 'x' });
    const back = await eventually(() => b.hub.find('a'));
    expect(await back.call('command', 'y', 1_000)).toEqual({ echo: 'y' });
    await expect(back.call('command', 'refuse', 1_000)).rejects.toMatchObject({
      code: 'FLEET_ERR_NO_CAPACITY',
      retryAfterMs: 7,
    });
  });

  test('are refused to a node without the secret', async () => {
    const a = await startHub('a', [OLD]);
    const b = await startHub('b', [NEW]);
    await expect(a.hub.connect('b', b.address)).rejects.toMatchObject({
      code: 'FLEET_ERR_NODE_UNREACHABLE',
      evidence: 'unreachable',
    });
    expect(b.hub.find('a')).toBeUndefined();
  });

  test('stand at every step of a rotation', async () => {
    const steps: [string[], string[]][] = [
      [[OLD], [OLD, NEW]],
      [
        [OLD, NEW],
        [NEW, OLD],
      ],
      [[NEW, OLD], [NEW]],
    ];
    for (const [index, [first, second]] of steps.entries()) {
      const a = await startHub(`a${index}`, first);
      const b = await startHub(`b${index}`, second);
      await a.hub.connect(`b${index}`, b.address);
      const c = await startHub(`c${index}`, second);
      await c.hub.connect(`a${index}`, a.address);
    }
  });

  test('are refused between releases without a common version, and both are named', async () => {
    const a = await startHub('a', [NEW], { versions: { min: 1, max: 2 } });
    const b = await startHub('b', [NEW], { versions: { min: 3, max: 4 } });
    await expect(a.hub.connect('b', b.address)).rejects.toThrow(/speaks 1 to 2, that one 3 to 4/);
  });

  test('tell a dead node from one that can not be reached', async () => {
    const a = await startHub('a');
    const gone = await startHub('gone');
    await gone.hub.close();
    await expect(a.hub.connect('gone', gone.address)).rejects.toMatchObject({ evidence: 'dead' });
    const other = await startHub('other');
    await expect(a.hub.connect('moved', other.address)).rejects.toMatchObject({ evidence: 'dead' });
    await expect(a.hub.connect('odd', 'nonsense')).rejects.toMatchObject({ evidence: 'unreachable' });
  });

  test('survive strangers on their port', async () => {
    const a = await startHub('a');
    const b = await startHub('b');
    for (const bytes of ['GET / HTTP/1.1\r\n\r\n', '\x16\x03\x01garbage', '']) {
      await new Promise<void>((resolve) => {
        const socket = connect(b.port, '127.0.0.1', () => socket.end(bytes));
        socket.on('error', () => undefined);
        socket.on('close', () => resolve());
        socket.resume();
      });
    }
    expect((await a.hub.connect('b', b.address)).closed).toBe(false);
  });

  test('a node that began anew under the same id replaces its old link', async () => {
    const a = await startHub('a');
    const b = await startHub('b');
    const first = await b.hub.connect('a', a.address);
    const again = await startHub('b');
    const second = await again.hub.connect('a', a.address);
    await eventually(() => first.closed);
    expect(a.hub.find('b')?.linkId).toBe(second.linkId);
  });
});
