import type { Browser, BrowserContext, Page } from 'playwright-core';
import { openPage } from '../helpers/browser';
import { eventually, PATIENCE_MS } from '../helpers/eventually';

/** What a page shows of the others, read from its elements and not from the SDK. */
export interface SeenPeer {
  peerId: string;
  /** Frames decoded so far. */
  frames: number;
  width: number;
  height: number;
}

/** Of a page whose pictures are so large that it asks for the upper layers. */
export const LARGE = { width: 1280, height: 800 };

/** A person in a room of the demo page. */
export class RoomPage {
  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
    readonly errors: string[],
  ) {}

  /** Opens the page and enters without asking. Waits for the room unless `waitForRoom` is false. */
  static async enter(options: {
    browser: Browser;
    /** Of the fleet's front port or of one node. */
    url: string;
    room: string;
    name: string;
    query?: Record<string, string>;
    waitForRoom?: boolean;
    viewport?: { width: number; height: number };
  }): Promise<RoomPage> {
    const query = new URLSearchParams({
      room: options.room,
      name: options.name,
      autojoin: '1',
      ...options.query,
    });
    const url = `${options.url}/?${query.toString()}`;
    const { viewport } = options;
    const opened = await openPage(options.browser, url, viewport ? { viewport } : {});
    const person = new RoomPage(opened.context, opened.page, opened.errors);
    if (options.waitForRoom !== false) await person.connected();
    return person;
  }

  async connected(): Promise<void> {
    await this.page.waitForSelector('[data-testid=status][data-state=connected]', {
      state: 'attached',
    });
  }

  /** The pictures of the others that play. */
  async pictures(): Promise<SeenPeer[]> {
    return this.page.evaluate(() =>
      Array.from(document.querySelectorAll<HTMLElement>('[data-testid=tile]'))
        .filter((tile) => tile.dataset['own'] !== '1')
        .map((tile) => {
          const video = tile.querySelector<HTMLVideoElement>('[data-testid=tile-video]');
          return {
            peerId: tile.dataset['peerId'] ?? '',
            frames: video?.getVideoPlaybackQuality().totalVideoFrames ?? 0,
            width: video?.videoWidth ?? 0,
            height: video?.videoHeight ?? 0,
          };
        }),
    );
  }

  /** Waits until the pictures of `count` others move: frames are there, and more come. */
  async seesMoving(count: number): Promise<void> {
    const before = await eventually(
      async () => {
        const pictures = await this.pictures();
        return pictures.length === count && pictures.every(({ frames }) => frames > 0) ? pictures : undefined;
      },
      { intervalMs: 200 },
    );
    await eventually(
      async () => {
        const now = await this.pictures();
        return before.every((picture) =>
          now.some(({ peerId, frames }) => peerId === picture.peerId && frames > picture.frames + 5),
        );
      },
      { intervalMs: 200 },
    );
  }

  /**
   * Waits until sound arrives from `count` others: the fake microphone beeps, so the energy that the page's audio
   * elements get (measured on their streams) rises above silence.
   */
  async hears(count: number): Promise<void> {
    const heard = await this.page.evaluate(
      async ({ wanted, deadlineMs }) => {
        const context = new AudioContext();
        const meters = new Map<Element, AnalyserNode>();
        const loud = new Set<Element>();
        const end = performance.now() + deadlineMs;
        while (performance.now() < end && loud.size < wanted) {
          for (const audio of document.querySelectorAll<HTMLAudioElement>('[data-testid=peer-audio]')) {
            if (meters.has(audio) || !(audio.srcObject instanceof MediaStream)) continue;
            const analyser = context.createAnalyser();
            context.createMediaStreamSource(audio.srcObject).connect(analyser);
            meters.set(audio, analyser);
          }
          for (const [audio, analyser] of meters) {
            const samples = new Float32Array(analyser.fftSize);
            analyser.getFloatTimeDomainData(samples);
            if (samples.some((sample) => Math.abs(sample) > 0.01)) loud.add(audio);
          }
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        await context.close();
        return loud.size;
      },
      { wanted: count, deadlineMs: PATIENCE_MS },
    );
    if (heard < count) throw new Error(`heard ${heard} of ${count} others`);
  }

  /** What the details panel says, opening it first. */
  async detail(testId: string): Promise<string> {
    const details = this.page.locator('[data-testid=details]');
    if (!(await details.isVisible())) await this.page.click('[data-testid=details-open]');
    return eventually(async () => {
      const text = (await this.page.textContent(`[data-testid=${testId}]`))?.trim() ?? '';
      return text !== '' && text !== '–' ? text : undefined;
    });
  }

  /** The code of the refusal that the page shows. */
  async refusal(): Promise<{ code: string; text: string }> {
    const refusal = await this.page.waitForSelector('[data-testid=refusal]');
    return {
      code: (await refusal.getAttribute('data-code')) ?? '',
      text: (await refusal.textContent()) ?? '',
    };
  }

  async close(): Promise<void> {
    await this.context.close();
  }
}
