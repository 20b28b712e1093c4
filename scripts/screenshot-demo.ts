import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from '../test/helpers/browser';
import { eventually } from '../test/helpers/eventually';
import { RunningFleet } from '../test/helpers/fleet-up';

/*
 * `npm run screenshot`: starts a fleet as `npm start` does, puts four browser pages into one room, and writes what
 * the first of them shows to docs/images/demo.png. Only the cameras are drawn; everything else is the running
 * system.
 */

const PICTURE = join(__dirname, '..', 'docs', 'images', 'demo.png');
const PORTRAIT = join(__dirname, 'screenshot', 'portrait.js');
const SIZE = { width: 1280, height: 800 };
/** What a README may weigh, bytes. */
const MAX_BYTES = 400 * 1024;
const DEADLINE_MS = 60_000;
/** Of the others' pictures: the simulcast layer that tiles of this size ask for. */
const SHARP_WIDTH = 640;

/** How a drawn person looks; read by screenshot/portrait.js. Colours are CSS. */
interface Look {
  wall: string;
  light: string;
  skin: string;
  hair: string;
  shirt: string;
  longHair: boolean;
  /** Speed of the movement, radians per second. */
  tempo: number;
}

interface Person {
  name: string;
  look: Look;
  talks: boolean;
}

const PEOPLE: readonly Person[] = [
  {
    name: 'Ada',
    talks: false,
    look: {
      wall: '#40566b',
      light: '#a9c8dc',
      skin: '#e6b594',
      hair: '#3a2a23',
      shirt: '#b6493f',
      longHair: true,
      tempo: 0.9,
    },
  },
  {
    name: 'Kofi',
    talks: true,
    look: {
      wall: '#6b6450',
      light: '#e2d3a0',
      skin: '#80543b',
      hair: '#191614',
      shirt: '#2f6f6b',
      longHair: false,
      tempo: 1.3,
    },
  },
  {
    name: 'Mei',
    talks: false,
    look: {
      wall: '#4d6350',
      light: '#cfe3c2',
      skin: '#e9c3a0',
      hair: '#20242c',
      shirt: '#d9a441',
      longHair: true,
      tempo: 0.7,
    },
  },
  {
    name: 'Jonas',
    talks: false,
    look: {
      wall: '#5a4d63',
      light: '#d9c4e0',
      skin: '#efc4a6',
      hair: '#a3703c',
      shirt: '#3b5f94',
      longHair: false,
      tempo: 1.1,
    },
  },
];

async function enter(browser: Browser, url: string, person: Person): Promise<Page> {
  const context = await browser.newContext({
    viewport: SIZE,
    colorScheme: 'dark',
    locale: 'en-US',
    permissions: ['camera', 'microphone'],
  });
  await context.addInitScript(`window.portraitLook = ${JSON.stringify(person.look)};`);
  await context.addInitScript({ path: PORTRAIT });
  const page = await context.newPage();
  const query = new URLSearchParams({
    room: 'design-review',
    name: person.name,
    autojoin: '1',
    mic: person.talks ? '1' : '0',
  });
  await page.goto(`${url}/?${query.toString()}`);
  await page.waitForSelector('[data-testid=status][data-state=connected]', { timeout: DEADLINE_MS });
  return page;
}

async function photograph(browser: Browser, url: string): Promise<Buffer> {
  const pages: Page[] = [];
  for (const person of PEOPLE) pages.push(await enter(browser, url, person));
  const page = await pageOfTwoNodes(pages);
  // Everybody's picture in the layer that this window asks for, and a second without packets that a busy machine
  // dropped; sooner would show the picture of a weak line.
  await eventually(
    async () => {
      const sharp = (await widths(page)).every((width) => width >= SHARP_WIDTH);
      const loss = await page.textContent(
        '[data-direction=send][data-kind=video] [data-testid=track-loss] dd',
      );
      return sharp && loss === '0 %';
    },
    { timeoutMs: DEADLINE_MS, intervalMs: 500 },
  );
  await page.mouse.move(SIZE.width / 2, 24);
  await page.locator('[data-testid=tile].is-speaking').first().waitFor({ timeout: DEADLINE_MS });
  return page.screenshot({ type: 'png' });
}

/** Somebody who listens, preferably through another gateway than the media node: both are shown in the panel. */
async function pageOfTwoNodes(pages: readonly Page[]): Promise<Page> {
  const listeners = pages.filter((_, index) => PEOPLE[index]?.talks === false);
  for (const page of listeners) {
    // By mouse, so that no focus ring is in the picture.
    await page.click('[data-testid=details-open]');
    const [gateway, media] = await Promise.all(
      ['gateway-node', 'media-node'].map((testId) => page.textContent(`[data-testid=${testId}]`)),
    );
    if (gateway !== media || page === listeners.at(-1)) return page;
    await page.click('[data-testid=details-close]');
  }
  throw new Error('nobody entered the room');
}

/** Of each picture on the page, its own included, pixels. */
async function widths(page: Page): Promise<number[]> {
  const videos = page.locator('[data-testid=tile-video]');
  const count = await videos.count();
  if (count < PEOPLE.length) return [0];
  return Promise.all(
    Array.from({ length: count }, (_, index) =>
      videos.nth(index).evaluate((video: { videoWidth: number }) => video.videoWidth),
    ),
  );
}

async function main(): Promise<void> {
  const fleet = await RunningFleet.start();
  try {
    const browser = await launchBrowser();
    try {
      const picture = await photograph(browser, fleet.url);
      if (picture.length > MAX_BYTES) {
        throw new Error(`the picture has ${picture.length} bytes, more than ${MAX_BYTES}`);
      }
      await mkdir(dirname(PICTURE), { recursive: true });
      await writeFile(PICTURE, picture);
      console.log(`docs/images/demo.png: ${Math.round(picture.length / 1024)} KB`);
    } finally {
      await browser.close();
    }
  } finally {
    await fleet.stop();
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
