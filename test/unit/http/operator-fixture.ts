import { Writable } from 'node:stream';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import { FleetError } from '../../../core/errors';
import type { PlacementEvent } from '../../../core/placement/placement-event';
import type { NodeRecord, PlacementPort, RoomRecord } from '../../../core/placement/placement-port';
import type { NodeCommandName, NodeCommandPort } from '../../../core/protocol/node-commands';
import type { ReadinessFacts } from '../../../core/readiness';
import { healthRoutes } from '../../../node-app/http/health-routes';
import { createHttpApp } from '../../../node-app/http/http-app';
import { metricsRoutes } from '../../../node-app/http/metrics-routes';
import { openApiRoutes } from '../../../node-app/http/openapi';
import type { OperatorAccess } from '../../../node-app/http/operator-guard';
import { operatorRoutes } from '../../../node-app/http/operator-routes';
import { NodeMetrics } from '../../../node-app/metrics/node-metrics';

const NO_LOAD = { egressBps: 0, packetsPerSecond: 0 };

export function nodeRecord(nodeId: string, more: Partial<NodeRecord> = {}): NodeRecord {
  return {
    nodeId,
    release: '0.1.0',
    linkAddress: '10.0.1.7:4444',
    state: 'SERVING',
    ready: true,
    alive: true,
    leaseExpiresAtMs: 1_000,
    capacity: { egressBps: 1_000_000_000, packetsPerSecond: 60_000 },
    committed: NO_LOAD,
    measured: NO_LOAD,
    load: { cpuLoad: 0, sysLoad: 0, rooms: 0, clients: 0, tracks: 0, bytesPerSecond: 0 },
    ...more,
  };
}

export function roomRecord(roomId: string, nodes: string[]): RoomRecord {
  return { roomId, nodes, epoch: 7, peers: 2, expectedPeers: 3, reserved: NO_LOAD };
}

/** A fleet as the operator's routes see it through their two ports; Redis and the nodes are not the subject here. */
export class FleetStub {
  readonly nodes = new Map<string, NodeRecord>();
  readonly rooms = new Map<string, RoomRecord>();
  /** Commands that reached a node. */
  readonly commands: { nodeId: string; name: NodeCommandName; params: unknown }[] = [];
  /** Thrown by every call of placement while set. */
  placementFailure: Error | undefined;
  /** What a node does instead of confirming a command. */
  readonly commandFailures = new Map<string, Error>();

  readonly placement = {
    listNodes: async () => this.#answer([...this.nodes.values()]),
    findNode: async (nodeId: string) => this.#answer(this.nodes.get(nodeId)),
    findRoom: async (roomId: string) => this.#answer(this.rooms.get(roomId)),
    listRooms: async ({ cursor = '0', limit = 100 }: { cursor?: string; limit?: number } = {}) => {
      const start = Number(cursor);
      const rooms = [...this.rooms.values()].slice(start, start + limit);
      const next = start + limit < this.rooms.size ? String(start + limit) : undefined;
      return this.#answer({ rooms, cursor: next });
    },
  } as PlacementPort;

  readonly nodeCommands = {
    command: async (nodeId: string, name: NodeCommandName, params: { roomId?: string }): Promise<unknown> => {
      this.commands.push({ nodeId, name, params });
      const failure = this.commandFailures.get(nodeId);
      if (failure !== undefined) throw failure;
      if (name === 'cordon') return { state: 'CORDONED' };
      if (name === 'drain') return { state: 'CORDONED' };
      if (name === 'uncordon') return { state: 'SERVING' };
      if (name !== 'describeRoom') return {};
      return { roomId: params.roomId, epoch: 7, egressBps: 2_500_000, peers: [], secret: 'internal' };
    },
  } as NodeCommandPort;

  readonly eventLog: PlacementEvent[] = [];

  readonly events = {
    readEvents: async ({ afterId = '', limit }: { afterId?: string; limit: number }) =>
      this.#answer(this.eventLog.filter(({ id }) => id > afterId).slice(0, limit)),
  };

  #answer<T>(answer: T): T {
    if (this.placementFailure !== undefined) throw this.placementFailure;
    return answer;
  }
}

export interface RunningNode {
  url: string;
  host: string;
  fleet: FleetStub;
  metrics: NodeMetrics;
  facts: ReadinessFacts & { redisUp: boolean; heartbeatAgeMs: number | undefined };
  /** Parsed log lines. */
  logs: Record<string, unknown>[];
  /** `METHOD /path` of every route that was registered. */
  routes: string[];
  close(): Promise<void>;
}

export const OPERATOR_TOKEN = 'operator-token-of-the-test';

export const TOKEN_ACCESS: OperatorAccess = {
  kind: 'token',
  verifyOperator: async (header) => {
    if (header === undefined) throw new FleetError('FLEET_ERR_TOKEN_MISSING');
    if (header !== `Bearer ${OPERATOR_TOKEN}`) throw new FleetError('FLEET_ERR_TOKEN_INVALID');
    return { subject: 'ada' };
  },
};

/** The whole HTTP surface for operators on a real listener. */
export async function startNode(access: OperatorAccess): Promise<RunningNode> {
  const logs: Record<string, unknown>[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      for (const line of chunk.toString().trim().split('\n'))
        logs.push(JSON.parse(line) as Record<string, unknown>);
      done();
    },
  });
  const app = createHttpApp({ logger: pino({ level: 'info' }, stream) });
  const routes: string[] = [];
  app.addHook('onRoute', ({ method, url }) => {
    for (const verb of [method].flat()) routes.push(`${verb} ${url}`);
  });
  const fleet = new FleetStub();
  const metrics = new NodeMetrics({ nodeId: 'node-a', release: '0.1.0' });
  const facts: RunningNode['facts'] = {
    phase: 'running',
    state: 'SERVING',
    workersAlive: 1,
    redisUp: true,
    heartbeatAgeMs: 12,
  };
  await app.register(healthRoutes, { nodeId: 'node-a', release: '0.1.0', facts: () => facts });
  await app.register(metricsRoutes, { metrics, access });
  await app.register(openApiRoutes, { release: '0.1.0' });
  await app.register(operatorRoutes, {
    placement: fleet.placement,
    nodes: fleet.nodeCommands,
    events: fleet.events,
    access,
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const host = `127.0.0.1:${port}`;
  return { url: `http://${host}`, host, fleet, metrics, facts, logs, routes, close: () => app.close() };
}

export interface Answer {
  status: number;
  headers: Headers;
  body: unknown;
}

/** An operator's call with the token of TOKEN_ACCESS. */
export async function callAsOperator(url: string, init: RequestInit = {}): Promise<Answer> {
  const headers = new Headers(init.headers);
  headers.set('authorization', `Bearer ${OPERATOR_TOKEN}`);
  const response = await fetch(url, { ...init, headers });
  return { status: response.status, headers: response.headers, body: await response.json() };
}
