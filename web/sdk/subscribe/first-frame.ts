import type { Clock } from '../../../core/protocol/for-browsers';

/**
 * Resolves once the browser has decoded a picture of `track`, or sound of it arrives; at the latest after `patienceMs`.
 * The picture is decoded where nobody sees it.
 */
export function firstFrame(track: MediaStreamTrack, clock: Clock, patienceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const video = track.kind === 'video' ? document.createElement('video') : undefined;
    const done = () => {
      timer.cancel();
      track.removeEventListener('unmute', done);
      if (video) video.srcObject = null;
      resolve();
    };
    const timer = clock.setTimer(patienceMs, done);
    if (video && 'requestVideoFrameCallback' in video) {
      video.muted = true;
      video.playsInline = true;
      video.srcObject = new MediaStream([track]);
      video.requestVideoFrameCallback(done);
      video.play().catch(() => undefined);
      return;
    }
    // A receiver's track is `muted` until its first packets (WebRTC 1.0 §5.3).
    if (track.muted) track.addEventListener('unmute', done);
    else done();
  });
}
