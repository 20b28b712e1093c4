import type { ConsoleControl } from '../../core/protocol/console-controls';
import { LoadGenerator } from '../load/load-generator';

type AddLoad = Extract<ConsoleControl, { name: 'add-load' }>['payload'];

export interface ConsoleLoadOptions {
  /** Of the front port. */
  url: () => string;
  /** For rooms of the load. Undefined: the fleet is open. */
  token: () => Promise<string | undefined>;
  /** A generator ended by itself. */
  onFailed: (error: Error) => void;
}

/** Of each publisher's video, bits per second. */
const DEFAULT_BITRATE_BPS = 600_000;
/** So that a page's button does not make a flash crowd. */
const JOINS_PER_SECOND = 10;

/** The synthetic peers that the console adds: one generator for each kind of room. */
export class ConsoleLoad {
  private readonly generators = new Map<string, LoadGenerator>();
  private closed = false;

  constructor(private readonly options: ConsoleLoadOptions) {}

  get figures(): { rooms: number; peers: number } {
    let rooms = 0;
    let peers = 0;
    for (const { target } of this.generators.values()) {
      rooms += target.rooms;
      peers += target.rooms * target.size;
    }
    return { rooms, peers };
  }

  async add({
    rooms,
    peersPerRoom: size,
    publishers = size,
    bitrateBps = DEFAULT_BITRATE_BPS,
  }: AddLoad): Promise<void> {
    const kind = `${size}/${publishers}/${bitrateBps}`;
    const running = this.generators.get(kind);
    if (running) {
      running.setTarget({ rooms: running.target.rooms + rooms });
      return;
    }
    const generator = await LoadGenerator.start({
      url: this.options.url(),
      token: await this.options.token(),
      bitrateBps,
      rooms,
      size,
      publishers,
      joinsPerSecond: JOINS_PER_SECOND,
    });
    if (this.closed) return generator.kill();
    this.generators.set(kind, generator);
    generator.failed.catch((error: unknown) => {
      this.generators.delete(kind);
      if (!this.closed) this.options.onFailed(error instanceof Error ? error : new Error(String(error)));
    });
  }

  /** Ends that many rooms, or all; the newest kind first. */
  async remove(rooms = Infinity): Promise<void> {
    let left = rooms;
    for (const [kind, generator] of [...this.generators].toReversed()) {
      const kept = Math.max(0, generator.target.rooms - left);
      left -= generator.target.rooms - kept;
      if (kept > 0) generator.setTarget({ rooms: kept });
      else {
        this.generators.delete(kind);
        await generator.stop();
      }
      if (left <= 0) return;
    }
  }

  /** At once. Idempotent. */
  close(): void {
    this.closed = true;
    for (const generator of this.generators.values()) generator.kill();
    this.generators.clear();
  }
}
