import type { Browser } from 'playwright-core';
import { openPage } from '../helpers/browser';

/** Runs in the page, where there are types of a browser and not of Node: plain text, therefore. */
const MEASURE = `async ({ url, roomId }) => {
  let openedAt;
  const NativeWebSocket = window.WebSocket;
  window.WebSocket = class extends NativeWebSocket {
    constructor(...args) {
      super(...args);
      this.addEventListener('open', () => (openedAt ??= performance.now()));
    }
  };
  const client = new MediasoupFleet.FleetClient({ url, roomId, displayName: 'viewer' });
  const firstFrame = new Promise((resolve) => {
    client.on('trackAdded', ({ track }) => {
      if (track.kind !== 'video') return;
      const video = document.createElement('video');
      video.muted = true;
      video.autoplay = true;
      video.requestVideoFrameCallback((now) => resolve(now));
      document.body.append(video);
      track.attach(video);
    });
  });
  await client.join();
  const seenAt = await firstFrame;
  await client.leave();
  return seenAt - openedAt;
}`;

/** One viewer joins a room in which somebody sends video. Milliseconds from open WebSocket to first decoded frame. */
export async function firstFrameMs(options: {
  browser: Browser;
  /** Of the gateway. */
  url: string;
  roomId: string;
}): Promise<number> {
  const { context, page } = await openPage(options.browser, `${options.url}/?room=unused`, {
    bypassCsp: true,
  });
  try {
    await page.addScriptTag({ url: '/fleet-sdk.js' });
    const argument = JSON.stringify({ url: options.url.replace(/^http/, 'ws'), roomId: options.roomId });
    return await page.evaluate<number>(`(${MEASURE})(${argument})`);
  } finally {
    await context.close();
  }
}
