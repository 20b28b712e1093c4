import { on } from 'node:events';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { RoomReport } from '../../core/placement/placement-port';
import { roomDetailSchema, type RoomDetail } from '../../core/protocol/room-detail';
import { mintToken } from '../../local/token/mint-token';
import type { WorkerDump } from '../../node-app/media/worker-pool';
import { PlacementStore } from '../../node-app/placement/placement-store';
import { buildNodeApp } from '../../scripts/build-node-app';
import { eventually, PATIENCE_MS } from './eventually';
import { nodeVariables, TestNodeProcess } from './fleet-node';
import type { HostNetwork, HostPlace } from './host-network';
import { openHostNetwork } from './open-host-network';
import { RedisServer } from './redis-server';
import { TcpProxy } from './tcp-proxy';
import { Wires } from './wires';

export interface NodeHostsOptions {
  /** Hosts to begin with, each with a node: `node-a`, `node-b`, … */
  count: number;
  /** Further variables of all nodes. */
  env?: Record<string, string>;
  /** Where the hosts are; it is closed with them. @default a network of their own */
  network?: HostNetwork;
  /** Hosts of that network that the first nodes get. @default new ones */
  places?: readonly HostPlace[];
  /** What the nodes' ids begin with. @default node- */
  nodeIdPrefix?: string;
  /** Between any two of them, milliseconds; needs namespaces. Clients, Redis and operators are near. @default 0 */
  roundTripMs?: number;
}

export interface NodeHost {
  nodeId: string;
  place: HostPlace;
  process: TestNodeProcess;
  /** WebSocket URL of its gateway. */
  url: string;
}

/** What the operator API says of a room, as far as tests look at it. */
export interface HostedRoom {
  /** Home first. */
  nodes: string[];
  live: { nodeId: string; room?: RoomDetail }[];
}

const TOKEN_TTL_MS = 3_600_000;
/** Of nodes at the end of a wire, whose hosts have nothing else on them. */
const LINK_PORT = 4_444;

const OUT_DIR = join(__dirname, '..', '..', 'dist', 'test-host');

/**
 * Nodes of one fleet as processes, each on a host of its own, with Redis on this one. Hosts are network namespaces where
 * these are allowed, else addresses of the loopback; the log says which.
 */
export class NodeHosts {
  readonly hosts: NodeHost[] = [];
  readonly #cut = new Set<NodeHost>();
  /** By node. */
  readonly #toRedis = new Map<string, TcpProxy>();
  readonly #wires: Wires | undefined;
  /** What a node at the end of a wire has to know, by node. */
  readonly #wired = new Map<string, Record<string, string>>();
  #count = 0;

  private constructor(
    private readonly network: HostNetwork,
    private readonly redis: RedisServer,
    private readonly prefix: string,
    private readonly variables: Record<string, string>,
    /** For the operator API. */
    private readonly operatorToken: string,
    /** For any room and peer. */
    readonly token: string,
    private readonly nodeIdPrefix: string,
    private readonly places: HostPlace[],
    roundTripMs: number,
  ) {
    if (roundTripMs > 0 && network.kind !== 'network namespaces') throw new Error('wires need namespaces');
    if (roundTripMs > 0) this.#wires = new Wires({ delayMs: roundTripMs / 2 });
  }

  static async start(options: NodeHostsOptions): Promise<NodeHosts> {
    const { count, env = {}, nodeIdPrefix = 'node-', places = [], roundTripMs = 0 } = options;
    const network = options.network ?? (await openHostNetwork());
    let redis: RedisServer | undefined;
    let hosts: NodeHosts | undefined;
    try {
      redis = await RedisServer.start({
        tcp: true,
      });
      const prefix = redis.randomPrefix();
      const [peers, operators] = [newKey('peers'), newKey('operators')];
      const rooms = {
        kind: 'peer',
        room: '*',
        canPublish: true,
        canSubscribe: true,
        canPublishData: true,
      } as const;
      const times = { ttlMs: TOKEN_TTL_MS, nowMs: Date.now() };
      hosts = new NodeHosts(
        network,
        redis,
        prefix,
        {
          ...nodeVariables(redis, prefix),
          FLEET_AUTH: 'token',
          FLEET_TOKEN_KEYS: JSON.stringify([peers]),
          FLEET_ADMIN_TOKEN_KEYS: JSON.stringify([operators]),
          ...env,
        },
        await mintToken({ request: { kind: 'operator' }, key: operators, ...times }),
        await mintToken({ request: rooms, key: peers, ...times }),
        nodeIdPrefix,
        [...places],
        roundTripMs,
      );
      for (let index = 0; index < count; index += 1) await hosts.add();
      await hosts.takesRooms();
      return hosts;
    } catch (error) {
      await hosts?.close();
      await redis?.stop();
      await network.close();
      throw error;
    }
  }

