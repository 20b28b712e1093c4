import type { Clock, Timer } from '../../../core/protocol/for-browsers';

/**
 * So long a stream may take to come to its full rate, milliseconds. A camera's begins with the lowest temporal layer, every
 * fourth picture, until the encoder's pattern of eight pictures comes to where the others may join; and a jitter buffer begins
 * without what has been sent already.
 */
const SETTLE_MS = { video: 2_000, audio: 1_000 } as const;
/** So many pictures in a row, each so soon after the one before, are the full rate already. */
const FULL_RATE = { pictures: 4, slack: 1.5 } as const;

export interface SettledOptions {
  clock: Clock;
  /** Resolves by then whatever comes, milliseconds. */
  patienceMs: number;
  /** From one picture to the next at the full rate, milliseconds. */
  pictureMs: number;
}

/**
 * Resolves once `track` comes as it will go on: pictures are decoded where nobody sees them, sound has arrived for a
 * moment.
 */
export function settled(
  track: MediaStreamTrack,
  { clock, patienceMs, pictureMs }: SettledOptions,
): Promise<void> {
  return new Promise((resolve) => {
    const video = track.kind === 'video' ? document.createElement('video') : undefined;
    const timers: Timer[] = [];
    const after = (ms: number) => timers.push(clock.setTimer(ms, done));
    const begun = () => after(SETTLE_MS[video ? 'video' : 'audio']);
    function done(): void {
      for (const timer of timers) timer.cancel();
      track.removeEventListener('unmute', begun);
      if (video) video.srcObject = null;
      resolve();
    }
    after(patienceMs);
    if (video && 'requestVideoFrameCallback' in video) {
      countPictures(video, track, { atMostMs: FULL_RATE.slack * pictureMs, begun, done });
      return;
    }
    // A receiver's track is `muted` until its first packets (WebRTC 1.0 §5.3).
    if (track.muted) track.addEventListener('unmute', begun, { once: true });
    else begun();
  });
}

function countPictures(
  video: HTMLVideoElement,
  track: MediaStreamTrack,
  { atMostMs, begun, done }: { atMostMs: number; begun: () => void; done: () => void },
): void {
  let [inARow, beforeMs] = [0, Number.NaN];
  const onPicture = (atMs: number) => {
    if (Number.isNaN(beforeMs)) begun();
    inARow = atMs - beforeMs <= atMostMs ? inARow + 1 : 0;
    beforeMs = atMs;
    if (inARow >= FULL_RATE.pictures) done();
    else video.requestVideoFrameCallback(onPicture);
  };
  video.muted = true;
  video.playsInline = true;
  video.srcObject = new MediaStream([track]);
  video.requestVideoFrameCallback(onPicture);
  video.play().catch(() => undefined);
}
