import type { Clock, Timer } from '../../core/clock';
import { electSpeaker, mergeSpeakers } from '../../core/cascade/speaker-rank';
import type { Speaker } from './dialects/dialect';
import { MAX_SPEAKERS, SPEAKERS_INTERVAL_MS, type Speakers, type SpeakersListener } from './speakers';

export interface RoomSpeakersOptions {
  clock: Clock;
  listener: RoomSpeakersListener;
}

export interface RoomSpeakersListener extends SpeakersListener {
  /** Who is heard on this node alone, loudest first, and who of them holds the floor. */
  onHereChanged(speakers: readonly Speaker[], dominantPeerId: string | undefined): void;
}

type SpeakersNow = ReturnType<Speakers['now']>;

/** Who is heard in a room, over all its routers and nodes. With one router it is what that one says. */
export class RoomSpeakers {
  readonly #clock: Clock;
  readonly #listener: RoomSpeakersListener;
  readonly #routers = new Set<Speakers>();
  /** Who is heard on the room's other nodes, by node; the silent ones are left out. */
  readonly #remote = new Map<string, SpeakersNow>();
  /** Who holds the floor, and since when; only among several routers or nodes. */
  #holder: { peerId: string; sinceMs: number } | undefined;
  #toldAtMs = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;

  constructor({ clock, listener }: RoomSpeakersOptions) {
    this.#clock = clock;
    this.#listener = listener;
  }

  add(speakers: Speakers): void {
    this.#routers.add(speakers);
    speakers.listen({
      onSpeaking: (list) => {
        if (this.#alone) this.#listener.onSpeaking(list);
        else this.#tellSoon();
        this.#tellHere();
      },
      onDominantSpeaker: (peerId) => {
        if (this.#alone) this.#listener.onDominantSpeaker(peerId);
        else this.#elect();
        this.#tellHere();
      },
    });
  }

  /** Its router has closed. */
  remove(speakers: Speakers): void {
    this.#routers.delete(speakers);
    this.#tellSoon();
  }

  /** Who is heard on another node of the room, loudest first; nobody: it is silent, or has left. */
  setRemote(nodeId: string, speaking: readonly Speaker[], dominantPeerId: string | undefined): void {
    if (speaking.length > 0) this.#remote.set(nodeId, { speaking, dominantPeerId });
    else if (!this.#remote.delete(nodeId)) return;
    this.#tellSoon();
  }

  /** Who was heard last: loudest first, and who holds the floor among them. */
  now(): { speaking: readonly Speaker[]; dominantPeerId: string | undefined } {
    const [only, ...others] = this.#routers;
    if (only !== undefined && others.length === 0 && this.#remote.size === 0) return only.now();
    return { speaking: this.#merged(), dominantPeerId: this.#holder?.peerId };
  }

  /** Idempotent. */
  close(): void {
    this.#timer?.cancel();
    this.#routers.clear();
    this.#remote.clear();
  }

  get #alone(): boolean {
    return this.#routers.size === 1 && this.#remote.size === 0;
  }

  #merged(): Speaker[] {
    return mergeSpeakers(
      [...this.#here(), ...this.#remote.values()].map(({ speaking }) => speaking),
      MAX_SPEAKERS,
    );
  }

  #here(): SpeakersNow[] {
    return [...this.#routers].map((speakers) => speakers.now());
  }

  #tellHere(): void {
    const here = this.#here();
    const [dominant] = mergeSpeakers([candidatesOf(here)], 1);
    const speaking = mergeSpeakers(
      here.map((router) => router.speaking),
      MAX_SPEAKERS,
    );
    this.#listener.onHereChanged(speaking, dominant?.peerId);
  }

  /** The routers' observers beat at times of their own; clients are told no more often than by one of them. */
  #tellSoon(): void {
    const waitMs = Math.max(0, this.#toldAtMs + SPEAKERS_INTERVAL_MS - this.#clock.monotonicMs());
    this.#timer ??= this.#clock.setTimer(waitMs, () => {
      this.#timer = undefined;
      this.#tell();
    });
  }

  #tell(): void {
    if (this.#routers.size === 0) return;
    this.#toldAtMs = this.#clock.monotonicMs();
    const merged = this.#merged();
    this.#listener.onSpeaking(merged);
    // In silence nobody holds the floor; whoever speaks next is told anew.
    if (merged.length === 0) this.#holder = undefined;
    else this.#elect();
  }

  #elect(): void {
    const nowMs = this.#clock.monotonicMs();
    const candidates = candidatesOf([...this.#here(), ...this.#remote.values()]);
    const holderId = this.#holder?.peerId;
    const heldForMs = nowMs - (this.#holder?.sinceMs ?? nowMs);
    const elected = electSpeaker({ candidates, holderId, heldForMs });
    if (elected === holderId) return;
    this.#holder = elected === undefined ? undefined : { peerId: elected, sinceMs: nowMs };
    if (elected !== undefined) this.#listener.onDominantSpeaker(elected);
  }
}

/** Those who hold the floor in their router or node, and are heard. */
function candidatesOf(places: readonly SpeakersNow[]): Speaker[] {
  return places.flatMap(({ speaking, dominantPeerId }) =>
    speaking.filter(({ peerId }) => peerId === dominantPeerId),
  );
}
