import { randomUUID } from 'node:crypto';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from '../helpers/browser';
import { eventually } from '../helpers/eventually';
import { RunningFleet } from '../helpers/fleet-up';
import { DemoPages, seesMoving } from './demo-pages';

interface LiveRoom {
  live: {
    room?: { pipes: { producers: { spatialLayers?: number[]; temporalLayer?: number }[] }[] };
  }[];
}

/**
 * A node whose workers safely send so little that each carries one person; and so many that one room finds its places
 * while those of the one before are still reserved.
 */
const WORKERS = 6;
const ENVIRONMENT = { FLEET_CAPACITY_PACKETS_PER_SECOND: String(WORKERS * 466) };

describe('a browser that sends VP9 with spatial and temporal layers', () => {
  let fleet: RunningFleet;
  let browser: Browser;
  let demos: DemoPages;

  beforeAll(async () => {
    browser = await launchBrowser();
    demos = await DemoPages.build(browser);
    fleet = await RunningFleet.start(['--nodes', '1', '--workers', String(WORKERS)], ENVIRONMENT);
  });

  afterEach(() => demos.close());

  afterAll(async () => {
    await browser?.close();
    await fleet?.stop();
  });

  const crossing = async (room: string) => {
    const { live } = await fleet.operator<LiveRoom>(`/v1/rooms/${room}`);
    const producers = live.flatMap(({ room: held }) => held?.pipes ?? []).flatMap((pipe) => pipe.producers);
    return producers
      .map(
        ({ spatialLayers, temporalLayer }) =>
          `${spatialLayers?.join('') ?? 'whole'}:${temporalLayer ?? 'all'}`,
      )
      .join();
  };

  const heightOf = (page: Page): Promise<number> =>
    page.evaluate(() => document.querySelector('video')?.videoHeight ?? 0);

  test.each([
    ['L3T3', '012:all', '0:0'],
    // Of K-SVC mediasoup picks one layer per consumer, so that all must cross.
    ['L3T3_KEY', 'whole:all', 'whole:all'],
  ])('%s is seen over a pipe, and gets smaller and larger as its viewer asks', async (mode, all, least) => {
    const room = randomUUID();
    const sender = await demos.enter('current', room, 'sender', fleet.nodeUrl(fleet.node(1)));
    const viewer = await demos.enter('current', room, 'viewer', fleet.nodeUrl(fleet.node(1)));
    await sender.evaluate((scalabilityMode) => globalThis.demo.publishVp9(scalabilityMode), mode);
    await seesMoving(viewer, 'sender');
    await eventually(async () => (await heightOf(viewer)) === 360);
    await eventually(async () => (await crossing(room)) === all);

    await viewer.evaluate(() => globalThis.demo.preferLayers(0, 0));
    // Chromium makes two layers of a picture of this size, whatever the mode says.
    await eventually(async () => (await heightOf(viewer)) === 180);
    await eventually(async () => (await crossing(room)) === least);
    await seesMoving(viewer, 'sender');

    await viewer.evaluate(() => globalThis.demo.preferLayers(2, 2));
    await eventually(async () => (await heightOf(viewer)) === 360);
    await eventually(async () => (await crossing(room)) === all);
  });
});
