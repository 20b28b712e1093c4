import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { eventually } from './eventually';

export interface ReceivedEvent {
  name: string;
  id: string | undefined;
  data: unknown;
}

/** A reader of Server-Sent Events that keeps all it gets. */
export class EventStreamReader {
  readonly events: ReceivedEvent[] = [];
  ended = false;
  private rest = '';

  private constructor(
    private readonly outgoing: ClientRequest,
    readonly response: IncomingMessage,
  ) {
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => this.take(chunk));
    response.on('error', () => undefined);
    response.on('close', () => (this.ended = true));
  }

  /** `paused`: it takes nothing beyond what the sockets hold. */
  static open(
    url: string,
    options: { headers?: Record<string, string>; paused?: boolean } = {},
  ): Promise<EventStreamReader> {
    return new Promise((resolve, reject) => {
      const outgoing = request(url, { agent: false, headers: options.headers ?? {} }, (response) => {
        const reader = new EventStreamReader(outgoing, response);
        if (options.paused) response.pause();
        resolve(reader);
      });
      outgoing.on('error', reject);
      outgoing.end();
    });
  }

  of(name: string): ReceivedEvent[] {
    return this.events.filter((event) => event.name === name);
  }

  /** The first event of a name that fits. */
  wait(name: string, fits: (event: ReceivedEvent) => boolean = () => true): Promise<ReceivedEvent> {
    return eventually(() => this.of(name).find(fits));
  }

  close(): void {
    this.outgoing.destroy();
  }

  private take(chunk: string): void {
    const blocks = (this.rest + chunk).split('\n\n');
    this.rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = new Map(block.split('\n').map((line) => [line.split(': ', 1)[0] ?? '', line] as const));
      const field = (name: string) => fields.get(name)?.slice(name.length + 2);
      this.events.push({
        name: field('event') ?? 'message',
        id: field('id'),
        data: JSON.parse(field('data') ?? 'null'),
      });
    }
  }
}
