export interface WayOptions {
  /** Share of the packets that are lost in each direction; decided by `random`. @default 0 */
  loss?: number;
  /** In one direction, milliseconds. @default 0 */
  delayMs?: number;
  /** Share of the packets that come so late that later ones overtake them. @default 0 */
  reordering?: number;
  /** Which packets are lost, and which late. @default a fixed sequence, so that runs are alike */
  random?: () => number;
}

/** By how much a packet is late that others overtake: a frame's time. */
const LATE_MS = 30;

/** What happens to packets on a network, in user space: kernels often can't. Set `cut` to lose all. */
export class Way {
  cut = false;
  /** Packets that were lost, that passed, and those of them that others overtook. */
  readonly counts = { lost: 0, passed: 0, late: 0 };
  private readonly timers = new Set<NodeJS.Timeout>();

  constructor(private readonly options: WayOptions = {}) {}

  /** Nothing passes any more. */
  async close(): Promise<void> {
    this.cut = true;
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }

  /** @param send puts the packet where it arrives */
  protected carry(send: () => void): void {
    const { loss = 0, delayMs = 0, reordering = 0, random = this.sequence } = this.options;
    if (this.cut || random() < loss) {
      this.counts.lost += 1;
      return;
    }
    this.counts.passed += 1;
    const late = reordering > 0 && random() < reordering;
    if (late) this.counts.late += 1;
    const afterMs = delayMs + (late ? LATE_MS : 0);
    if (afterMs === 0) {
      send();
      return;
    }
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      send();
    }, afterMs);
    this.timers.add(timer);
  }

  private state = 1;
  /** Park and Miller's generator. */
  private readonly sequence = (): number => {
    this.state = (this.state * 16_807) % 2_147_483_647;
    return this.state / 2_147_483_647;
  };
}
