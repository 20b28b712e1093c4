import type { types } from 'mediasoup-client';
import type { Clock } from '../../../core/protocol/for-browsers';
import { PlayoutDelay } from './playout-delay';
import { ReceptionReader } from './reception-reader';
import { settled } from './settled';

/** What was received before is played until the new stream has settled, at most this long, milliseconds. */
const PATIENCE_MS = 5_000;
/** How often it is looked how late the earlier stream is, milliseconds. */
const READ_EVERY_MS = 300;
/** Of a camera whose rate is not known yet, milliseconds. */
const PICTURE_MS = 1_000 / 30;

/**
 * Resolves once `later` can take the place of `earlier` and nothing is left out: it comes at its full rate, and plays
 * what both receive a little later than `earlier` does.
 */
export async function readyToFollow(
  later: types.Consumer,
  earlier: types.Consumer,
  clock: Clock,
): Promise<void> {
  const reader = new ReceptionReader(earlier.rtpReceiver);
  const delay = new PlayoutDelay(later.rtpReceiver, clock);
  // A connection that is closing need not answer.
  const first = await Promise.race([reader.read(), pause(READ_EVERY_MS, clock)]);
  if (first) delay.follow(first);
  let isReady = false;
  const readAgain = async () => {
    if (isReady) return;
    delay.follow(await reader.read());
    clock.setTimer(READ_EVERY_MS, () => void readAgain());
  };
  clock.setTimer(READ_EVERY_MS, () => void readAgain());
  await settled(later.track, { clock, patienceMs: PATIENCE_MS, pictureMs: first?.pictureMs ?? PICTURE_MS });
  isReady = true;
  delay.letGo();
}

function pause(ms: number, clock: Clock): Promise<void> {
  return new Promise((resolve) => clock.setTimer(ms, resolve));
}
