import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { WebhookEvent } from '../../node-app/webhooks/webhook-event';

export interface Received {
  event: WebhookEvent;
  body: string;
  headers: IncomingHttpHeaders;
}

/** How a receiver answers a request; the default takes everything. */
export type Behaviour = (received: Received, response: ServerResponse) => void;

/** A team's service that gets webhooks, on a real port; it can be stopped and started again on the same one. */
export class WebhookReceiver {
  /** Every request, refused ones included, in the order of arrival. */
  readonly requests: Received[] = [];
  /** Requests that were not answered yet, at most. */
  mostAtOnce = 0;
  behaviour: Behaviour = (_received, response) => response.end('ok');

  #server: Server | undefined;
  #port = 0;
  #open = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}/hooks`;
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => {
      this.#open += 1;
      this.mostAtOnce = Math.max(this.mostAtOnce, this.#open);
      response.on('close', () => (this.#open -= 1));
      let body = '';
      request.setEncoding('utf8');
      request.on('data', (chunk: string) => (body += chunk));
      request.on('end', () => {
        const received = { event: JSON.parse(body) as WebhookEvent, body, headers: request.headers };
        this.requests.push(received);
        this.behaviour(received, response);
      });
    });
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }
}

/** Answers with a status and nothing else. */
export const answer =
  (status: number, headers: Record<string, string> = {}): Behaviour =>
  (_received, response) =>
    response.writeHead(status, headers).end();
