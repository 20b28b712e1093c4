import { EventEmitter } from 'node:events';
import { DataHub } from '../../../web/sdk/data/data-hub';
import type { MediaSession } from '../../../web/sdk/media/media-session';
import { ManualClock } from '../../helpers/manual-clock';

const OPENS_AFTER_MS = 1_000;

/** A session that opens every channel at once, and writes down which, and what is sent over it. */
function fakeSession({ canPublishData = true } = {}) {
  const opened: string[] = [];
  const sent: unknown[] = [];
  const transport = {
    produceData: async ({ label }: { label: string }) => {
      opened.push(label);
      const send = (message: unknown) => sent.push(message);
      const close = () => undefined;
      return { ...new EventEmitter(), observer: new EventEmitter(), readyState: 'open', send, close };
    },
  };
  const taken: string[] = [];
  const receiveTransport = {
    consumeData: async ({ id, label }: { id: string; label: string }) => {
      taken.push(id);
      return Object.assign(new EventEmitter(), { label });
    },
  };
  const grants = { canPublishData };
  const media = { closed: false, grants, receiveTransport, sendTransport: async () => transport };
  return { opened, sent, taken, media, session: media as unknown as MediaSession };
}

function setUp() {
  const clock = new ManualClock();
  const handlers = { chat: jest.fn(), data: jest.fn(), opened: jest.fn(), warning: jest.fn() };
  return { clock, handlers, hub: new DataHub(clock, handlers) };
}

test('the chat opens a while after a join, so that a camera need not wait for it', async () => {
  const { clock, hub } = setUp();
  const { opened, session } = fakeSession();
  hub.useSession(session);
  hub.openChannels(true);
  await clock.advance(OPENS_AFTER_MS - 1);
  expect(opened).toEqual([]);
  await clock.advance(1);
  expect(opened).toEqual(['chat']);
});

test('with its first message it opens at once, and once only', async () => {
  const { clock, hub } = setUp();
  const { opened, sent, session } = fakeSession();
  hub.useSession(session);
  hub.openChannels(true);
  await hub.sendMessage('hello');
  await clock.advance(OPENS_AFTER_MS);
  expect(opened).toEqual(['chat']);
  expect(sent).toEqual(['hello']);
});

test('it opens on the session of then, and on none that has ended, or on which it is not allowed', async () => {
  const { clock, handlers, hub } = setUp();
  const [first, second] = [fakeSession(), fakeSession()];
  hub.useSession(first.session);
  hub.openChannels(true);
  await clock.advance(OPENS_AFTER_MS / 2);
  hub.useSession(second.session);
  hub.openChannels(true);
  await clock.advance(OPENS_AFTER_MS);
  expect([first.opened, second.opened]).toEqual([[], ['chat']]);

  const ended = fakeSession();
  hub.useSession(ended.session);
  hub.openChannels(true);
  ended.media.closed = true;
  const silent = fakeSession({ canPublishData: false });
  await clock.advance(OPENS_AFTER_MS);
  hub.useSession(silent.session);
  hub.openChannels(true);
  await clock.advance(OPENS_AFTER_MS);
  expect([ended.opened, silent.opened]).toEqual([[], []]);
  expect(handlers.warning).not.toHaveBeenCalled();

  const last = fakeSession();
  hub.useSession(last.session);
  hub.openChannels(true);
  hub.close();
  await clock.advance(OPENS_AFTER_MS);
  expect(last.opened).toEqual([]);
});

test('what others send is taken before this client has opened anything', async () => {
  const { hub } = setUp();
  const [before, now] = [fakeSession(), fakeSession()];
  hub.useSession(before.session);
  hub.useSession(now.session);
  const offer = {
    dataConsumerId: 'c1',
    dataProducerId: 'p1',
    sctpStreamParameters: {},
    label: 'chat',
    peerId: 'ada',
  };
  await hub.newDataConsumer(offer);
  expect([before.taken, now.taken, now.opened]).toEqual([[], ['c1'], []]);
});
