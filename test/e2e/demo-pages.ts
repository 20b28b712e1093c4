import { join } from 'node:path';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { openPage } from '../helpers/browser';
import { eventually } from '../helpers/eventually';
import type { Generation } from './demo-client-page';

/** Pages in which a client written for mediasoup-demo runs; a test talks to it through `globalThis.demo`. */
export class DemoPages {
  private readonly pages: Page[] = [];

  private constructor(
    private readonly browser: Browser,
    private readonly script: string,
  ) {}

  static async build(browser: Browser): Promise<DemoPages> {
    const built = await build({
      entryPoints: [join(__dirname, 'demo-client-page.ts')],
      bundle: true,
      write: false,
      format: 'iife',
      target: 'chrome120',
    });
    return new DemoPages(browser, built.outputFiles[0]?.text ?? '');
  }

  /** @param nodeUrl the node that is to be its gateway */
  async enter(generation: Generation, room: string, peerId: string, nodeUrl: string): Promise<Page> {
    const { page } = await openPage(this.browser, `${nodeUrl}/healthz`, { bypassCsp: true });
    this.pages.push(page);
    await page.addScriptTag({ content: this.script });
    const url = `${nodeUrl.replace(/^http/, 'ws')}/?roomId=${room}&peerId=${peerId}`;
    await page.evaluate(
      async (options) => {
        globalThis.demo = new DemoBrowserClient(options);
        await globalThis.demo.join('a demo client');
      },
      { url, generation },
    );
    return page;
  }

  async close(): Promise<void> {
    const leave = async (page: Page): Promise<void> => {
      // A page that just went could be on its way back: its place would stay taken for a while.
      await page.evaluate(() => globalThis.demo.close());
      await page.context().close();
    };
    await Promise.all(this.pages.splice(0).map(leave));
  }
}

/** Waits until further frames of that peer's video are shown. */
export async function seesMoving(page: Page, peerId: string): Promise<void> {
  const frames = (): Promise<number> =>
    page.evaluate(
      (id) =>
        document.querySelector<HTMLVideoElement>(`video[data-peer-id="${id}"]`)?.getVideoPlaybackQuality()
          .totalVideoFrames ?? 0,
      peerId,
    );
  const before = await eventually(async () => (await frames()) || undefined);
  await eventually(async () => (await frames()) > before + 5);
}
