import type { Browser, BrowserContext, Page } from 'playwright-core';
import { openPage } from '../../helpers/browser';

/** Of what a page sends: pictures with their number in black and white bars, and a tone that rises by 1 Hz a millisecond. */
export const FRAME_MS = 1_000 / 20;

/** What a page showed and played of one other, in the seconds around each move if there was one. Milliseconds. */
export interface Shown {
  /** The most that the numbers of two pictures shown one after the other lacked. */
  videoGapMs: number;
  /** The most of the tone that was left out. */
  audioGapMs: number;
  /** The longest time without a new picture, less one picture's. */
  freezeMs: number;
  /** The longest time with a picture smaller than at the beginning. */
  smallerMs: number;
  pictures: number;
}

/** Runs in the page, where there are types of a browser and not of Node: plain text, therefore. */
const CODE = `globalThis.coded = (() => {
  const BITS = 16;
  const SAMPLE_RATE = 48000;
  const [LOWEST_HZ, TONE_MS] = [500, 2000];
  const AROUND_MS = 4000;

  function camera() {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [480, 270];
    const context = canvas.getContext('2d');
    const [track] = canvas.captureStream(0).getVideoTracks();
    let number = 0;
    setInterval(() => {
      number += 1;
      // One bar changes from a picture to the next, so that a blurred one is off by one at most.
      const gray = number ^ (number >> 1);
      context.fillStyle = 'hsl(' + (number * 7) % 360 + ' 60% 50%)';
      context.fillRect(0, 0, canvas.width, canvas.height);
      for (let bit = 0; bit < BITS; bit += 1) {
        context.fillStyle = (gray >> bit) & 1 ? '#fff' : '#000';
        context.fillRect(bit * 30, 0, 30, 60);
      }
      track.requestFrame();
    }, ${FRAME_MS});
    return track;
  }

  // One for all of the page, woken as seldom as may be: each costs a tenth of a core otherwise.
  const audio = new AudioContext({ sampleRate: SAMPLE_RATE, latencyHint: 'playback' });

  function microphone() {
    const tone = audio.createBuffer(1, (SAMPLE_RATE * TONE_MS) / 1000, SAMPLE_RATE);
    const samples = tone.getChannelData(0);
    for (let at = 0; at < samples.length; at += 1) {
      const seconds = at / SAMPLE_RATE;
      samples[at] = 0.3 * Math.sin(2 * Math.PI * (LOWEST_HZ * seconds + 500 * seconds ** 2));
    }
    const source = new AudioBufferSourceNode(audio, { buffer: tone, loop: true });
    const destination = audio.createMediaStreamDestination();
    source.connect(destination);
    source.start();
    return destination.stream.getAudioTracks()[0];
  }

  // For each 20 ms: whether there is sound, and where in the tone it is, in milliseconds, when that is clear.
  const LISTENER = 'registerProcessor("listener", class extends AudioWorkletProcessor {' +
    'constructor() { super(); this.clear(); this.last = 0; }' +
    'clear() { this.count = 0; this.peak = 0; this.crossings = []; }' +
    'process([[samples]]) {' +
    '  for (let at = 0; at < 128; at += 1) {' +
    '    const value = samples?.[at] ?? 0;' +
    '    if (this.last < 0 && value >= 0) this.crossings.push(this.count - value / (value - this.last));' +
    '    this.last = value; this.peak = Math.max(this.peak, value); this.count += 1;' +
    '    if (this.count < ' + SAMPLE_RATE / 50 + ') continue;' +
    '    const periods = this.crossings.slice(1).map((one, index) => one - this.crossings[index]);' +
    '    const isClear = periods.length > 3 && Math.max(...periods) < 1.2 * Math.min(...periods);' +
    '    const hertz = periods.length * ' + SAMPLE_RATE + ' / (this.crossings.at(-1) - this.crossings[0]);' +
    '    this.port.postMessage({ sounds: this.peak > 0.02, atMs: isClear ? hertz - ' + LOWEST_HZ + ' : undefined });' +
    '    this.clear();' +
    '  }' +
    '  return true;' +
    '} });';

  function sees(video) {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [BITS * 10, 20];
    const context = canvas.getContext('2d', { willReadFrequently: true });
    return () => {
      const { videoWidth, videoHeight } = video;
      context.drawImage(video, 0, 0, videoWidth, (videoHeight * 60) / 270, 0, 0, canvas.width, canvas.height);
      let gray = 0;
      for (let bit = 0; bit < BITS; bit += 1) {
        if (context.getImageData(bit * 10 + 5, 10, 1, 1).data[0] > 127) gray |= 1 << bit;
      }
      let number = 0;
      for (; gray; gray >>= 1) number ^= gray;
      return number;
    };
  }

  const watched = new Map();

  async function watch(client, peerId) {
    const [video, sound] = [document.createElement('video'), document.createElement('audio')];
    video.muted = true;
    video.style.cssText = 'display:block;width:480px;height:270px';
    document.body.append(video);
    const seen = { pictures: [], sounds: [] };
    watched.set(peerId, seen);
    const read = sees(video);
    const onPicture = (now) => {
      const consumerId = client.peer(peerId)?.track('camera')?.consumerId;
      seen.pictures.push({ atMs: now, number: read(), height: video.videoHeight, consumerId });
      video.requestVideoFrameCallback(onPicture);
    };
    video.requestVideoFrameCallback(onPicture);

    await audio.audioWorklet.addModule(URL.createObjectURL(new Blob([LISTENER], { type: 'text/javascript' })));
    const listener = new AudioWorkletNode(audio, 'listener');
    listener.port.onmessage = ({ data }) => seen.sounds.push({ ...data, nowMs: performance.now() });
    listener.connect(audio.destination);
    let source;
    setInterval(() => {
      for (const [element, name] of [[video, 'camera'], [sound, 'microphone']]) {
        const track = client.peer(peerId)?.track(name);
        if (track && element.attachedTo !== track) {
          element.attachedTo = track;
          track.attach(element);
        }
      }
      const played = sound.srcObject?.getAudioTracks()[0];
      if (played && played !== source?.mediaStream.getAudioTracks()[0]) {
        source?.disconnect();
        source = audio.createMediaStreamSource(new MediaStream([played]));
        source.connect(listener);
      }
    }, 5);
  }

  /** Around each time at which it came by another consumer; always, when it never did. */
  function isNearMove(pictures) {
    const moves = pictures.filter(({ consumerId }, index) => index > 0 && consumerId !== pictures[index - 1].consumerId);
    return (atMs) => moves.length === 0 || moves.some((move) => Math.abs(move.atMs - atMs) < AROUND_MS);
  }

  function audioGap(sounds, counts) {
    let [longest, before, since] = [0, undefined, 0];
    for (const { sounds: isSound, atMs, nowMs } of sounds) {
      if (isSound) since += 20;
      if (!isSound || atMs === undefined) continue;
      if (before !== undefined) {
        const passed = (atMs - before + 1.5 * TONE_MS) % TONE_MS - 0.5 * TONE_MS;
        if (counts(nowMs)) longest = Math.max(longest, passed - since);
      }
      [before, since] = [atMs, 0];
    }
    return longest;
  }

  function shown(peerId) {
    const { pictures, sounds } = watched.get(peerId);
    const [first] = pictures;
    const counts = isNearMove(pictures);
    let [lacking, freezeMs, smallerMs, smallerSinceMs] = [0, 0, 0, undefined];
    pictures.forEach(({ atMs, number, height }, index) => {
      if (height >= first.height) smallerSinceMs = undefined;
      else smallerMs = Math.max(smallerMs, atMs - (smallerSinceMs ??= atMs));
      const before = pictures[index - 1];
      if (before === undefined || !counts(atMs)) return;
      lacking = Math.max(lacking, number - before.number - 1);
      freezeMs = Math.max(freezeMs, atMs - before.atMs - ${FRAME_MS});
    });
    return {
      videoGapMs: lacking * ${FRAME_MS},
      audioGapMs: audioGap(sounds, counts),
      freezeMs,
      smallerMs,
      pictures: pictures.length,
    };
  }

  let drops = 0;

  return {
    camera,
    microphone,
    watch,
    begin: () => {
      for (const seen of watched.values()) for (const list of Object.values(seen)) list.length = 0;
    },
    shown: () => [...watched.keys()].map(shown),
    countDrops: (client) => {
      for (const event of ['reconnecting', 'failed', 'peerLeft', 'trackRemoved']) client.on(event, () => (drops += 1));
    },
    drops: () => drops,
    forgetMigration: () => {
      globalThis.WebSocket = class extends WebSocket {
        constructor(url, protocols) {
          const without = new URL(url);
          without.searchParams.delete('migrate');
          super(without, protocols);
        }
      };
    },
  };
})()`;

