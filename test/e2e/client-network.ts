import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { TcpProxy } from '../helpers/tcp-proxy';
import type { Address } from '../helpers/udp-link';
import type { SdkPage } from './sdk-page';

declare global {
  /** Gives the way to an address of a media node: a port of this machine. */
  var wayTo: (ip: string, port: number) => Promise<number>;
}

/** The network that a person's machine is in: its signalling and its media pass through, until it goes to another network. */
export class ClientNetwork {
  /** By the address to which it goes. */
  readonly #ways = new Map<string, Promise<MediaWay>>();

  private constructor(private readonly signalling: TcpProxy) {}

  /** @param url of the fleet */
  static async to(url: string): Promise<ClientNetwork> {
    return new ClientNetwork(await TcpProxy.to(url));
  }

  /** The fleet's address for whoever is in this network. */
  get url(): string {
    return `http://127.0.0.1:${this.signalling.port}`;
  }

  /** Addresses that the machine has had, as the media nodes see it. */
  async addresses(): Promise<number> {
    const ways = await Promise.all(this.#ways.values());
    return ways.reduce((sum, way) => sum + way.addresses, 0);
  }

  /** The page's media goes through this network, over UDP. Before it joins. */
  async carry({ page }: SdkPage): Promise<void> {
    await page.exposeFunction('wayTo', async (ip: string, port: number) => {
      const target = `${ip}:${port}`;
      let way = this.#ways.get(target);
      if (!way) this.#ways.set(target, (way = MediaWay.to({ ip, port })));
      return (await way).port;
    });
    await page.evaluate(() => {
      globalThis.RTCPeerConnection = class extends RTCPeerConnection {
        override async setRemoteDescription({ type, sdp = '' }: RTCSessionDescriptionInit): Promise<void> {
          const lines = [];
          for (const line of sdp.split('\r\n')) {
            const [, before, ip, port, after] =
              /^(a=candidate:\S+ \d udp \d+) (\S+) (\d+) (typ.*)$/i.exec(line) ?? [];
            if (ip !== undefined) {
              lines.push(`${before} 127.0.0.1 ${await globalThis.wayTo(ip, Number(port))} ${after}`);
            } else if (!line.startsWith('a=candidate:')) lines.push(line);
          }
          return super.setRemoteDescription({ type, sdp: lines.join('\r\n') });
        }
      };
    });
  }

  /**
   * From Wi-Fi to mobile: what came from the machine's addresses of before comes to nobody any more, nor what is for them,
   * and the browser breaks its TCP connections, as Chromium does on a change.
   */
  async change(): Promise<void> {
    for (const way of this.#ways.values()) (await way).change();
    this.signalling.cut();
  }

  async close(): Promise<void> {
    await this.signalling.close();
    for (const way of this.#ways.values()) (await way).close();
  }
}

/** From a machine's UDP ports to one port of a media node, which sees each of them as another address. */
class MediaWay {
  /** By the machine's address and port. */
  readonly #flows = new Map<string, Socket>();
  /** Those that the machine no longer has. */
  readonly #gone = new Set<string>();

  private constructor(
    private readonly entrance: Socket,
    private readonly target: Address,
  ) {
    entrance.on('message', (packet, from) => this.#pass(packet, from));
  }

  static async to(target: Address): Promise<MediaWay> {
    const entrance = createSocket('udp4');
    entrance.bind(0, '127.0.0.1');
    await once(entrance, 'listening');
    return new MediaWay(entrance, target);
  }

  get port(): number {
    return this.entrance.address().port;
  }

  get addresses(): number {
    return this.#flows.size + this.#gone.size;
  }

  change(): void {
    for (const [address, socket] of this.#flows) {
      this.#gone.add(address);
      socket.close();
    }
    this.#flows.clear();
  }

  close(): void {
    this.change();
    this.entrance.close();
  }

  #pass(packet: Buffer, from: RemoteInfo): void {
    const address = `${from.address}:${from.port}`;
    if (this.#gone.has(address)) return;
    let flow = this.#flows.get(address);
    if (!flow) {
      flow = createSocket('udp4');
      this.#flows.set(address, flow);
      flow.on('message', (answer) => this.entrance.send(answer, from.port, from.address));
    }
    flow.send(packet, this.target.port, this.target.ip);
  }
}
