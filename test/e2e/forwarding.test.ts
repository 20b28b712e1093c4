import { randomUUID } from 'node:crypto';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '../helpers/browser';
import { eventually } from '../helpers/eventually';
import { RunningFleet } from '../helpers/fleet-up';
import { SdkPage } from './sdk-page';
import { SdkSite } from './sdk-site';

describe('a room that forwards one camera to each', () => {
  let fleet: RunningFleet;
  let browser: Browser;
  let site: SdkSite;
  const pages: SdkPage[] = [];

  beforeAll(async () => {
    [fleet, browser] = await Promise.all([
      RunningFleet.start(['--nodes', '1'], { FLEET_LAST_N: '1' }),
      launchBrowser(),
    ]);
    site = await SdkSite.start();
  }, 90_000);

  afterAll(async () => {
    await Promise.all(pages.map((page) => page.close()));
    await site?.close();
    await browser?.close();
    await fleet?.stop();
  }, 30_000);

  test('the SDK knows whose it is, and whom its client pins is seen instead', async () => {
    const roomId = randomUUID();
    const [ada, grace, viewer] = await Promise.all(
      ['ada', 'grace', 'viewer'].map((peerId) =>
        SdkPage.open(browser, site, { url: fleet.url, roomId, peerId }),
      ),
    );
    if (!ada || !grace || !viewer) throw new Error('three pages');
    pages.push(ada, grace, viewer);
    for (const page of [ada, grace]) {
      await page.join();
      await page.page.evaluate(() => globalThis.client.enableCamera().then(() => undefined));
    }
    await viewer.join();
    const forwarded = () =>
      viewer.page.evaluate(() => ({
        of: globalThis.client.forwardedVideo?.join(),
        tracks: globalThis.client.peers.map(({ peerId, tracks }) => [peerId, tracks[0]?.forwarded]),
      }));
    await viewer.seesMoving('ada');
    expect(await forwarded()).toEqual({
      of: 'ada',
      tracks: [
        ['ada', true],
        ['grace', false],
      ],
    });
    // Her camera is on, whatever of it comes here.
    expect((await viewer.received('grace', 'camera'))?.muted).toBe(false);

    await viewer.page.evaluate(() => globalThis.client.pin('grace'));
    await viewer.seesMoving('grace');
    expect((await forwarded()).of).toBe('grace');
    await viewer.page.evaluate(() => globalThis.client.unpin('grace'));
    await eventually(async () => (await forwarded()).of === 'ada');
    await viewer.seesMoving('ada');
  }, 90_000);
});
