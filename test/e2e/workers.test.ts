import { randomUUID } from 'node:crypto';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '../helpers/browser';
import { eventually } from '../helpers/eventually';
import { RunningFleet } from '../helpers/fleet-up';
import { LARGE, RoomPage } from './room-page';

/** What the operator API says of a room. */
interface LiveRoom {
  live: {
    room?: {
      peers: { worker: number }[];
      pipes: { producers: { kind: string; spatialLayers?: number[] }[] }[];
    };
  }[];
}

/** A node whose workers safely send so little that each carries one person of a room that is expected to have four. */
const WORKERS = 3;
const ENVIRONMENT = { FLEET_CAPACITY_PACKETS_PER_SECOND: String(WORKERS * 466) };

describe('a room in the browser that is spread over workers', () => {
  let fleet: RunningFleet;
  let browser: Browser;
  const people: RoomPage[] = [];

  beforeAll(async () => {
    browser = await launchBrowser();
    fleet = await RunningFleet.start(['--nodes', '1', '--workers', String(WORKERS)], ENVIRONMENT);
  });

  afterAll(async () => {
    await Promise.all(people.map((person) => person.close()));
    await browser?.close();
    await fleet?.stop();
  });

  test('all see and hear each other, and layers cross as they are asked for', async () => {
    const room = randomUUID();
    for (const name of ['Ada', 'Grace', 'Linus']) {
      people.push(await RoomPage.enter({ browser, url: fleet.url, room, name, viewport: LARGE }));
    }
    for (const person of people) await person.seesMoving(2);
    for (const person of people) await person.hears(2);

    const live = async () => (await fleet.operator<LiveRoom>(`/v1/rooms/${room}`)).live[0]?.room;
    const layers = async () =>
      ((await live())?.pipes ?? [])
        .flatMap(({ producers }) => producers)
        .flatMap(({ spatialLayers }) => (spatialLayers === undefined ? [] : [spatialLayers.join()]));
    expect(new Set((await live())?.peers.map(({ worker }) => worker)).size).toBe(WORKERS);
    expect((await live())?.pipes).toHaveLength(WORKERS * (WORKERS - 1));

    const [ada] = people;
    const wait = { intervalMs: 200 };
    const heights = async () => (await ada?.pictures())?.map(({ height }) => height) ?? [];
    await eventually(async () => (await heights()).every((height) => height >= 360), wait);
    for (const person of people) {
      // The choice of layers is in the details.
      await person.detail('media-node');
      for (const chooser of await person.page.locator('[data-testid=layer-select]').all()) {
        await chooser.selectOption('low');
      }
    }
    await eventually(async () => (await heights()).every((height) => height <= 180), wait);
    await eventually(async () => (await layers()).every((list) => list === '0'), wait);
    expect(people.flatMap(({ errors }) => errors)).toEqual([]);
  });
});
