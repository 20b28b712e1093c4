import { element } from './dom';
import { canChooseSpeaker } from './device-list';
import type { Showable } from './tile';

/** Plays everybody's sound on the chosen device. */
export class AudioOutlet {
  /** Holds the audio elements; nothing in it is visible. */
  readonly root = element('div', { hidden: true });
  readonly #players = new Map<Showable, { audio: HTMLAudioElement; detach: () => void }>();
  #speakerId: string | undefined;

  /** `speakerId`: where it comes out; the browser's default if undefined. */
  constructor(options: { speakerId: string | undefined }) {
    this.#speakerId = options.speakerId;
  }

  get speakerId(): string | undefined {
    return this.#speakerId;
  }

  /** Plays a track until `remove()`. The same track again changes nothing. */
  add(track: Showable): void {
    if (this.#players.has(track)) return;
    const audio = element('audio', { autoplay: true, 'data-testid': 'peer-audio' });
    this.root.append(audio);
    this.#useSpeaker(audio);
    this.#players.set(track, { audio, detach: track.attach(audio) });
  }

  remove(track: Showable): void {
    const player = this.#players.get(track);
    this.#players.delete(track);
    player?.detach();
    player?.audio.remove();
  }

  setSpeaker(deviceId: string): void {
    this.#speakerId = deviceId;
    for (const { audio } of this.#players.values()) this.#useSpeaker(audio);
  }

  /**
   * To be called from a click or key press, which browsers want before they play sound: plays what was held back.
   * Gives false when some of it still doesn't play.
   */
  async unblock(): Promise<boolean> {
    const held = [...this.#players.values()].map(({ audio }) => audio).filter((audio) => audio.paused);
    // What it rejects with doesn't matter: whether it plays is read from the element.
    await Promise.all(held.map((audio) => audio.play().catch(() => undefined)));
    return held.every((audio) => !audio.paused);
  }

  /** Idempotent. */
  close(): void {
    for (const track of [...this.#players.keys()]) this.remove(track);
  }

  #useSpeaker(audio: HTMLAudioElement): void {
    if (this.#speakerId === undefined || !canChooseSpeaker()) return;
    // A speaker that was unplugged leaves the sound on the default one.
    audio.setSinkId(this.#speakerId).catch(() => undefined);
  }
}
