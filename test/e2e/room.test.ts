import { randomUUID } from 'node:crypto';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '../helpers/browser';
import { eventually } from '../helpers/eventually';
import { RunningFleet } from '../helpers/fleet-up';
import { LARGE, RoomPage } from './room-page';

/** `npm start` with two nodes, and people in real browsers who came through either gateway. */
describe('a room in the browser', () => {
  let fleet: RunningFleet;
  let browser: Browser;
  let people: RoomPage[] = [];

  beforeAll(async () => {
    browser = await launchBrowser();
    fleet = await RunningFleet.start(['--nodes', '2']);
  });

  afterEach(async () => {
    await Promise.all(people.map((person) => person.close()));
    people = [];
  });

  afterAll(async () => {
    await browser?.close();
    await fleet?.stop();
  });

  async function enter(options: {
    room: string;
    name: string;
    node?: string;
    query?: Record<string, string>;
    viewport?: { width: number; height: number };
  }) {
    const url = options.node ? fleet.nodeUrl(options.node) : fleet.url;
    const person = await RoomPage.enter({ browser, url, ...options });
    people.push(person);
    return person;
  }

  test('three people over two gateways see and hear each other, with the room on one node', async () => {
    const room = randomUUID();
    const ada = await enter({ room, name: 'Ada', node: fleet.node(1) });
    const grace = await enter({ room, name: 'Grace', node: fleet.node(2) });
    const linus = await enter({ room, name: 'Linus', node: fleet.node(2) });

    for (const person of [ada, grace, linus]) await person.seesMoving(2);
    for (const person of [ada, grace, linus]) await person.hears(2);

    const mediaNodes = await Promise.all(people.map((person) => person.detail('media-node')));
    expect(new Set(mediaNodes).size).toBe(1);
    const gateways = await Promise.all(people.map((person) => person.detail('gateway-node')));
    expect(gateways).toEqual([fleet.node(1), fleet.node(2), fleet.node(2)]);
    const { rooms } = await fleet.operator<{ rooms: { roomId: string; nodes: string[]; peers: number }[] }>(
      '/v1/rooms',
    );
    expect(rooms.filter(({ roomId }) => roomId === room)).toEqual([
      expect.objectContaining({ nodes: [mediaNodes[0]], peers: 3 }),
    ]);
    expect(people.flatMap(({ errors }) => errors)).toEqual([]);
  });

  test('two rooms go to two nodes', async () => {
    const first = await enter({ room: randomUUID(), name: 'Ada' });
    const second = await enter({ room: randomUUID(), name: 'Grace' });

    expect(await first.detail('media-node')).not.toBe(await second.detail('media-node'));
  });

  test('the upper simulcast layers are reached, and switch when asked', async () => {
    const room = randomUUID();
    const ada = await enter({ room, name: 'Ada' });
    const grace = await enter({ room, name: 'Grace', viewport: LARGE });
    await grace.seesMoving(1);
    await grace.detail('media-node');

    const heightOfAda = async (): Promise<number> => (await grace.pictures())[0]?.height ?? 0;
    // The lowest layer has 180 lines. Which of the two above it is sent is for the browser's encoder to decide: on a
    // busy machine it leaves the top one out.
    const wait = { intervalMs: 200 };
    await eventually(async () => (await heightOfAda()) >= 360, wait);

    const chooser = grace.page.locator('[data-testid=layer-select]').first();
    await chooser.selectOption('low');
    await eventually(async () => (await heightOfAda()) <= 180, wait);

    await chooser.selectOption('high');
    await eventually(async () => (await heightOfAda()) >= 360, wait);
    expect(ada.errors).toEqual([]);
  });

  test('chat goes both ways over data channels', async () => {
    const room = randomUUID();
    const ada = await enter({ room, name: 'Ada', node: fleet.node(1) });
    const grace = await enter({ room, name: 'Grace', node: fleet.node(2) });
    await ada.seesMoving(1);
    await grace.seesMoving(1);

    const openChat = async (person: RoomPage): Promise<void> => {
      const isOpen = await person.page.locator('[data-testid=chat-input]').isVisible();
      if (!isOpen) await person.page.click('[data-testid=chat-open]');
    };
    const say = async (person: RoomPage, text: string): Promise<void> => {
      await openChat(person);
      await person.page.fill('[data-testid=chat-input]', text);
      await person.page.click('[data-testid=chat-send]');
    };
    const reads = (person: RoomPage, text: string) =>
      person.page.locator('[data-testid=chat-message]', { hasText: text }).first().waitFor();

    await say(ada, 'hello <b>Grace</b>');
    await openChat(grace);
    await reads(grace, 'hello <b>Grace</b>');
    await say(grace, 'hello Ada');
    await reads(ada, 'hello Ada');
    expect(await grace.page.locator('[data-testid=chat-message] b').count()).toBe(0);
  });

  test('who mutes is shown as muted to the others, and who leaves is gone', async () => {
    const room = randomUUID();
    const ada = await enter({ room, name: 'Ada' });
    const grace = await enter({ room, name: 'Grace' });
    await grace.seesMoving(1);

    await ada.page.click('[data-testid=mute]');
    await grace.page.waitForSelector('[data-testid=tile].is-muted:not([data-own="1"])');

    await ada.page.click('[data-testid=leave]');
    await eventually(async () => (await grace.pictures()).length === 0);
  });

  test('a reload keeps what was switched off', async () => {
    const ada = await enter({ room: randomUUID(), name: 'Ada' });
    await ada.page.waitForSelector('[data-testid=camera][data-on="1"]');
    await ada.page.waitForSelector('[data-testid=mute][data-on="1"]');
    await ada.page.click('[data-testid=camera]');
    await ada.page.waitForSelector('[data-testid=camera][data-on="0"]');

    await ada.page.reload();
    await ada.connected();
    await ada.page.waitForSelector('[data-testid=mute][data-on="1"]');
    expect(await ada.page.getAttribute('[data-testid=camera]', 'data-on')).toBe('0');
    expect(await ada.page.getAttribute('[data-testid=camera]', 'aria-busy')).not.toBe('true');
  });
});
