import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { findChromiumBin } from '../../scripts/setup/parts.cjs';
import { PATIENCE_MS } from './eventually';

/**
 * Flags for a headless Chromium with a fake camera and microphone that makes no connection of its own. Several are
 * needed only because CI machines have no GPU and no way out.
 */
const CHROMIUM_ARGS = [
  '--no-sandbox',
  '--use-fake-ui-for-media-stream',
  '--autoplay-policy=no-user-gesture-required',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-quic',
  '--no-first-run',
  '--disable-sync',
  '--disable-component-update',
  // Tabs in the background would stop decoding and timers.
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
];

/** Of a fake camera, per second. Half of Chromium's own: encoding them in software is what these tests cost most. */
const FRAMES_PER_SECOND = 10;

/** Of pages whose size no test looks at: drawing in software costs as much as the calls in them. */
const VIEWPORT = { width: 640, height: 400 };

/** A headless Chromium. The caller closes it. @param options.cameras how many fake cameras it has, 1 by default */
export async function launchBrowser({ cameras = 1 }: { cameras?: number } = {}): Promise<Browser> {
  return chromium.launch({
    executablePath: findChromiumBin(),
    args: [
      ...CHROMIUM_ARGS,
      `--use-fake-device-for-media-stream=device-count=${cameras},fps=${FRAMES_PER_SECOND}`,
    ],
  });
}

/** A page in a context of its own: separate storage and permissions, as a second person has. */
export async function openPage(
  browser: Browser,
  url: string,
  options: { viewport?: { width: number; height: number }; grantMedia?: boolean; bypassCsp?: boolean } = {},
): Promise<{ context: BrowserContext; page: Page; errors: string[] }> {
  const context = await browser.newContext({
    viewport: options.viewport ?? VIEWPORT,
    // For scripts that a test adds to a page whose policy forbids them.
    bypassCSP: options.bypassCsp ?? false,
    permissions: options.grantMedia === false ? [] : ['camera', 'microphone'],
  });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    // What the page's policy forbids, and the browser tells of.
    if (/TrustedScript|Content Security Policy/.test(message.text())) errors.push(message.text());
  });
  await page.goto(url);
  return { context, page, errors };
}
