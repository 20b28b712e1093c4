/** What a message becomes on its way: itself, nothing, more than one, something else. */
export type Tamper = (message: Record<string, unknown>, from: string, to: string) => unknown[];

interface Receiver {
  handle(fromNodeId: string, message: unknown): void;
}

/** Ordered channels of JSON messages between nodes, in memory. */
export class JsonChannels {
  /** In one direction, milliseconds. */
  delayMs = 0;
  /** Everything that was sent, as it was sent. */
  readonly sent: { from: string; to: string; message: Record<string, unknown> }[] = [];
  tamper: Tamper = (message) => [message];
  private readonly receivers = new Map<string, Receiver>();
  private readonly cuts = new Set<string>();
  private readonly timers = new Set<NodeJS.Timeout>();

  add(nodeId: string, receiver: Receiver): void {
    this.receivers.set(nodeId, receiver);
  }

  send(from: string, to: string, message: object): void {
    const text = JSON.stringify(message);
    const parse = () => JSON.parse(text) as Record<string, unknown>;
    this.sent.push({ from, to, message: parse() });
    for (const arriving of this.tamper(parse(), from, to)) this.deliver(from, to, arriving);
  }

  /** Hands over a message as if that node had sent it. */
  deliver(from: string, to: string, message: unknown): void {
    if (this.isCut(from, to)) return;
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      // What is on its way when a channel breaks is lost.
      if (!this.isCut(from, to)) this.receivers.get(to)?.handle(from, message);
    }, this.delayMs);
    this.timers.add(timer);
  }

  cut(a: string, b: string): void {
    this.cuts.add([a, b].sort().join());
  }

  heal(a: string, b: string): void {
    this.cuts.delete([a, b].sort().join());
  }

  /** Messages of a kind that were sent. */
  of(kind: string): { from: string; to: string; message: Record<string, unknown> }[] {
    return this.sent.filter(({ message }) => message.m === kind);
  }

  close(): void {
    for (const timer of this.timers) clearTimeout(timer);
  }

  private isCut(a: string, b: string): boolean {
    return this.cuts.has([a, b].sort().join());
  }
}
