import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from '../helpers/browser';
import { eventually } from '../helpers/eventually';
import { RunningFleet } from '../helpers/fleet-up';
import type { Generation, RecordedMessage } from './demo-client-page';
import { DemoPages, seesMoving } from './demo-pages';

/**
 * Clients written for mediasoup-demo, of both generations of its protocol, with their own libraries (protoo-client and
 * mediasoup-client) in Chromium and nothing of ours: they meet in one room, on different gateways, and talk.
 */
describe('clients of mediasoup-demo', () => {
  let fleet: RunningFleet;
  let browser: Browser;
  let demos: DemoPages;

  beforeAll(async () => {
    browser = await launchBrowser();
    demos = await DemoPages.build(browser);
    fleet = await RunningFleet.start(['--nodes', '2']);
  });

  afterEach(() => demos.close());

  afterAll(async () => {
    await browser?.close();
    await fleet?.stop();
  });

  const enter = (generation: Generation, room: string, peerId: string, node: string): Promise<Page> =>
    demos.enter(generation, room, peerId, fleet.nodeUrl(node));

  const transcriptOf = (page: Page): Promise<RecordedMessage[]> =>
    page.evaluate(() => globalThis.demo.transcript);

  const saw = async (page: Page, wanted: Partial<RecordedMessage>): Promise<RecordedMessage> =>
    eventually(async () =>
      (await transcriptOf(page)).find((message) =>
        Object.entries(wanted).every(([key, value]) => message[key as keyof RecordedMessage] === value),
      ),
    );

  test('one of each generation in one room see each other, chat, pause, rename and leave', async () => {
    const room = randomUUID();
    const legacy = await enter('legacy', room, 'legacy', fleet.node(1));
    const current = await enter('current', room, 'current', fleet.node(2));
    for (const page of [legacy, current]) await page.evaluate(() => globalThis.demo.publish());

    await Promise.all([seesMoving(legacy, 'current'), seesMoving(current, 'legacy')]);

    for (const page of [legacy, current]) await page.evaluate(() => globalThis.demo.openChat());
    for (const [from, to, text] of [
      [legacy, current, 'hello current'],
      [current, legacy, 'hello legacy'],
    ] as const) {
      // The channel is unreliable, as the demo opens it: say it until it is heard.
      await eventually(
        async () => {
          await from.evaluate((said) => globalThis.demo.say(said), text);
          return (await to.evaluate(() => globalThis.demo.chat)).includes(text);
        },
        { intervalMs: 200 },
      );
    }

    for (const [actor, observer] of [
      [legacy, current],
      [current, legacy],
    ] as const) {
      await actor.evaluate(() => globalThis.demo.pauseVideo());
      await saw(observer, { direction: '←', kind: 'notification', method: 'consumerPaused' });
      await actor.evaluate(() => globalThis.demo.resumeVideo());
      await saw(observer, { direction: '←', kind: 'notification', method: 'consumerResumed' });
      await actor.evaluate(() => globalThis.demo.rename('another name'));
      await saw(observer, { direction: '←', kind: 'notification', method: 'peerDisplayNameChanged' });
      expect(JSON.stringify(await actor.evaluate(() => globalThis.demo.transportStats()))).toMatch(
        /bytesReceived/,
      );
      await actor.evaluate(() => globalThis.demo.restartIce());
      await eventually(() => actor.evaluate(() => globalThis.demo.sendState() === 'connected'));
      await actor.evaluate(() => globalThis.demo.closeVideo());
      await saw(observer, { direction: '←', kind: 'notification', method: 'consumerClosed' });
    }

    await legacy.evaluate(() => globalThis.demo.close());
    await saw(current, { direction: '←', kind: 'notification', method: 'peerClosed' });
  });

  test('each generation is answered in its own words', async () => {
    const room = randomUUID();
    const legacy = await enter('legacy', room, 'legacy', fleet.node(1));
    const current = await enter('current', room, 'current', fleet.node(2));
    for (const page of [legacy, current]) await page.evaluate(() => globalThis.demo.publish());
    await Promise.all([seesMoving(legacy, 'current'), seesMoving(current, 'legacy')]);

    expect((await saw(legacy, { kind: 'response', method: 'produce' })).fields).toContain('id');
    expect((await saw(current, { kind: 'response', method: 'produce' })).fields).toContain('producerId');
    expect((await saw(legacy, { kind: 'request', method: 'newConsumer', direction: '←' })).fields).toEqual(
      expect.arrayContaining([
        'appData',
        'id',
        'kind',
        'peerId',
        'producerId',
        'producerPaused',
        'rtpParameters',
        'type',
      ]),
    );
    expect((await saw(current, { kind: 'request', method: 'newConsumer', direction: '←' })).fields).toEqual(
      expect.arrayContaining([
        'appData',
        'consumerId',
        'consumerScore',
        'kind',
        'peerId',
        'producerId',
        'transportId',
      ]),
    );
    expect((await saw(legacy, { kind: 'notification', method: 'newPeer' })).fields).toEqual(
      expect.arrayContaining(['device', 'displayName', 'id']),
    );
  });

  test.each(['legacy', 'current'] as const)(
    'what a %s client and the server say to each other is what was recorded',
    async (generation) => {
      const page = await enter(generation, randomUUID(), generation, fleet.node(1));
      await page.evaluate(() => globalThis.demo.publish());
      await page.evaluate(() => globalThis.demo.openChat());
      // Notifications come when they come; what the client asks and is answered has one order.
      const spoken = (await transcriptOf(page)).filter(({ kind }) => kind !== 'notification');
      const file = join(__dirname, '..', 'transcripts', `recorded-${generation}.json`);
      if (process.env.RECORD === '1') writeFileSync(file, `${JSON.stringify(spoken, null, 2)}\n`);

      expect(spoken).toEqual(JSON.parse(readFileSync(file, 'utf8')));
    },
  );
});
