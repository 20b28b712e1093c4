import type { Clock, Timer } from '../../core/clock';
import type { OperatorNode, OperatorRoom } from '../../core/protocol/console-operator-state';
import { askHttp } from '../fleet-runner/node-http';

/** The fleet as its own operator API tells it. */
export interface FleetSight {
  nodes: OperatorNode[];
  rooms: OperatorRoom[];
}

export interface FleetWatchOptions {
  /** The front port. */
  url: string;
  clock: Clock;
  say: (text: string) => void;
}

const EVERY_MS = 500;
const TIMEOUT_MS = 2_000;

/** Looks at the fleet again and again, and tells what became of its nodes: drains above all. */
export class FleetWatch {
  private readonly told = new Map<string, string>();
  private readonly timer: Timer;
  private asking = false;

  constructor(private readonly options: FleetWatchOptions) {
    this.timer = options.clock.setRepeating(EVERY_MS, () => {
      if (this.asking) return;
      this.asking = true;
      // A node that is just leaving does not answer: the next look finds another.
      void this.look()
        .catch(() => undefined)
        .finally(() => (this.asking = false));
    });
  }

  /** Idempotent. */
  close(): void {
    this.timer.cancel();
  }

  /** @throws Error when no node answers */
  async look(): Promise<FleetSight> {
    const [{ nodes }, { rooms }] = await Promise.all([
      this.ask<{ nodes: OperatorNode[] }>('/v1/nodes'),
      this.ask<{ rooms: OperatorRoom[] }>('/v1/rooms?limit=200'),
    ]);
    for (const node of nodes) this.tell(node);
    return { nodes, rooms };
  }

  /** @throws Error when the node does not confirm */
  async command(nodeId: string, verb: 'cordon' | 'uncordon'): Promise<void> {
    await this.ask(`/v1/nodes/${nodeId}/${verb}`, { method: 'POST', body: '{}' });
  }

  private async ask<Answer>(path: string, request: { method?: 'POST'; body?: string } = {}): Promise<Answer> {
    const { hostname: host, port } = new URL(this.options.url);
    const { status, body } = await askHttp({
      host,
      port: Number(port),
      path,
      timeoutMs: TIMEOUT_MS,
      ...request,
    });
    if (status !== 200) throw new Error(`${path}: ${status} ${body}`);
    return JSON.parse(body) as Answer;
  }

  private tell({ nodeId, state, drain, load, alive }: OperatorNode): void {
    const now = `${state}${drain?.failed ? ', its drain failed' : ''}`;
    const before = this.told.get(nodeId);
    this.told.set(nodeId, now);
    if (before === undefined || before === now || !alive) return;
    const why = drain ? ` for ${drain.reason}` : '';
    this.options.say(`node ${nodeId}: ${before} → ${now}${why}, ${load.rooms} rooms, ${load.clients} peers`);
  }
}
