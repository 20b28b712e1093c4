import { FleetClientError } from '../errors';

/** Plays `track` in place of `earlier`, whose last picture stays until the first of this one is there. */
export function replaceIn(
  element: HTMLMediaElement,
  earlier: MediaStreamTrack,
  track: MediaStreamTrack,
  onBlocked: (error: FleetClientError) => void,
): void {
  const stream = element.srcObject;
  if (!(stream instanceof MediaStream) || !stream.getTracks().includes(earlier)) {
    playIn(element, track, onBlocked);
    return;
  }
  // A new stream would begin with a black picture.
  stream.addTrack(track);
  stream.removeTrack(earlier);
}

/**
 * Plays `track` in `element`. When the browser wants a click first, says so once and starts on the next one.
 */
export function playIn(
  element: HTMLMediaElement,
  track: MediaStreamTrack,
  onBlocked: (error: FleetClientError) => void,
): void {
  element.autoplay = true;
  if (element instanceof HTMLVideoElement) element.playsInline = true;
  const stream = new MediaStream([track]);
  element.srcObject = stream;
  element.play().catch((error: unknown) => {
    // A stream that was replaced in the meantime rejects with AbortError: the next one plays by itself.
    if (!(error instanceof DOMException) || error.name !== 'NotAllowedError') return;
    onBlocked(
      new FleetClientError('PLAYBACK_BLOCKED', 'the browser wants a click before it plays sound', {
        retriable: true,
        cause: error,
      }),
    );
    const retry = () => {
      if (element.srcObject === stream) element.play().catch(() => undefined);
    };
    document.addEventListener('pointerdown', retry, { once: true });
    document.addEventListener('keydown', retry, { once: true });
  });
}
