import { randomUUID } from 'node:crypto';
import type { Browser } from 'playwright-core';
import type { FleetClientOptions } from '../../web/sdk';
import { ProcessTree } from '../bench/process-tree';
import { launchBrowser } from '../helpers/browser';
import { eventually } from '../helpers/eventually';
import { RunningFleet } from '../helpers/fleet-up';
import { TcpProxy } from '../helpers/tcp-proxy';
import { SdkPage } from './sdk-page';
import { SdkSite } from './sdk-site';

/** Applications of their own on the SDK's public surface, in real browsers, on a real fleet. */
describe('the browser SDK', () => {
  let fleet: RunningFleet;
  let browser: Browser;
  let proxy: TcpProxy;
  let site: SdkSite;
  let pages: SdkPage[] = [];

  beforeAll(async () => {
    [fleet, browser] = await Promise.all([
      RunningFleet.start(['--nodes', '2']),
      launchBrowser({ cameras: 3 }),
    ]);
    site = await SdkSite.start();
    proxy = await TcpProxy.to(fleet.nodeUrl(fleet.node(1)));
  });

  afterEach(async () => {
    await Promise.all(pages.map((page) => page.close()));
    pages = [];
    proxy.restore();
  });

  afterAll(async () => {
    await proxy?.close();
    await site?.close();
    await browser?.close();
    await fleet?.stop();
  });

  async function open(roomId: string, peerId: string, options: Partial<FleetClientOptions> = {}) {
    const page = await SdkPage.open(browser, site, { url: fleet.url, roomId, peerId, ...options });
    pages.push(page);
    return page;
  }

  /** Ada and Grace in one room, Ada talking; Grace's signalling goes through the proxy. */
  async function adaAndGrace() {
    const roomId = randomUUID();
    const ada = await open(roomId, 'ada', { displayName: 'Ada' });
    const grace = await open(roomId, 'grace', {
      url: `ws://127.0.0.1:${proxy.port}`,
      // The fake microphone beeps shortly and on the clock: a period that divides its own could miss every beep.
      speakingLevelsIntervalMs: 37,
    });
    await ada.joinTalking();
    await grace.join();
    return { roomId, ada, grace };
  }

  test('pages of other sites load the SDK from a node, and nothing else', async () => {
    const page = await open(randomUUID(), 'ada');
    const loads = (file: string) =>
      page.page.evaluate(
        (url) =>
          fetch(url).then(
            (response) => response.ok,
            () => false,
          ),
        `${fleet.nodeUrl(fleet.node(1))}/${file}`,
      );
    expect(await loads('fleet-sdk.js')).toBe(true);
    expect(await loads('fleet-sdk.mjs')).toBe(true);
    expect(await loads('main.js')).toBe(false);
    expect(await loads('')).toBe(false);
  });

  test('a peer that joins sees and hears who is there, and learns who comes and goes', async () => {
    const { ada, grace } = await adaAndGrace();
    await grace.seesMoving('ada');
    await grace.hears('ada');
    expect(await grace.page.evaluate(() => globalThis.client.peer('ada')?.displayName)).toBe('Ada');
    await ada.waitFor('peerJoined');
    await grace.page.evaluate(
      () =>
        new Promise<void>((resolve) => {
          globalThis.client.on('speakingLevels', ({ levels }) => {
            if (levels.some(({ peerId }) => peerId === 'ada')) resolve();
          });
        }),
    );
    await ada.page.evaluate(() => globalThis.client.leave());
    await grace.waitFor('peerLeft');
    expect(await grace.happened('trackRemoved')).toHaveLength(2);
    expect(await grace.page.evaluate(() => globalThis.client.peers.length)).toBe(0);
    expect([...ada.errors, ...grace.errors]).toEqual([]);
  });

  test('a mute is told, sends nothing, and ends', async () => {
    const { ada, grace } = await adaAndGrace();
    await grace.seesMoving('ada');
    await ada.page.evaluate(() => {
      const { camera } = globalThis.client;
      return camera && globalThis.client.mute(camera);
    });
    await eventually(async () => (await grace.received('ada', 'camera'))?.muted);
    await eventually(async () => {
      const before = (await grace.received('ada', 'camera'))?.frames;
      await new Promise((resolve) => setTimeout(resolve, 500));
      return before === (await grace.received('ada', 'camera'))?.frames;
    });
    await ada.page.evaluate(() => {
      const { camera } = globalThis.client;
      return camera && globalThis.client.unmute(camera);
    });
    await grace.seesMoving('ada');
    expect((await grace.received('ada', 'camera'))?.muted).toBe(false);
  });

  test('chat, data channels and names reach the others', async () => {
    const { ada, grace } = await adaAndGrace();
    await ada.page.evaluate(() => {
      // A peer hears what is said from when its own side is open.
      setInterval(() => void globalThis.client.sendMessage('hello Grace'), 200);
    });
    const message = await grace.waitFor('message');
    expect(message).toMatchObject({ peerId: 'ada', displayName: 'Ada', text: 'hello Grace' });
    await grace.page.evaluate(() => globalThis.client.sendMessage('hello Ada'));
    await ada.waitFor('message', ({ text }) => text === 'hello Ada');

    await ada.page.evaluate(async () => {
      const channel = await globalThis.client.openDataChannel({ label: 'moves', maxRetransmits: 0 });
      // A peer hears what is said from when its own side is open.
      setInterval(() => channel.send('e2e4'), 100);
    });
    expect(await grace.waitFor('data')).toMatchObject({ peerId: 'ada', label: 'moves', data: 'e2e4' });

    await grace.page.evaluate(() => globalThis.client.changeDisplayName('Amazing Grace'));
    await ada.waitFor('peerChanged');
    expect(await ada.page.evaluate(() => globalThis.client.peer('grace')?.displayName)).toBe('Amazing Grace');
  });

  test('the layer follows the size on the screen, and what is not visible is not received', async () => {
    const { grace } = await adaAndGrace();
    await grace.seesMoving('ada');
    const layer = async () => (await grace.received('ada', 'camera'))?.spatialLayer ?? -1;

    await grace.show('ada', { width: 160, height: 90 });
    await eventually(async () => (await layer()) === 0);
    await grace.style('ada', 'display:block;width:1280px;height:720px');
    await eventually(() => grace.askedLayers.at(-1) === 2);
    // Which of the upper two comes is for the sender's encoder to decide: a busy machine leaves the top one out.
    await eventually(async () => (await layer()) > 0);
    await eventually(async () => ((await grace.received('ada', 'camera'))?.height ?? 0) > 180);
    await grace.style('ada', 'display:block;width:480px;height:270px');
    await eventually(() => grace.askedLayers.at(-1) === 1);
    await eventually(async () => (await layer()) === 1);

    await grace.style('ada', 'display:none');
    await eventually(async () => (await grace.received('ada', 'camera'))?.paused);
    await eventually(async () => {
      const before = (await grace.received('ada', 'camera'))?.frames;
      await new Promise((resolve) => setTimeout(resolve, 500));
      return before === (await grace.received('ada', 'camera'))?.frames;
    });
    await grace.style('ada', 'display:block;width:480px;height:270px');
    await grace.seesMoving('ada');

    await grace.page.evaluate(() => document.getElementById('video-ada')?.remove());
    await eventually(async () => (await grace.received('ada', 'camera'))?.paused);
  });

  test('layers that nobody wants are not sent, and come back when they are wanted', async () => {
    const { ada, grace } = await adaAndGrace();
    await grace.seesMoving('ada');
    await grace.show('ada', { width: 160, height: 90 });
    await eventually(async () => (await ada.sentLayers()).join() === '0', { timeoutMs: 60_000 });
    await grace.seesMoving('ada');

    await grace.style('ada', 'display:block;width:1280px;height:720px');
    const wantedAtMs = Date.now();
    await eventually(async () => (await ada.sentLayers(200)).includes(2), { timeoutMs: 10_000 });
    expect(Date.now() - wantedAtMs).toBeLessThan(3_000);
    await eventually(async () => (await grace.received('ada', 'camera'))?.height === 720, {
      timeoutMs: 30_000,
    });
  }, 120_000);

  test('a lost connection is resumed while pictures keep moving, and nothing said meanwhile is lost', async () => {
    const { ada, grace } = await adaAndGrace();
    await grace.seesMoving('ada');
    const session = await grace.page.evaluate(() => globalThis.client.session?.sessionId);
    const track = await grace.page.evaluateHandle(() => globalThis.client.peer('ada')?.track('camera'));

    proxy.cut({ refuse: true });
    await grace.waitFor('reconnecting');
    await ada.page.evaluate(() => globalThis.client.changeDisplayName('Countess'));
    const microphone = grace.page.evaluate(() => globalThis.client.enableMicrophone().then(() => true));
    // Pictures do not wait for the signalling to come back.
    await grace.seesMoving('ada');
    expect(await grace.page.evaluate(() => globalThis.client.connectionState)).toBe('reconnecting');
    proxy.restore();
    await grace.waitFor('connected', ({ resumed }) => resumed === true);

    await grace.waitFor('peerChanged');
    expect(await grace.page.evaluate(() => globalThis.client.peer('ada')?.displayName)).toBe('Countess');
    expect(await microphone).toBe(true);
    await ada.hears('grace');
    expect(await grace.page.evaluate(() => globalThis.client.session?.sessionId)).toBe(session);
    expect(
      await grace.page.evaluate((before) => before === globalThis.client.peer('ada')?.track('camera'), track),
    ).toBe(true);
    expect(await ada.happened('peerLeft')).toEqual([]);
  });

  test.each([
    ['media node', (nodePid: number) => [nodePid]],
    ['worker', (nodePid: number) => new ProcessTree(nodePid).pids().slice(1)],
  ])(
    'when its %s dies, a client joins anew with the same tracks, on both sides, and over its connection where that stays',
    async (_, dying) => {
      const own = await RunningFleet.start(['--nodes', '2']);
      try {
        const roomId = randomUUID();
        const ada = await open(roomId, 'ada', { url: own.url });
        await ada.joinTalking();
        const mediaNodeId = await ada.page.evaluate(() => globalThis.client.session?.mediaNodeId ?? '');
        const survivor = mediaNodeId === own.node(1) ? own.node(2) : own.node(1);
        const grace = await open(roomId, 'grace', { url: own.nodeUrl(survivor) });
        await grace.join();
        await grace.seesMoving('ada');
        const track = await grace.page.evaluateHandle(() => globalThis.client.peer('ada')?.track('camera'));
        const connected = jest.fn();
        grace.page.on('websocket', connected);

        const before = ada.requests.length;
        for (const pid of dying(own.nodePid(mediaNodeId))) process.kill(pid, 'SIGKILL');
        await grace.waitFor('connected', ({ resumed }) => resumed === false);
        for (const page of [ada, grace]) {
          await eventually(async () => (await page.happened('connected')).length >= 2);
        }
        await grace.seesMoving('ada');
        // A channel takes until everybody has it, and what is sent over the same transport waits for that.
        const sent = () => ada.requests.slice(before).filter((method) => method.startsWith('produce'));
        await eventually(() => sent().includes('produceData'));
        expect(sent().slice(-3)).toEqual(['produce', 'produce', 'produceData']);
        expect(
          await grace.page.evaluate(
            (track) => track === globalThis.client.peer('ada')?.track('camera'),
            track,
          ),
        ).toBe(true);
        expect(await grace.happened('peerLeft')).toEqual([]);
        expect(connected).not.toHaveBeenCalled();
        expect(await ada.page.evaluate(() => globalThis.client.camera?.mediaStreamTrack.readyState)).toBe(
          'live',
        );
      } finally {
        await own.stop();
      }
    },
  );

  test('a connection comes back through another gateway', async () => {
    const { grace } = await adaAndGrace();
    expect(await grace.page.evaluate(() => globalThis.client.session?.gatewayNodeId)).toBe(fleet.node(1));
    proxy.retarget(fleet.nodeUrl(fleet.node(2)));
    proxy.cut();
    await grace.waitFor('connected', ({ resumed }) => resumed === true);
    expect(await grace.page.evaluate(() => globalThis.client.session?.gatewayNodeId)).toBe(fleet.node(2));
    await grace.seesMoving('ada');
    proxy.retarget(fleet.nodeUrl(fleet.node(1)));
  });

  test('another camera, and a shared screen that the browser ends, take no new negotiation of the rest', async () => {
    const { ada, grace } = await adaAndGrace();
    await grace.seesMoving('ada');
    const before = await grace.page.evaluate(
      () => globalThis.client.peer('ada')?.track('camera')?.mediaStreamTrack.id,
    );
    const changed = await ada.page.evaluate(async () => {
      const cameras = (await navigator.mediaDevices.enumerateDevices()).filter(
        ({ kind }) => kind === 'videoinput',
      );
      // Chromium's second fake camera is a depth camera, whose pictures it can't encode.
      const other = cameras.find(({ label }) => label === 'fake_device_2');
      if (!other) throw new Error('there is no third camera');
      await globalThis.client.switchCamera(other.deviceId);
      return globalThis.client.camera?.mediaStreamTrack.getSettings().deviceId === other.deviceId;
    });
    expect(changed).toBe(true);
    await grace.seesMoving('ada');
    expect(
      await grace.page.evaluate(() => globalThis.client.peer('ada')?.track('camera')?.mediaStreamTrack.id),
    ).toBe(before);

    await ada.page.evaluate(async () => {
      // A headless browser has no screen: a drawn one stands in for it.
      const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 360 });
      const drawing = canvas.getContext('2d');
      setInterval(() => {
        if (!drawing) return;
        drawing.fillStyle = `hsl(${performance.now() / 10}deg 80% 50%)`;
        drawing.fillRect(0, 0, 640, 360);
      }, 50);
      navigator.mediaDevices.getDisplayMedia = async () => canvas.captureStream(15);
      await globalThis.client.startScreenShare();
    });
    await grace.seesMoving('ada', 'screen');
    await ada.page.evaluate(() => {
      const track = globalThis.client.screen?.mediaStreamTrack;
      track?.stop();
      track?.dispatchEvent(new Event('ended'));
    });
    await ada.waitFor('localTrackRemoved', ({ reason }) => reason === 'ended');
    await grace.waitFor('trackRemoved');
    await grace.seesMoving('ada');
  });

  test('a device that could not be had is not asked for again', async () => {
    const ada = await open(randomUUID(), 'ada');
    const result = await ada.page.evaluate(async () => {
      const { client } = globalThis;
      await client.enableCamera();
      const refused = await client
        .switchCamera('nobody has this one')
        .catch((error: unknown) => (error as { code: string }).code);
      await client.disableCamera();
      await client.enableCamera();
      return { refused, kinds: client.localTracks.map(({ kind }) => kind) };
    });
    expect(result).toEqual({ refused: 'DEVICE_NOT_FOUND', kinds: ['video'] });
  });

  test('what the browser refuses comes as a code', async () => {
    const ada = await open(randomUUID(), 'ada');
    const code = (name: string) =>
      ada.page.evaluate(async (errorName) => {
        navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', errorName));
        try {
          await globalThis.client.enableCamera();
          return 'none';
        } catch (error) {
          return (error as { code: string }).code;
        }
      }, name);
    expect(await code('NotFoundError')).toBe('NO_CAMERA');
    expect(await code('NotAllowedError')).toBe('PERMISSION_DENIED');
    expect(await code('NotReadableError')).toBe('DEVICE_IN_USE');
    expect(await code('OverconstrainedError')).toBe('DEVICE_NOT_FOUND');
    expect(await ada.page.evaluate(() => globalThis.client.localTracks.length)).toBe(0);
  });

  test('a camera that was on before the join is published by it, what others say is heard, and leaving turns it off', async () => {
    const roomId = randomUUID();
    const ada = await open(roomId, 'ada');
    const grace = await open(roomId, 'grace');
    await grace.join();
    // The channel is there before the other one comes, and is offered while that camera is published.
    await grace.page.evaluate(() => globalThis.client.sendMessage('nobody hears this'));
    await ada.page.evaluate(async () => {
      await globalThis.client.enableCamera({ resolution: '360p' });
      await globalThis.client.join();
    });
    await grace.seesMoving('ada');
    await grace.page.evaluate(() => {
      setInterval(() => void globalThis.client.sendMessage('hello Ada'), 200);
    });
    await ada.waitFor('message', ({ text }) => text === 'hello Ada');
    const state = await ada.page.evaluate(async () => {
      const track = globalThis.client.camera?.mediaStreamTrack;
      await globalThis.client.leave();
      const again = await globalThis.client
        .join()
        .catch((error: unknown) => (error as { code: string }).code);
      return { track: track?.readyState, client: globalThis.client.connectionState, again };
    });
    expect(state).toEqual({ track: 'ended', client: 'closed', again: 'CLOSED' });
  });
});
