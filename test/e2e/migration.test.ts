import { randomUUID } from 'node:crypto';
import type { Browser } from 'playwright-core';
import type { FleetClientOptions, RemoteTrack } from '../../web/sdk';
import { launchBrowser } from '../helpers/browser';
import { eventually } from '../helpers/eventually';
import { RunningFleet } from '../helpers/fleet-up';
import { SdkPage } from './sdk-page';
import { SdkSite } from './sdk-site';

/** Rooms that go from one node to another while people talk in them, in real browsers. */
describe('a room that migrates', () => {
  let fleet: RunningFleet;
  let browser: Browser;
  let site: SdkSite;
  let pages: SdkPage[] = [];

  beforeAll(async () => {
    [fleet, browser] = await Promise.all([
      RunningFleet.start(['--nodes', '2']),
      launchBrowser({ cameras: 3 }),
    ]);
    site = await SdkSite.start();
  });

  afterEach(async () => {
    await Promise.all(pages.map((page) => page.close()));
    pages = [];
  });

  afterAll(async () => {
    await site?.close();
    await browser?.close();
    await fleet?.stop();
  });

  async function open(
    roomId: string,
    peerId: string,
    options: Partial<FleetClientOptions> = {},
  ): Promise<SdkPage> {
    const page = await SdkPage.open(browser, site, { url: fleet.url, roomId, peerId, ...options });
    pages.push(page);
    await page.page.evaluate(() => {
      globalThis.connections = [];
      globalThis.RTCPeerConnection = class extends RTCPeerConnection {
        constructor(configuration?: RTCConfiguration) {
          super(configuration);
          globalThis.connections.push(this);
        }
      };
    });
    return page;
  }

  /** Ada and Grace in one room, each with camera and microphone, and each showing the other. */
  async function adaAndGrace(): Promise<{ roomId: string; ada: SdkPage; grace: SdkPage }> {
    const roomId = randomUUID();
    const ada = await open(roomId, 'ada');
    const grace = await open(roomId, 'grace');
    await ada.joinTalking();
    await grace.joinTalking();
    await ada.seesMoving('grace');
    await grace.seesMoving('ada');
    await ada.show('grace', { width: 320, height: 180 });
    await grace.show('ada', { width: 320, height: 180 });
    return { roomId, ada, grace };
  }

  /** Counts what the `<video>` of that peer shows, and the longest time without a new picture. */
  async function watch(page: SdkPage, peerId: string): Promise<void> {
    await page.page.evaluate((from) => {
      const video = document.getElementById(`video-${from}`) as HTMLVideoElement;
      const seen = { frames: 0, longestGapMs: 0, lastAtMs: performance.now(), stream: video.srcObject };
      globalThis.watched = seen;
      const onFrame = () => {
        const now = performance.now();
        seen.frames += 1;
        seen.longestGapMs = Math.max(seen.longestGapMs, now - seen.lastAtMs);
        seen.lastAtMs = now;
        video.requestVideoFrameCallback(onFrame);
      };
      video.requestVideoFrameCallback(onFrame);
    }, peerId);
  }

  const nodeOf = (page: SdkPage) => page.page.evaluate(() => globalThis.client.session?.mediaNodeId ?? '');

  async function move(roomId: string, from: string): Promise<void> {
    const answer = await fleet.operator<{ moving: number }>(`/v1/rooms/${roomId}/migrate`, {
      body: { from },
    });
    expect(answer.moving).toBe(2);
  }

  /**
   * The places of each receiving connection of the page, in its order: kinds and mids. The newest connection last.
   * Those whose stream has ended count too: on a slow machine the streams of the other's session before
   * have gone by now.
   */
  const receivingLines = (page: SdkPage) =>
    page.page.evaluate(() => {
      const descriptions = globalThis.connections.map(
        ({ remoteDescription }) => remoteDescription?.sdp ?? '',
      );
      return descriptions
        .filter((sdp) => sdp.includes('a=sendonly'))
        .map((sdp) =>
          sdp
            .split(/^m=/m)
            .slice(1)
            .filter((section) => !section.startsWith('application') && !section.includes('a=mid:probator'))
            .map((section) => `${section.split(' ')[0]} ${/a=mid:(\S+)/.exec(section)?.[1]}`),
        );
    });

  test('people go on seeing and hearing each other, and the application notices nothing', async () => {
    const { roomId, ada, grace } = await adaAndGrace();
    const before = await nodeOf(ada);
    expect(await nodeOf(grace)).toBe(before);
    await watch(ada, 'grace');
    await watch(grace, 'ada');
    const eventsBefore = await grace.page.evaluate(() => globalThis.happened.length);

    await move(roomId, before);

    for (const page of [ada, grace]) await page.waitFor('connected', ({ migrated }) => migrated === true);
    for (const page of [ada, grace]) expect(await nodeOf(page)).not.toBe(before);
    // Places of the connection before keep their order. Who went first has all of them: who goes right after may come
    // when the other's session before has just gone, and then its new streams have new places.
    const lines = await Promise.all([ada, grace].map(receivingLines));
    const keptPlaces = lines.map(([earlier = [], later = []]) => {
      const kept = later.filter((line) => earlier.includes(line));
      expect(earlier.filter((line) => kept.includes(line))).toEqual(kept);
      return kept.slice(0, 2).map((line) => line.split(' ')[1]);
    });
    expect(keptPlaces).toContainEqual(['0', '1']);
    // The session before ends with what it carried.
    await eventually(async () => {
      const { live } = await fleet.operator<{ live: { nodeId: string }[] }>(`/v1/rooms/${roomId}`);
      return live.every(({ nodeId }) => nodeId !== before);
    });
    await ada.seesMoving('grace');
    await grace.seesMoving('ada');
    await ada.hears('grace');
    await grace.hears('ada');
    for (const page of [ada, grace]) {
      const { frames, longestGapMs, isSameStream } = await page.page.evaluate(() => {
        const { stream, ...seen } = globalThis.watched;
        // A new stream would begin with a black picture.
        return { ...seen, isSameStream: document.querySelector('video')?.srcObject === stream };
      });
      expect(isSameStream).toBe(true);
      expect(frames).toBeGreaterThan(30);
      // The bound of a hang; the benchmark measures.
      expect(longestGapMs).toBeLessThan(3_000);
      expect(page.errors).toEqual([]);
    }
    const events = await grace.page.evaluate((from) => globalThis.happened.slice(from), eventsBefore);
    const told = new Set(events.map(({ event }) => event));
    for (const event of [
      'peerLeft',
      'peerJoined',
      'trackAdded',
      'trackRemoved',
      'connectionStateChanged',
      'warning',
    ]) {
      expect(told).not.toContain(event);
    }
  });

  test('mutes, pauses, layers, pins, a screen share and data go along', async () => {
    const { roomId, ada, grace } = await adaAndGrace();
    const before = await nodeOf(ada);
    await ada.page.evaluate(async () => {
      const { client } = globalThis;
      const { microphone } = client;
      if (microphone) await client.mute(microphone);
      const canvas = document.createElement('canvas');
      const context = canvas.getContext('2d');
      setInterval(() => context?.fillRect(Math.random() * 200, 0, 20, 20), 50);
      const [picture] = canvas.captureStream(10).getVideoTracks();
      if (picture) await client.publishTrack(picture, { source: 'screen' });
      await client.pin('grace');
      const channel = await client.openDataChannel({ label: 'counter' });
      let count = 0;
      setInterval(() => {
        channel.send(String(count));
        count += 1;
      }, 20);
    });
    await grace.seesMoving('ada', 'screen', 3);
    await grace.waitFor('data');
    await ada.page.evaluate(() => globalThis.client.peer('grace')?.track('microphone')?.pause());
    await grace.style('ada', 'display:block;width:160px;height:90px');
    await eventually(async () => (await grace.received('ada', 'camera'))?.spatialLayer === 0);
    const tracks = await grace.page.evaluate(() => {
      globalThis.kept = globalThis.client.peers.flatMap((peer) => peer.tracks);
      return globalThis.kept.length;
    });
    expect(tracks).toBe(3);

    await move(roomId, before);
    for (const page of [ada, grace]) await page.waitFor('connected', ({ migrated }) => migrated === true);
    await eventually(async () => {
      const { live } = await fleet.operator<{ live: { nodeId: string }[] }>(`/v1/rooms/${roomId}`);
      return live.every(({ nodeId }) => nodeId !== before);
    });

    await grace.seesMoving('ada', 'screen', 3);
    await grace.seesMoving('ada');
    expect(await grace.received('ada', 'microphone')).toMatchObject({ muted: true });
    expect(await ada.received('grace', 'microphone')).toMatchObject({ paused: true });
    await eventually(async () => (await grace.received('ada', 'camera'))?.spatialLayer === 0);
    const sameTracks = await grace.page.evaluate(() => {
      const now = globalThis.client.peers.flatMap((peer) => peer.tracks);
      return now.length === globalThis.kept.length && globalThis.kept.every((track) => now.includes(track));
    });
    expect(sameTracks).toBe(true);
    expect(await ada.page.evaluate(() => globalThis.client.pinnedPeers)).toEqual(['grace']);
    // Each message came once, in order, from the first one on that it heard, and they go on.
    const count = async () => (await grace.happened('data')).length;
    const afterMigration = await count();
    await eventually(async () => (await count()) > afterMigration + 50);
    const numbers = (await grace.happened('data')).map(({ data }) => Number(data));
    expect(numbers.length).toBeGreaterThan(100);
    expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
    expect([...ada.errors, ...grace.errors]).toEqual([]);
  });

  test('a client whose media does not reach the other node stays, and goes when it does', async () => {
    const { roomId, ada, grace } = await adaAndGrace();
    const before = await nodeOf(ada);
    await ada.page.evaluate(() => {
      globalThis.blocked = true;
      globalThis.gaveUp = 0;
      globalThis.RTCPeerConnection = class extends RTCPeerConnection {
        override setRemoteDescription({ type, sdp = '' }: RTCSessionDescriptionInit): Promise<void> {
          const cut = sdp.replace(/^(a=candidate:.*) \d+ typ/gm, '$1 9 typ');
          return super.setRemoteDescription({ type, sdp: globalThis.blocked ? cut : sdp });
        }

        override close(): void {
          if (this.remoteDescription?.sdp.includes(' 9 typ')) globalThis.gaveUp += 1;
          super.close();
        }
      };
    });
    await watch(grace, 'ada');
    await move(roomId, before);
    // Grace goes; Ada tries.
    await grace.waitFor('connected', ({ migrated }) => migrated === true);
    await eventually(() => ada.page.evaluate(() => globalThis.gaveUp > 0));
    expect(await nodeOf(ada)).toBe(before);
    await grace.seesMoving('ada');
    await ada.seesMoving('grace');

    await ada.page.evaluate(() => {
      globalThis.blocked = false;
    });
    await ada.waitFor('connected', ({ migrated }) => migrated === true);
    expect(await nodeOf(ada)).toBe(await nodeOf(grace));
    await grace.seesMoving('ada');
    await ada.seesMoving('grace');
    const longestGapMs = await grace.page.evaluate(() => globalThis.watched.longestGapMs);
    expect(longestGapMs).toBeLessThan(3_000);
    for (const page of [ada, grace]) {
      expect(await page.happened('peerLeft')).toEqual([]);
      expect(await page.happened('reconnecting')).toEqual([]);
    }
  });
});

declare global {
  var blocked: boolean;
  var gaveUp: number;
  var kept: RemoteTrack[];
  var connections: RTCPeerConnection[];
  var watched: { frames: number; longestGapMs: number; lastAtMs: number; stream: unknown };
}