  /** One more host with a node. */
  async add(): Promise<NodeHost> {
    const nodeId = `${this.nodeIdPrefix}${String.fromCharCode(97 + this.#count)}`;
    this.#count += 1;
    const { port } = this.redis;
    this.#toRedis.set(nodeId, await TcpProxy.to(`redis://127.0.0.1:${port}`, this.network.address));
    const place = this.places.shift() ?? (await this.network.addHost());
    if (this.#wires) this.#wired.set(nodeId, await this.#wire(place.address, this.#wires));
    return this.#launch(nodeId, place);
  }

  async #wire(address: string, wires: Wires): Promise<Record<string, string>> {
    const wireAddress = await this.network.addAddress();
    const { tcpAddress, env } = await wires.add({ address, wireAddress, tcpPort: LINK_PORT });
    return {
      ...env,
      FLEET_LINK_PORT: String(LINK_PORT),
      FLEET_LINK_ADDRESS: tcpAddress,
      // Pipes are reached where links are then, and not where clients reach the node.
      FLEET_MEDIA_LISTEN_IP: '0.0.0.0',
      FLEET_MEDIA_ANNOUNCED_ADDRESS: address,
    };
  }

  /** A node anew where one was killed, with its id. */
  restart({ nodeId, place }: NodeHost): Promise<NodeHost> {
    return this.#launch(nodeId, place);
  }