export interface CodedPageOptions {
  /** Of the fleet. */
  url: string;
  token: string;
  roomId: string;
  peerId: string;
  /** False: as a client of before there was migration. */
  migrates: boolean;
}

/** No larger than the picture: drawing what nobody looks at costs as much as encoding. */
const VIEWPORT = { width: 480, height: 270 };

/** A person in a browser whose camera and microphone are coded, and who keeps account of the others' ones. */
export class CodedPage {
  private constructor(
    private readonly context: BrowserContext,
    private readonly page: Page,
  ) {}

  /** Joins and sends. */
  static async open(
    browser: Browser,
    siteUrl: string,
    { migrates, ...options }: CodedPageOptions,
  ): Promise<CodedPage> {
    const { context, page } = await openPage(browser, siteUrl, { viewport: VIEWPORT });
    await page.evaluate(CODE);
    await page.evaluate(`(async () => {
      if (!${migrates}) coded.forgetMigration();
      globalThis.client = new MediasoupFleet.FleetClient(${JSON.stringify(options)});
      coded.countDrops(client);
      await client.join();
      await client.publishTrack(coded.camera(), { source: 'camera' });
      await client.publishTrack(coded.microphone(), { source: 'microphone' });
    })()`);
    return new CodedPage(context, page);
  }

  /** Shows and plays what that one sends. */
  async watch(peerId: string): Promise<void> {
    await this.page.evaluate(`coded.watch(client, ${JSON.stringify(peerId)})`);
  }

  /** Forgets what was shown and played until now. */
  async begin(): Promise<void> {
    await this.page.evaluate('coded.begin()');
  }

  /** What was shown and played since, of each of the others. */
  async shown(): Promise<Shown[]> {
    return this.page.evaluate<Shown[]>('coded.shown()');
  }

  /** Times that it lost its connection, somebody else, or something of somebody else, until now. */
  async drops(): Promise<number> {
    return this.page.evaluate<number>('coded.drops()');
  }

  /** Leaves, as by closing the tab. */
  async close(): Promise<void> {
    await this.context.close();
  }
}
