import { randomUUID } from 'node:crypto';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '../helpers/browser';
import { eventually } from '../helpers/eventually';
import { RunningFleet } from '../helpers/fleet-up';
import { ClientNetwork } from './client-network';
import { SdkPage } from './sdk-page';
import { SdkSite } from './sdk-site';

/** Machines that sleep, tabs that are frozen, networks that change: what happens to people's devices, in real browsers. */
describe('somebody whose device', () => {
  let fleet: RunningFleet;
  let site: SdkSite;
  /** Ada's, and Grace's own: what happens to it does not happen to Ada. */
  let browsers: [Browser, Browser];
  let pages: SdkPage[] = [];

  beforeAll(async () => {
    [fleet, ...browsers] = await Promise.all([
      // So that a client's silence is noticed in a third of the time.
      RunningFleet.start(['--nodes', '1'], { FLEET_PING_INTERVAL_MS: '5000' }),
      launchBrowser(),
      launchBrowser(),
    ]);
    site = await SdkSite.start();
  });

  afterEach(async () => {
    await Promise.all(pages.map((page) => page.close()));
    pages = [];
  });

  afterAll(async () => {
    await Promise.all((browsers ?? []).map((browser) => browser.close()));
    await site?.close();
    await fleet?.stop();
  });

  async function open(browser: Browser, roomId: string, peerId: string, url = fleet.url): Promise<SdkPage> {
    const page = await SdkPage.open(browser, site, { url, roomId, peerId });
    pages.push(page);
    return page;
  }

  /** Both in one room, both talking. */
  async function adaAndGrace(network?: ClientNetwork) {
    const roomId = randomUUID();
    const ada = await open(browsers[0], roomId, 'ada');
    const grace = await open(browsers[1], roomId, 'grace', network?.url);
    await network?.carry(grace);
    await ada.joinTalking();
    await grace.joinTalking();
    await seeEachOther(ada, grace);
    return { roomId, ada, grace };
  }

  async function seeEachOther(ada: SdkPage, grace: SdkPage): Promise<void> {
    await ada.seesMoving('grace');
    await grace.seesMoving('ada');
    await ada.hears('grace');
    await grace.hears('ada');
  }

  /** What the node knows of Grace; undefined: it has forgotten her. */
  async function graceIn(roomId: string): Promise<{ detached?: boolean } | undefined> {
    const { live } = await fleet.operator<{
      live: { room: { peers: { peerId: string; detached?: boolean }[] } }[];
    }>(`/v1/rooms/${roomId}`);
    return live.flatMap(({ room }) => room.peers).find(({ peerId }) => peerId === 'grace');
  }

  /** Every process of Grace's browser, as when the lid is closed. */
  function signalAll(signal: 'SIGSTOP' | 'SIGCONT', processIds: number[]): void {
    for (const processId of processIds) process.kill(processId, signal);
  }

  async function processesOfGrace(): Promise<number[]> {
    const session = await browsers[1].newBrowserCDPSession();
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    await session.detach();
    return processInfo.map(({ id }) => id);
  }

  const sessionOf = (page: SdkPage) => page.page.evaluate(() => globalThis.client.session?.sessionId);

  test('goes from Wi-Fi to mobile keeps the session: ICE is restarted over the new address', async () => {
    const network = await ClientNetwork.to(fleet.url);
    try {
      const { ada, grace } = await adaAndGrace(network);
      const session = await sessionOf(grace);
      const addresses = await network.addresses();
      await network.change();
      await grace.waitFor('connected', ({ resumed }) => resumed === true);
      await seeEachOther(ada, grace);
      expect(await network.addresses()).toBeGreaterThan(addresses);
      expect(await sessionOf(grace)).toBe(session);
      for (const event of ['peerLeft', 'trackRemoved']) {
        expect(await ada.happened(event)).toEqual([]);
        expect(await grace.happened(event)).toEqual([]);
      }
    } finally {
      await network.close();
    }
  });

  test('freezes the tab is there all the while, and goes on where it was', async () => {
    const { roomId, ada, grace } = await adaAndGrace();
    const session = await sessionOf(grace);
    const cdp = await grace.context.newCDPSession(grace.page);
    await cdp.send('Page.setWebLifecycleState', { state: 'frozen' });
    const frozenAtMs = Date.now();
    await ada.page.evaluate(() => globalThis.client.changeDisplayName('Countess'));
    // Longer than a session outlives its connection.
    await eventually(() => Date.now() > frozenAtMs + 20_000);
    expect(await graceIn(roomId)).toBeDefined();
    await cdp.send('Page.setWebLifecycleState', { state: 'active' });
    await grace.waitFor('peerChanged');
    await seeEachOther(ada, grace);
    expect(await sessionOf(grace)).toBe(session);
    expect(await ada.happened('peerLeft')).toEqual([]);
  });

  test('sleeps resumes after a moment, and comes back by itself after longer', async () => {
    const { roomId, ada, grace } = await adaAndGrace();
    const session = await sessionOf(grace);
    const processes = await processesOfGrace();
    try {
      signalAll('SIGSTOP', processes);
      await eventually(async () => (await graceIn(roomId))?.detached === true);
      signalAll('SIGCONT', processes);
      await grace.waitFor('connected', ({ resumed }) => resumed === true);
      await seeEachOther(ada, grace);
      expect(await sessionOf(grace)).toBe(session);
      expect(await ada.happened('peerLeft')).toEqual([]);

      signalAll('SIGSTOP', processes);
      await eventually(async () => (await graceIn(roomId)) === undefined);
    } finally {
      signalAll('SIGCONT', processes);
    }
    await ada.waitFor('peerLeft');
    await eventually(async () => (await grace.happened('connected')).length === 3);
    await seeEachOther(ada, grace);
    expect(await sessionOf(grace)).not.toBe(session);
    expect(await grace.happened('failed')).toEqual([]);
  });
});