  async #launch(nodeId: string, place: HostPlace): Promise<NodeHost> {
    const { address } = place;
    const variables = {
      ...this.variables,
      FLEET_NODE_ID: nodeId,
      FLEET_REDIS_URL: `redis://${this.#toRedis.get(nodeId)?.address}`,
      FLEET_LISTEN_HOST: address,
      FLEET_LINK_HOST: address,
      FLEET_MEDIA_LISTEN_IP: address,
      ...this.#wired.get(nodeId),
    };
    const { entry } = await buildNodeApp({ entry: join(__dirname, 'host-node.ts'), outDir: OUT_DIR });
    const process = await TestNodeProcess.start(variables, { entry, launcher: place.launcher });
    const host = { nodeId, place, process, url: `ws://${address}:${process.ready.httpPort}` };
    this.hosts.push(host);
    return host;
  }

  /** `node-a` is at 0, and so on. */
  host(index: number): NodeHost {
    const host = this.hosts[index];
    if (!host) throw new RangeError(`no host ${index}`);
    return host;
  }

  byId(nodeId: string): NodeHost {
    const host = this.hosts.find((one) => one.nodeId === nodeId);
    if (!host) throw new Error(`no host of ${nodeId}`);
    return host;
  }

  /** Nothing passes between this host and the rest of the world, and nobody is told. */
  async cut(host: NodeHost): Promise<void> {
    this.#cut.add(host);
    await this.network.cut(host.place, pidOf(host));
  }

  async heal(host: NodeHost): Promise<void> {
    this.#cut.delete(host);
    await this.network.heal(host.place, pidOf(host));
  }

  isCut(host: NodeHost): boolean {
    return this.#cut.has(host);
  }

  /** The node's process is gone from one moment to the next, and its workers with it. */
  async kill(host: NodeHost): Promise<void> {
    this.hosts.splice(this.hosts.indexOf(host), 1);
    await host.process.end('SIGKILL');
  }

  /** A `GET` on the operator API of a host that isn't cut off, parsed; with `body` a `POST`. */
  async operator<T>(path: string, body?: object): Promise<T> {
    const host = this.hosts.find((one) => !this.#cut.has(one));
    if (!host) throw new Error('there is no host that answers');
    const authorization = `Bearer ${this.operatorToken}`;
    const response = await fetch(`${host.url.replace('ws:', 'http:')}${path}`, {
      headers: { authorization, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  /** Undefined when nobody is in it. */
  async room(roomId: string): Promise<HostedRoom | undefined> {
    const { rooms } = await this.operator<{ rooms: { roomId: string }[] }>('/v1/rooms');
    if (!rooms.some((room) => room.roomId === roomId)) return undefined;
    const { nodes, live } = await this.operator<HostedRoom>(`/v1/rooms/${roomId}`);
    return {
      nodes,
      live: live.map(({ nodeId, room }) => ({ nodeId, ...(room && { room: roomDetailSchema.parse(room) }) })),
    };
  }

  /** What the workers of each host hold, by node id. */
  async dumps(): Promise<Map<string, WorkerDump[]>> {
    const answers = await this.#ask<{ type: 'dumps'; dumps: WorkerDump[] }>('dumps');
    return new Map(Array.from(answers, ([nodeId, { dumps }]) => [nodeId, dumps]));
  }

  /** The rooms that each host's node believes to hold, by node id; without those that can't be asked just now. */
  async liveRooms(): Promise<Map<string, RoomReport[]>> {
    const answers = await this.#ask<{ type: 'rooms'; rooms: RoomReport[] }>('rooms');
    return new Map(Array.from(answers, ([nodeId, { rooms }]) => [nodeId, rooms]));
  }

  /** Past the network. A host that is cut off answers too, where it isn't stopped for that. */
  async #ask<Answer extends { type: string }>(question: Answer['type']): Promise<Map<string, Answer>> {
    const stopped = (host: NodeHost) => this.network.kind === 'loopback addresses' && this.#cut.has(host);
    const asked = this.hosts.filter((host) => !stopped(host));
    const answers = asked.map(async ({ nodeId, process: { child } }) => {
      const signal = AbortSignal.timeout(PATIENCE_MS);
      const answer = (async () => {
        for await (const [message] of on(child, 'message', { signal, close: ['exit'] })) {
          if ((message as Answer).type === question) return message as Answer;
        }
        return undefined;
      })();
      // One that is being killed is gone, and says nothing.
      if (child.connected) child.send(question, () => undefined);
      return [nodeId, await answer] as const;
    });
    const found = await Promise.all(answers);
    return new Map(found.filter((one): one is readonly [string, Answer] => one[1] !== undefined));
  }

  /** How many things each host's workers hold: equal before a room began and after it ended. */
  async entities(): Promise<Record<string, number>> {
    const counts = Array.from(await this.dumps(), ([nodeId, dumps]) => [
      nodeId,
      dumps.reduce((sum, { entities }) => sum + entities, 0),
    ]);
    return Object.fromEntries(counts) as Record<string, number>;
  }

  /** All of them are on it. For what a test does to it. */
  get store(): RedisServer {
    return this.redis;
  }

  /** Of Redis, without values. */
  async keys(): Promise<string[]> {
    const client = this.redis.client();
    const keys = await client.keys(`{${this.prefix}}:*`);
    client.disconnect();
    return keys.sort();
  }

  /** Idempotent. */
  async close(): Promise<void> {
    for (const host of this.#cut) await this.heal(host).catch(() => undefined);
    await Promise.all(this.hosts.splice(0).map((host) => host.process.end('SIGKILL')));
    await this.#wires?.close();
    await Promise.all(Array.from(this.#toRedis.values(), (proxy) => proxy.close()));
    await this.redis.stop();
    await this.network.close();
  }

  /** Nothing passes between Redis and that node until it does again, and nobody is told. */
  stallRedis({ nodeId }: NodeHost, stalled: boolean): void {
    const proxy = this.#toRedis.get(nodeId);
    if (stalled) proxy?.stall();
    else proxy?.unstall();
  }

  /** A fleet that has just begun takes new rooms only when every node could have told of its own. */
  private async takesRooms(): Promise<void> {
    const redis = this.redis.client();
    const placement = new PlacementStore({ redis, keyPrefix: this.prefix, random: Math.random });
    const role = { publishes: true, subscribes: true };
    try {
      await eventually(async () => (await placement.listNodes()).length === this.hosts.length);
      const probe = await eventually(() => placement.placePeer({ roomId: 'probe', role, expectedPeers: 1 }));
      await placement.releaseClaim({ nodeId: probe.nodeId, roomId: 'probe', seq: probe.claim.seq });
    } finally {
      redis.disconnect();
    }
  }
}

function newKey(kid: string) {
  return { kid, alg: 'HS256' as const, secret: randomBytes(32).toString('hex') };
}

function pidOf({ process: { child } }: NodeHost): number {
  if (child.pid === undefined) throw new Error('it has not started');
  return child.pid;
}
