import type { Clock } from '../../core/clock';
import type { FleetStatus, RunnerEvent, RunnerOutput } from './runner-events';

export interface TerminalOutputOptions {
  write: (text: string) => void;
  /** For what went wrong, so that it is seen when the rest goes to a file. */
  writeError: (text: string) => void;
  /** A status line can be drawn anew in its place. */
  isTty: boolean;
  /** Characters per line; a longer status line would leave its remains behind. 0 or undefined: unknown. */
  columns: () => number | undefined;
  clock: Clock;
}

/** A warning that repeats is shown at most this often, milliseconds. */
const REPEAT_AFTER_MS = 10_000;
/** What differs is bounded too: some messages carry an id. */
const MAX_REMEMBERED_WARNINGS = 200;

/** Taken for a terminal that does not say how wide it is (a pseudo-terminal of width 0). */
const UNKNOWN_COLUMNS = 80;

const ERASE_LINE = '\r\u001b[K';
const BOLD = '\u001b[1m';
const DIM = '\u001b[2m';
const RESET = '\u001b[0m';

/** A run for a person's eyes: few lines, and one that lives. */
export class TerminalOutput implements RunnerOutput {
  /** What stands in the last line of the terminal, to be drawn anew below every other line. */
  private liveLine = '';
  private lastCounts = '';
  private readonly warnedAtMs = new Map<string, number>();

  constructor(private readonly options: TerminalOutputOptions) {}

  emit(event: RunnerEvent): void {
    switch (event.event) {
      case 'starting':
        return this.live('starting …');
      case 'warning':
        return this.line(`warning: ${event.message}`);
      case 'building':
        return this.live('building …');
      case 'ready':
        return this.ready(event);
      case 'status':
        return this.status(event);
      case 'node-warning':
        return this.warning(
          `${event.nodeId} ${event.level === 'warn' ? 'warns' : 'reports'}: ${event.message}`,
        );
      case 'node-died':
        return this.line(
          event.restartInMs === undefined
            ? `${event.nodeId} died (${event.reason}); it stays away`
            : `${event.nodeId} died (${event.reason}); it is started again in ${seconds(event.restartInMs)}`,
        );
      case 'node-restarted':
        return this.line(`${event.node.nodeId} is back at ${event.node.httpUrl}`);
      case 'node-started':
        return this.line(`${event.node.nodeId} serves at ${event.node.httpUrl}`);
      case 'node-left':
        return this.line(`${event.nodeId} has ended`);
      case 'instance-retained':
        return this.line(`${event.nodeId} is kept outside of the group: ${event.reason}`);
      case 'alarm':
        return this.line(`alarm ${event.name}: ${event.state}. ${event.reason}`);
      case 'desired-capacity':
        return this.line(`nodes wanted: ${event.from} → ${event.to}`);
      case 'redis-died':
        return this.line(`Redis died (${event.reason}); it is started again, calls go on`);
      case 'redis-restarted':
        return this.line('Redis is back');
      case 'stopping':
        return this.live(`stopping (${event.reason}) …`);
      case 'stopped':
        this.live('');
        return this.line(`stopped after ${seconds(event.tookMs)}; nothing is left running`);
      case 'error':
        this.live('');
        return this.options.writeError(`fleet: ${event.message}\n`);
    }
  }

  private ready(event: Extract<RunnerEvent, { event: 'ready' }>): void {
    this.live('');
    const rows: [string, string][] = [
      ...event.nodes.map(({ nodeId, httpUrl }): [string, string] => [nodeId, httpUrl]),
      ['console', event.console],
      ['aws', event.awsEndpoint],
      ['logs', event.logFolder],
    ];
    if (event.keyFiles) {
      const mint = 'npm run -s fleet -- token --key-file';
      rows.push(['peer token', `${mint} ${event.keyFiles.peers} --room demo --url ${event.url}`]);
      rows.push(['operator token', `${mint} ${event.keyFiles.operators} --operator`]);
    }
    const width = Math.max(...rows.map(([name]) => name.length));
    for (const line of event.notSimulated) this.line(this.styled(DIM, line));
    this.line('');
    this.line(
      `  ${this.styled(BOLD, event.link)}   ${this.styled(DIM, `ready in ${seconds(event.tookMs)}`)}`,
    );
    this.line('');
    for (const [name, value] of rows) this.line(`  ${this.styled(DIM, name.padEnd(width))}  ${value}`);
    this.line('');
    const about = event.keyFiles ? ' The token in it is good for all rooms, for 12 h.' : '';
    this.line(
      this.styled(DIM, `  Open it in two tabs and join the same room.${about} Ctrl-C ends everything.`),
    );
    this.line('');
  }

  private status(status: FleetStatus): void {
    const counts =
      `${status.nodesReady}/${status.nodesTotal} nodes · ` +
      `${counted(status.rooms, 'room')} · ${counted(status.peers, 'peer')}`;
    if (this.options.isTty) {
      return this.live(
        `${counts} · ${megabits(status.egressBps)} sent, ${megabits(status.committedEgressBps)} reserved of ` +
          `${megabits(status.capacityEgressBps)} Mbit/s`,
      );
    }
    // Bits flow up and down every second; a log needs a line when people come or nodes go.
    if (counts !== this.lastCounts) this.line(counts);
    this.lastCounts = counts;
  }

  private warning(text: string): void {
    const nowMs = this.options.clock.monotonicMs();
    const lastMs = this.warnedAtMs.get(text);
    if (lastMs !== undefined && nowMs - lastMs < REPEAT_AFTER_MS) return;
    if (this.warnedAtMs.size >= MAX_REMEMBERED_WARNINGS) this.warnedAtMs.clear();
    this.warnedAtMs.set(text, nowMs);
    this.line(text);
  }

  /** A line that stays. */
  private line(text: string): void {
    if (!this.options.isTty) return this.options.write(`${text}\n`);
    this.options.write(`${ERASE_LINE}${text}\n${this.liveLine}`);
  }

  /** The line that is drawn anew in its place; empty for none. Without a terminal there is none. */
  private live(text: string): void {
    if (!this.options.isTty) return;
    this.liveLine = text.slice(0, Math.max((this.options.columns() || UNKNOWN_COLUMNS) - 1, 1));
    this.options.write(`${ERASE_LINE}${this.liveLine}`);
  }

  private styled(style: string, text: string): string {
    return this.options.isTty ? `${style}${text}${RESET}` : text;
  }
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function megabits(bps: number): string {
  const value = bps / 1e6;
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 100 ? 1 : 0 });
}
