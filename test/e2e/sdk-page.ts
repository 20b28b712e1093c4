import type { Browser, BrowserContext, Page } from 'playwright-core';
import { openPage } from '../helpers/browser';
import { eventually } from '../helpers/eventually';
import type { SdkSite } from './sdk-site';
import type * as Sdk from '../../web/sdk';
import type { FleetClient, FleetClientOptions, TrackSource } from '../../web/sdk';

/** What the SDK's script tag puts into a page, and what these tests add. */
declare global {
  var MediasoupFleet: typeof Sdk;
  var client: FleetClient;
  /** Every event of the client, in order. */
  var happened: { event: string; detail: Record<string, unknown> }[];
}

const EVENTS = [
  'connectionStateChanged',
  'connected',
  'reconnecting',
  'failed',
  'warning',
  'peerJoined',
  'peerLeft',
  'peerChanged',
  'trackAdded',
  'trackRemoved',
  'localTrackAdded',
  'localTrackRemoved',
  'activeSpeaker',
  'message',
  'data',
] as const;

export interface ReceivedTrack {
  frames: number;
  muted: boolean;
  paused: boolean;
  spatialLayer: number | undefined;
  height: number | undefined;
  bitrateBps: number;
}

/** A person in an application of our own, see {@link SdkSite}. */
export class SdkPage {
  /** Methods of its requests to the server, latest last. */
  readonly requests: string[] = [];
  /** The spatial layers that it asked the server for, latest last. */
  readonly askedLayers: number[] = [];

  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
    readonly errors: string[],
  ) {
    page.on('websocket', (socket) => {
      socket.on('framesent', ({ payload }) => {
        const { request, method, data } = JSON.parse(String(payload)) as {
          request?: boolean;
          method?: string;
          data?: { spatialLayer?: number };
        };
        if (request && method !== undefined) this.requests.push(method);
        if (method === 'setConsumerPreferredLayers') this.askedLayers.push(data?.spatialLayer ?? -1);
      });
    });
  }

  /** Makes a client; the test joins. */
  static async open(browser: Browser, site: SdkSite, options: FleetClientOptions): Promise<SdkPage> {
    const { context, page, errors } = await openPage(browser, site.url);
    const person = new SdkPage(context, page, errors);
    await page.evaluate(
      ({ given, events }) => {
        globalThis.happened = [];
        globalThis.client = new MediasoupFleet.FleetClient({
          ...given,
          logger: { debug: console.debug, warn: console.warn },
        });
        globalThis.client.on('trackAdded', ({ track }) => {
          if (track.kind === 'audio') track.attach(document.createElement('audio'));
        });
        for (const event of events) {
          globalThis.client.on(event, (payload) => {
            const entries = Object.entries(payload).map(([name, value]: [string, unknown]) => {
              if (value instanceof Error) return [name, { code: (value as { code?: unknown }).code }];
              const { peerId, source, text } = (value ?? {}) as Record<string, unknown>;
              return [name, typeof value === 'object' ? { peerId, source, text } : value];
            });
            const detail = Object.fromEntries(entries) as Record<string, unknown>;
            globalThis.happened.push({ event, detail });
          });
        }
      },
      { given: options, events: EVENTS },
    );
    return person;
  }

  join(): Promise<void> {
    return this.page.evaluate(() => globalThis.client.join());
  }

  /** From now on the server doesn't tell what the token allows, as before it did: only its refusals do. */
  async forgetGrants(): Promise<void> {
    await this.page.evaluate(() => {
      globalThis.WebSocket = class extends WebSocket {
        override addEventListener(type: string, listener: (event: Event) => void): void {
          super.addEventListener(type, (event) => {
            if (!(event instanceof MessageEvent) || !String(event.data).includes('"sessionOpened"')) {
              listener(event);
              return;
            }
            const message = JSON.parse(String(event.data)) as { data: { grants?: unknown } };
            delete message.data.grants;
            listener(new MessageEvent('message', { data: JSON.stringify(message) }));
          });
        }
      };
    });
  }

  /** Joins and publishes a camera, a microphone. */
  async joinTalking(): Promise<void> {
    await this.page.evaluate(async () => {
      await globalThis.client.join();
      await Promise.all([globalThis.client.enableCamera(), globalThis.client.enableMicrophone()]);
    });
  }

  happened(event: string): Promise<Record<string, unknown>[]> {
    return this.page.evaluate(
      (name) => globalThis.happened.filter((entry) => entry.event === name).map((entry) => entry.detail),
      event,
    );
  }

  async waitFor(event: string, matches: (detail: Record<string, unknown>) => boolean = () => true) {
    return eventually(async () => (await this.happened(event)).find(matches));
  }

  /** What the WebRTC statistics and the SDK say of a track of another peer; undefined while there is none. */
  received(peerId: string, source: TrackSource): Promise<ReceivedTrack | undefined> {
    return this.page.evaluate(
      async ([from, of]) => {
        const track = globalThis.client.peer(from)?.track(of);
        if (!track) return undefined;
        const stats = (await globalThis.client.getStats()).tracks.find(
          (entry) => entry.direction === 'receive' && entry.peerId === from && entry.source === of,
        );
        return {
          frames: stats?.frames ?? 0,
          muted: track.muted,
          paused: track.paused,
          spatialLayer: track.currentLayers?.spatialLayer,
          height: stats?.frameHeight,
          bitrateBps: stats?.bitrateBps ?? 0,
        };
      },
      [peerId, source] as const,
    );
  }

  /** The layers of the camera that are sent, over a time of `ms`. */
  sentLayers(ms = 1_000): Promise<number[]> {
    return this.page.evaluate(async (waitMs) => {
      const bytesByRid = async () => {
        const report = await globalThis.client.camera?.senderStats();
        const bytes: [string, number][] = [];
        report?.forEach((stats: { type: string; rid?: string; bytesSent?: number }) => {
          if (stats.type === 'outbound-rtp') bytes.push([stats.rid ?? '', stats.bytesSent ?? 0]);
        });
        return bytes.sort(([a], [b]) => (a < b ? -1 : 1));
      };
      const before = new Map(await bytesByRid());
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      const after = await bytesByRid();
      return after.flatMap(([rid, bytes], layer) => (bytes > (before.get(rid) ?? 0) ? [layer] : []));
    }, ms);
  }

  /** Waits until `count` further frames of the peer's source are decoded. */
  async seesMoving(peerId: string, source: TrackSource = 'camera', count = 10): Promise<void> {
    let first: number | undefined;
    await eventually(async () => {
      const frames = (await this.received(peerId, source))?.frames;
      if (frames === undefined) return false;
      first ??= frames;
      return frames >= first + count;
    });
  }

  /** Waits until sound of the peer is heard. */
  async hears(peerId: string): Promise<void> {
    await eventually(() =>
      this.page.evaluate(
        (from) => (globalThis.client.peer(from)?.track('microphone')?.audioLevel ?? 0) > 0.01,
        peerId,
      ),
    );
  }

  /** Shows a peer's camera in a `<video>` of this size, and gives its test id. */
  async show(peerId: string, size: { width: number; height: number }): Promise<void> {
    await this.page.evaluate(
      ({ from, width, height }) => {
        const video = document.createElement('video');
        video.muted = true;
        video.id = `video-${from}`;
        video.style.cssText = `display:block;width:${width}px;height:${height}px`;
        document.body.append(video);
        globalThis.client.peer(from)?.track('camera')?.attach(video);
      },
      { from: peerId, ...size },
    );
  }

  style(peerId: string, css: string): Promise<void> {
    return this.page.evaluate(
      ([from, text]) => {
        const video = document.getElementById(`video-${from}`);
        if (video) video.style.cssText = text;
      },
      [peerId, css] as const,
    );
  }

  close(): Promise<void> {
    return this.context.close();
  }
}
