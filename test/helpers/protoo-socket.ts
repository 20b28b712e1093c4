import { randomInt } from 'node:crypto';
import { WebSocket } from 'ws';
import {
  EXTENSION_METHODS,
  sessionOpenedSchema,
  type SessionOpened,
} from '../../core/protocol/fleet-extensions';
import {
  PROTOO_SUBPROTOCOL,
  protooMessageSchema,
  type ProtooMessage,
  type ProtooNotification,
  type ProtooResponse,
} from '../../core/protocol/protoo';
import { eventually } from './eventually';

export interface ProtooSocketOptions {
  url: string;
  roomId: string;
  peerId: string;
  query?: Record<string, string>;
  /** Answers the server's requests with success. @default true */
  answers?: boolean;
}

/** A WebSocket with everything that came over it, in order: what a test of sessions and refusals looks at. */
export class ProtooSocket {
  readonly messages: ProtooMessage[] = [];
  closed: { code: number; reason: string } | undefined;
  /** A client that resumes goes on with its ids; far apart ones never meet. */
  private nextId = randomInt(2 ** 40);

  private constructor(
    readonly socket: WebSocket,
    private readonly answers: boolean,
  ) {}

  /** Connects; whether the peer is let in shows in the messages. */
  static async connect(options: ProtooSocketOptions): Promise<ProtooSocket> {
    const { roomId, peerId, query } = options;
    const search = new URLSearchParams({ roomId, peerId, ...query });
    return ProtooSocket.connectRaw(`${options.url}/?${search.toString()}`, options);
  }

  /** With a URL of the caller's own making. */
  static async connectRaw(
    url: string,
    { answers = true }: { answers?: boolean } = {},
  ): Promise<ProtooSocket> {
    const socket = new WebSocket(url, PROTOO_SUBPROTOCOL);
    const client = new ProtooSocket(socket, answers);
    socket.on('message', (data: Buffer) => client.receive(data));
    socket.on('close', (code, reason) => (client.closed = { code, reason: reason.toString() }));
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    socket.on('error', () => undefined);
    return client;
  }

  /** A session that can be resumed, with what the server said of it. */
  static async open(options: ProtooSocketOptions): Promise<{ client: ProtooSocket; session: SessionOpened }> {
    const client = await ProtooSocket.connect({ ...options, query: { resume: '1', ...options.query } });
    const { data } = await client.notification(EXTENSION_METHODS.sessionOpened);
    return { client, session: sessionOpenedSchema.parse(data) };
  }

  send(message: ProtooMessage): void {
    this.socket.send(JSON.stringify(message));
  }

  sendRequest(method: string, data: unknown = {}, id = this.nextId++): number {
    this.send({ request: true, id, method, data });
    return id;
  }

  /** The answer, also when it is an error. */
  async request(method: string, data: unknown = {}): Promise<ProtooResponse> {
    return this.response(this.sendRequest(method, data));
  }

  response(id: number): Promise<ProtooResponse> {
    return eventually(() => this.responsesTo(id)[0]);
  }

  responsesTo(id: number): ProtooResponse[] {
    return this.messages.filter((message) => 'response' in message).filter((message) => message.id === id);
  }

  notification(method: string): Promise<ProtooNotification> {
    return eventually(() =>
      this.messages
        .filter((message) => 'notification' in message)
        .find((message) => message.method === method),
    );
  }

  /** `seq` of everything that was numbered, in the order in which it came. */
  get seqs(): number[] {
    return this.messages.flatMap(({ seq }) => (seq === undefined ? [] : [seq]));
  }

  closing(): Promise<{ code: number; reason: string }> {
    return eventually(() => this.closed);
  }

  close(code = 1000): void {
    this.socket.close(code);
  }

  private receive(data: Buffer): void {
    const message = protooMessageSchema.parse(JSON.parse(data.toString()));
    this.messages.push(message);
    if ('request' in message && this.answers) {
      this.send({ response: true, id: message.id, ok: true, data: {} });
    }
  }
}
