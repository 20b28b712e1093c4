import { element } from './dom';
import { canChooseSpeaker } from './device-list';
import type { Showable } from './tile';

/** Plays everybody's sound, on the chosen device, and notices when the browser holds it back. */
export class AudioOutlet {
  /** Holds the audio elements; nothing in it is visible. */
  readonly root = element('div', { hidden: true });
  readonly #players = new Map<Showable, { audio: HTMLAudioElement; detach: () => void }>();
  readonly #onBlocked: (blocked: boolean) => void;
  #speakerId: string | undefined;

  /** `onBlocked`: the browser wants a click or key press before it plays (true), or plays now (false). */
  constructor(options: { speakerId: string | undefined; onBlocked: (blocked: boolean) => void }) {
    this.#speakerId = options.speakerId;
    this.#onBlocked = options.onBlocked;
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
    void this.#play(audio);
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

  /** To be called from a click or key press: plays what was held back. */
  async unblock(): Promise<void> {
    const held = [...this.#players.values()].filter(({ audio }) => audio.paused);
    await Promise.all(held.map(({ audio }) => this.#play(audio)));
    this.#onBlocked([...this.#players.values()].some(({ audio }) => audio.paused));
  }

  /** Idempotent. */
  close(): void {
    for (const track of [...this.#players.keys()]) this.remove(track);
  }

  async #play(audio: HTMLAudioElement): Promise<void> {
    try {
      await audio.play();
    } catch (error) {
      // Any other failure (the element was taken away meanwhile) mends itself.
      if (error instanceof DOMException && error.name === 'NotAllowedError') this.#onBlocked(true);
    }
  }

  #useSpeaker(audio: HTMLAudioElement): void {
    if (this.#speakerId === undefined || !canChooseSpeaker()) return;
    // A speaker that was unplugged leaves the sound on the default one.
    audio.setSinkId(this.#speakerId).catch(() => undefined);
  }
}
