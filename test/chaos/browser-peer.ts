import type { Browser, Page } from 'playwright-core';
import { systemClock } from '../../local/fleet-runner/system-clock';
import type { PeerSpec, PeerState } from '../../local/load/load-settings';
import { SdkSite } from '../e2e/sdk-site';
import { launchBrowser, openPage } from '../helpers/browser';
import type { CrowdPeer, CrowdTarget } from './crowd-peer';

/** What a page says of itself, several times a second. */
interface Report {
  /** A connection state of the SDK. */
  state: string;
  /** Milliseconds since the newest picture or packet, by `peerId kind`. */
  ages: Record<string, number>;
}

const REPORT_EVERY_MS = 100;
/** All that is shown is drawn in software, several times per picture of each of the others: as little as that. */
const VIEWPORT = { width: 200, height: 120 };

/** What their ids begin with: the pictures of others can't be decoded, and only their packets are counted. */
export const BROWSER_ID = 'browser-';

/** Runs in the page, where there are types of a browser and not of Node: plain text, therefore. */
const CODE = `globalThis.attend = async (options, publishes) => {
  const client = globalThis.client = new MediasoupFleet.FleetClient(options);
  const elements = new Map();
  client.on('trackAdded', ({ track }) => {
    // Sound comes and is counted; to play it would cost more than everything else together.
    if (track.kind === 'audio') return;
    const element = document.createElement('video');
    element.muted = true;
    element.style.cssText = 'width:64px;height:36px';
    document.body.append(element);
    track.attach(element);
    elements.set(track, element);
  });
  client.on('trackRemoved', ({ track }) => {
    elements.get(track)?.remove();
    elements.delete(track);
  });

  const frames = new Map();
  const lastMs = new Map();
  const look = async () => {
    const { tracks } = await client.getStats();
    const nowMs = performance.now();
    for (const track of tracks) {
      if (track.direction !== 'receive') continue;
      const key = track.peerId + ' ' + track.kind;
      const isPicture = track.kind === 'video' && track.peerId.startsWith('${BROWSER_ID}');
      const isNew = isPicture ? track.frames > 0 && track.frames !== frames.get(key) : track.bitrateBps > 0;
      frames.set(key, track.frames);
      if (isNew) lastMs.set(key, nowMs);
    }
    const ages = Object.fromEntries([...lastMs].map(([key, atMs]) => [key, nowMs - atMs]));
    await report({ state: client.connectionState, ages });
  };
  const again = () => setTimeout(() => look().catch(() => undefined).finally(again), ${REPORT_EVERY_MS});
  again();

  await client.join();
  if (!publishes) return;
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [320, 180];
  const context = canvas.getContext('2d');
  let count = 0;
  setInterval(() => {
    count += 1;
    context.fillStyle = 'hsl(' + (count * 7) % 360 + ' 60% 50%)';
    context.fillRect(0, 0, canvas.width, canvas.height);
  }, 100);
  const audio = new AudioContext({ latencyHint: 'playback' });
  const destination = audio.createMediaStreamDestination();
  const tone = audio.createOscillator();
  tone.connect(destination);
  tone.start();
  const [camera] = canvas.captureStream(10).getVideoTracks();
  await client.publishTrack(camera, { source: 'camera', maxBitrateBps: 300000 });
  await client.publishTrack(destination.stream.getAudioTracks()[0], { source: 'microphone' });
}`;

/** Browsers for a crowd: one Chromium, and a web site that isn't the fleet's own. */
export class BrowserPeers {
  private constructor(
    private readonly site: SdkSite,
    private readonly browser: Browser,
  ) {}

  static async start(): Promise<BrowserPeers> {
    return new BrowserPeers(await SdkSite.start(), await launchBrowser());
  }

  /** A person in a browser, who is on the way in. */
  enter(spec: PeerSpec, target: CrowdTarget): BrowserPeer {
    return new BrowserPeer(spec, target, () => openPage(this.browser, this.site.url, { viewport: VIEWPORT }));
  }

  /** Whoever is still there goes without a word. Idempotent. */
  async close(): Promise<void> {
    await this.browser.close();
    await this.site.close();
  }
}

/** Somebody with the SDK in Chromium, who shows and plays whatever the others in the room send. */
export class BrowserPeer implements CrowdPeer {
  #state: PeerState = 'entering';
  #heardAtMs = new Map<string, number>();
  readonly #page: Promise<Page | undefined>;

  constructor(
    readonly spec: PeerSpec,
    target: CrowdTarget,
    open: () => ReturnType<typeof openPage>,
  ) {
    this.#page = this.#enter(target, open).catch(() => {
      this.#lose();
      return undefined;
    });
  }

  get state(): PeerState {
    return this.#state;
  }

  lastPacketAtMs(peerId: string, kind: 'audio' | 'video'): number | undefined {
    return this.#heardAtMs.get(`${peerId} ${kind}`);
  }

  /** Leaves the room, so that the server knows. Idempotent. */
  async leave(): Promise<void> {
    if (this.#state === 'left') return;
    this.#state = this.#state === 'in' || this.#state === 'entering' ? 'left' : 'dropped';
    const page = await this.#page;
    await page?.evaluate('client.leave()').catch(() => undefined);
    await page?.context().close();
  }

  async #enter(target: CrowdTarget, open: () => ReturnType<typeof openPage>): Promise<Page> {
    const { page } = await open();
    page.once('crash', () => this.#lose());
    await page.exposeFunction('report', (report: Report) => this.#hear(report));
    await page.evaluate(CODE);
    const { roomId, peerId, publishes } = this.spec;
    // As synthetic peers: somebody who doesn't get in at once tries on.
    const options = { ...target, roomId, peerId, reconnect: { joinAttempts: 1_000 } };
    // Not waited for: getting in may take long, and whoever leaves meanwhile need not get in first.
    void page
      .evaluate(`attend(${JSON.stringify(options)}, ${publishes})`)
      .catch(() => this.#state === 'entering' && this.#lose());
    return page;
  }

  #hear({ state, ages }: Report): void {
    if (this.#state === 'left' || this.#state === 'dropped' || this.#state === 'failed') return;
    const nowMs = systemClock.monotonicMs();
    this.#heardAtMs = new Map(Object.entries(ages).map(([key, ageMs]) => [key, nowMs - ageMs]));
    if (state === 'connected') this.#state = 'in';
    else if (state === 'failed' || state === 'closed') this.#lose();
    else if (this.#state === 'in') this.#state = 'away';
  }

  #lose(): void {
    this.#state = this.#state === 'entering' ? 'failed' : 'dropped';
  }
}
