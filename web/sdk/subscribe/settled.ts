import type { Clock, Timer } from '../../../core/protocol/for-browsers';

/**
 * So long a stream may take to come to its full rate, milliseconds. A camera's begins with the lowest temporal layer, every
 * fourth picture, until the encoder's pattern of eight pictures comes to where the others may join; and a jitter buffer begins
 * without what has been sent already.
 */
const SETTLE_MS = { video: 1_000, audio: 500 } as const;
/** So many pictures in a row, each so soon after the one before, are the full rate already, milliseconds. */
const FULL_RATE = { pictures: 4, atMostMs: 50 } as const;

/**
 * Resolves once `track` comes as it will go on: pictures are decoded where nobody sees them, sound has arrived for a
 * moment. At the latest after `patienceMs`.
 */
export function settled(track: MediaStreamTrack, clock: Clock, patienceMs: number): Promise<void> {
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
      countPictures(video, track, { begun, done });
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
  on: { begun: () => void; done: () => void },
): void {
  let [inARow, beforeMs] = [0, Number.NaN];
  const onPicture = (atMs: number) => {
    if (Number.isNaN(beforeMs)) on.begun();
    inARow = atMs - beforeMs <= FULL_RATE.atMostMs ? inARow + 1 : 0;
    beforeMs = atMs;
    if (inARow >= FULL_RATE.pictures) on.done();
    else video.requestVideoFrameCallback(onPicture);
  };
  video.muted = true;
  video.playsInline = true;
  video.srcObject = new MediaStream([track]);
  video.requestVideoFrameCallback(onPicture);
  video.play().catch(() => undefined);
}
