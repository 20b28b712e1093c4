import { ClientMigration, type ClientMigrationOptions } from '../../../web/sdk/reconnect/client-migration';
import { HeldMessages } from '../../../web/sdk/signalling/held-messages';
import { ManualClock } from '../../helpers/manual-clock';

/** A client whose parts only say what was asked of them, since theirs are the browser's. */
function setUp() {
  const clock = new ManualClock();
  const log: string[] = [];
  const says = (text: string) => async () => void log.push(text);
  let connect: () => void = () => undefined;
  const media = { isConnected: false, closed: false };
  const to = {
    get isConnected() {
      return media.isConnected;
    },
    get closed() {
      return media.closed;
    },
    open: says('open'),
    api: { join: async () => [], changeDisplayName: says('name') },
    connected: () => new Promise<void>((resolve) => (connect = resolve)),
    close: () => log.push('close the new one'),
  };
  const part = (name: string) => ({
    arrive: says(`${name} arrives`),
    settle: () => log.push(`${name} settles`),
    stay: () => log.push(`${name} stays`),
    useSession: says(`${name} uses the session`),
    earlierEnded: () => undefined,
  });
  const held = new HeldMessages();
  const options = {
    clock,
    subscriber: {
      ...part('subscriber'),
      slots: () => [],
      joined: () => undefined,
      shown: async () => undefined,
    },
    publisher: part('publisher'),
    data: part('data'),
    pins: part('pins'),
    held,
    from: { close: () => log.push('close the old one') },
    to,
    handlers: { onRequest: async () => ({}), onNotification: () => undefined },
    joinDetails: () => ({ displayName: 'Ada', device: {} }),
    useMedia: () => undefined,
  };
  const migration = new ClientMigration(options as unknown as ClientMigrationOptions);
  const connected = () => {
    media.isConnected = true;
    connect();
  };
  return { clock, log, held, migration, connected };
}

test('it waits for the way to the new node although nothing that comes can be seen', async () => {
  const { clock, migration, connected } = setUp();
  let arrived = false;
  const arriving = migration.arrive().then(() => (arrived = true));
  await clock.advance(1_000);
  expect(arrived).toBe(false);
  connected();
  await arriving;
});

test('without a way it does not arrive, and all is as before', async () => {
  const { clock, log, held, migration } = setUp();
  const arriving = migration.arrive();
  const failed = expect(arriving).rejects.toMatchObject({ code: 'MEDIA_FAILED' });
  await clock.advance(4_000);
  await failed;
  const handled: string[] = [];
  held.notification(() => handled.push('newPeer'));
  expect(handled).toEqual([]);
  log.splice(0);
  migration.stay();
  expect(handled).toEqual(['newPeer']);
  expect(log).toEqual(
    expect.arrayContaining([
      'subscriber stays',
      'data stays',
      'publisher uses the session',
      'close the new one',
    ]),
  );
});
