import { protooMessageSchema, type ProtooMessage } from '../../../core/protocol/protoo';
import type { SocketLike } from '../../../web/sdk/signalling/socket';

type MessageListener = (event: { data: unknown }) => void;
type CloseListener = (event: { code: number; reason: string }) => void;

/** The server's end of a WebSocket, in the test's hands. */
export class FakeSocket implements SocketLike {
  readonly url: string;
  /** Everything that the client sent, checked against the protocol's own schema. */
  readonly sent: ProtooMessage[] = [];
  readyState = 1;
  /** The code with which the client closed it. */
  closedByClient: number | undefined;
  private readonly messageListeners: MessageListener[] = [];
  private readonly closeListeners: CloseListener[] = [];

  constructor(url = 'ws://test/') {
    this.url = url;
  }

  send(text: string): void {
    this.sent.push(protooMessageSchema.parse(JSON.parse(text)));
  }

  close(code?: number): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.closedByClient = code ?? 1005;
  }

  addEventListener(type: 'message' | 'close', listener: MessageListener | CloseListener): void {
    if (type === 'message') this.messageListeners.push(listener as MessageListener);
    else this.closeListeners.push(listener as CloseListener);
  }

  /** What the URL says. */
  get query(): Record<string, string> {
    return Object.fromEntries(new URL(this.url).searchParams);
  }

  /** Methods of the client's requests that came in so far. */
  get requests(): string[] {
    return this.sent.flatMap((message) => ('request' in message ? [message.method] : []));
  }

  deliver(message: unknown): void {
    for (const listener of this.messageListeners) listener({ data: JSON.stringify(message) });
  }

  notify(method: string, data: unknown, seq?: number): void {
    this.deliver({ notification: true, method, data, seq });
  }

  openSession(overrides: Record<string, unknown> = {}): void {
    this.notify('sessionOpened', {
      sessionId: 's1',
      resumeToken: 'r1',
      graceMs: 15_000,
      resumed: false,
      gatewayNodeId: 'gateway-1',
      mediaNodeId: 'media-1',
      ...overrides,
    });
  }

  /** The connection breaks, or the server closes it. */
  drop(code = 1006, reason = ''): void {
    this.readyState = 3;
    for (const listener of this.closeListeners) listener({ code, reason });
  }

  /** Answers the client's request `method` that has not been answered yet. */
  answer(method: string, data: unknown, seq?: number): void {
    const request = this.sent.find((message) => 'request' in message && message.method === method);
    if (!request || !('request' in request)) throw new Error(`the client did not send ${method}`);
    this.sent.splice(this.sent.indexOf(request), 1);
    this.deliver({ response: true, id: request.id, ok: true, data, seq });
  }
}
