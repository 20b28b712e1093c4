import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { launchBrowser, openPage } from '../helpers/browser';
import { eventually } from '../helpers/eventually';
import { RunningFleet } from '../helpers/fleet-up';
import { RoomPage } from './room-page';
import { SdkPage } from './sdk-page';
import { SdkSite } from './sdk-site';

const run = promisify(execFile);
const ROOT = join(__dirname, '..', '..');

describe('a page that may not enter', () => {
  let browser: Browser;
  let fleet: RunningFleet | undefined;
  const people: RoomPage[] = [];

  beforeAll(async () => {
    browser = await launchBrowser();
  });

  afterEach(async () => {
    await Promise.all(people.splice(0).map((person) => person.close()));
    await fleet?.stop();
    fleet = undefined;
  });

  afterAll(async () => {
    await browser?.close();
  });

  async function enter(room: string, query: Record<string, string> = {}): Promise<RoomPage> {
    if (!fleet) throw new Error('the fleet is not running');
    const person = await RoomPage.enter({
      browser,
      url: fleet.url,
      room,
      name: 'Ada',
      query,
      waitForRoom: false,
    });
    people.push(person);
    return person;
  }

  test('a full fleet answers NO_CAPACITY, the page says so, and lets in once there is room', async () => {
    // Enough for one room of the expected size, and for nothing else.
    fleet = await RunningFleet.start(['--nodes', '1', '--capacity-mbps', '12']);
    const first = await enter(randomUUID());
    await first.connected();

    const second = await enter(randomUUID());
    const { code, text } = await second.refusal();
    expect(code).toBe('FLEET_ERR_NO_CAPACITY');
    expect(text).toMatch(/full/i);

    await first.page.click('[data-testid=leave]');
    await eventually(
      async () => (await second.page.locator('[data-testid=status][data-state=connected]').count()) === 1,
      { intervalMs: 200 },
    );
  });

  test('every track that the server refuses has the server’s own code', async () => {
    fleet = await RunningFleet.start(['--nodes', '1', '--auth', 'token']);
    const room = randomUUID();
    const token = await mint(fleet, ['--room', room, '--ttl', '10m', '--no-publish']);
    const site = await SdkSite.start();
    try {
      const ada = await SdkPage.open(browser, site, { url: fleet.url, roomId: room, peerId: 'ada', token });
      await ada.forgetGrants();
      await ada.join();
      const outcomes = await ada.page.evaluate(() =>
        Promise.all(
          [
            globalThis.client.enableMicrophone(),
            globalThis.client.enableCamera(),
            globalThis.client.startScreenShare(),
          ].map((one) =>
            one.then(
              () => 'published',
              ({ code }: { code: string }) => code,
            ),
          ),
        ),
      );
      expect(outcomes).toEqual(Array(3).fill('FLEET_ERR_FORBIDDEN'));
      await ada.close();
    } finally {
      await site.close();
    }
  });

  test('a link with a token for one watcher works alone, opens no device and hands out no link', async () => {
    fleet = await RunningFleet.start(['--nodes', '1', '--auth', 'token']);
    const room = randomUUID();
    const token = await mint(fleet, ['--room', room, '--peer', 'eve', '--ttl', '10m', '--no-publish']);
    const { context, page, errors } = await openPage(
      browser,
      `${fleet.url}/?${new URLSearchParams({ room, token }).toString()}`,
      { grantMedia: false },
    );
    await page.evaluate(() => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new Error('a device was opened'));
    });
    await page.fill('[data-testid=entry-name]', 'Eve');
    await page.click('[data-testid=join]');
    await page.waitForSelector('[data-testid=status][data-state=connected]', { state: 'attached' });
    expect(await page.getAttribute('[data-testid=tile]', 'data-peer-id')).toBe('eve');
    expect(await page.locator('[data-testid=toast]').allTextContents()).toEqual([
      'Your invitation lets you watch and listen; your camera and microphone stay off.',
    ]);
    for (const control of ['mute', 'camera', 'screen']) {
      expect(await page.getAttribute(`[data-testid=${control}]`, 'aria-disabled')).toBe('true');
    }
    expect(await page.locator('[data-testid=copy-link]').count()).toBe(0);
    expect(await page.textContent('[data-testid=alone]')).not.toContain('http');
    await page.keyboard.press('m');
    expect(await page.locator('.toast-problem').count()).toBe(0);
    expect(errors).toEqual([]);
    await context.close();
  });

  test('with tokens required, the page enters with a minted one and says why it may not with another', async () => {
    fleet = await RunningFleet.start(['--nodes', '1', '--auth', 'token']);
    const room = randomUUID();
    const [right, otherRoom] = await Promise.all([
      mint(fleet, ['--room', room, '--ttl', '10m']),
      mint(fleet, ['--room', randomUUID(), '--ttl', '10m']),
    ]);

    const invited = await enter(room, { token: right });
    await invited.connected();
    const cases: [Record<string, string>, string][] = [
      [{}, 'FLEET_ERR_TOKEN_MISSING'],
      [{ token: `${right}x` }, 'FLEET_ERR_TOKEN_INVALID'],
      [{ token: otherRoom }, 'FLEET_ERR_TOKEN_WRONG_ROOM'],
    ];
    for (const [query, expected] of cases) {
      const stranger = await enter(room, query);
      expect((await stranger.refusal()).code).toBe(expected);
    }
  });
});

async function mint(fleet: RunningFleet, args: string[]): Promise<string> {
  const keyFile = fleet.ready.keyFiles?.peers;
  if (!keyFile) throw new Error('the runner named no key file');
  const { stdout } = await run(
    join(ROOT, 'node_modules/.bin/tsx'),
    ['bin/fleet.ts', 'token', '--key-file', keyFile, ...args],
    { cwd: ROOT },
  );
  return stdout.trim();
}
