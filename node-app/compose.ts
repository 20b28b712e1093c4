import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { basename, resolve } from 'node:path';
import type { Clock, RandomSource } from '../core/clock';
import { egressModelOf } from '../core/capacity/egress-model';
import { broadcasterAccess } from './auth/broadcaster-access';
import { KeyRing } from './auth/key-ring';
import { OperatorTokenVerifier } from './auth/operator-token-verifier';
import { OpenPeerAuthenticator, TokenPeerAuthenticator } from './auth/peer-authenticator';
import { isLoopback, type NodeConfig } from './config';
import { NodeLeaving } from './drain/node-leaving';
import { nodeCommandHandlers } from './node-command-handlers';
import { Gateway } from './gateway/gateway';
import { gatewayRoutes } from './gateway/gateway-routes';
import { Joiner } from './gateway/joiner';
import { RoomDirectory } from './gateway/room-directory';
import type { HostEnvironment } from './host-environment';
import { broadcasterRoutes } from './http/broadcaster-routes';
import { healthRoutes } from './http/health-routes';
import { consoleRoutes } from './http/console-routes';
import { createHttpApp } from './http/http-app';
import { metricsRoutes } from './http/metrics-routes';
import { openApiRoutes } from './http/openapi';
import type { OperatorAccess } from './http/operator-guard';
import { operatorRoutes } from './http/operator-routes';
import { BroadcasterRelay } from './link/broadcaster-relay';
import { linkHandlers, type LinkReceivers } from './link/link-handlers';
import { LinkHub } from './link/link-hub';
import { LinkKeys } from './link/link-secrets';
import { NodeCommander } from './link/node-commander';
import { RelayClient } from './link/relay-client';
import { RelayServer } from './link/relay-server';
import { SilentNodes } from './link/silent-nodes';
import { RoomLinks } from './link/room-links';
import { mediaOptions } from './media-config';
import { MediaNode } from './media/media-node';
import { MachineLoad } from './meter/machine-load';
import { NodeMetrics } from './metrics/node-metrics';
import { NodeStatus } from './node-status';
import { HeartbeatDetour } from './placement/heartbeat-detour';
import { NodeRegistrar } from './placement/node-registrar';
import { PlacementStore } from './placement/placement-store';
import { connectRedis } from './placement/redis-connection';
import { Regions } from './regions/regions';
import { LocalSessionHost } from './session/local-session-host';
import { DEFAULT_SESSION_LIMITS } from './session/session-limits';
import { WebhookDispatcher } from './webhooks/webhook-dispatcher';
import { within } from './within';

export interface StartNodeOptions {
  config: NodeConfig;
  /** Path of the mediasoup worker. */
  workerBin: string;
  clock: Clock;
  random: RandomSource;
  logger: Logger;
  /** Decides when the node takes work. @default at once */
  environment?: HostEnvironment | undefined;
}

/** A running node. */
export interface FleetNode {
  readonly nodeId: string;
  readonly httpPort: number;
  readonly linkPort: number;
  /** UDP and TCP port of each media worker. */
  readonly mediaPorts: number[];
  /** Its parts, for tests. */
  readonly parts: NodeParts;
  /** Ends everything in order: no new work, peers told where to go, ports closed. Idempotent. */
  close(): Promise<void>;
}

export interface NodeParts {
  media: MediaNode;
  sessions: LocalSessionHost;
  gateway: Gateway;
  hub: LinkHub;
  relayClient: RelayClient;
  placement: PlacementStore;
  registrar: NodeRegistrar;
  status: NodeStatus;
  commands: NodeCommander;
  broadcasters: BroadcasterRelay;
  /** Undefined in a fleet of one region. */
  regions: Regions | undefined;
  app: FastifyInstance;
}

/** What pages of other sites may load, too. */
const SDK_FILES: ReadonlySet<string> = new Set(['fleet-sdk.js', 'fleet-sdk.mjs']);
/** How long a start waits for Redis, and for placement to know the node, milliseconds. */
const FIRST_CONNECT_MS = 1_000;
const FIRST_HEARTBEAT_MS = 1_000;
/** How long the webhook queue may take at the end, milliseconds. */
const WEBHOOK_FLUSH_MS = 1_000;

/** The composition root: builds each part once, in the order in which they need each other. */
export async function startNode(options: StartNodeOptions): Promise<FleetNode> {
  const undo: (() => Promise<void> | void)[] = [];
  try {
    return await build(options, undo);
  } catch (error) {
    // What was started ends again, last first: a node that can't start leaves no worker and no port behind.
    for (const step of undo.reverse()) {
      try {
        await step();
      } catch (cause) {
        options.logger.warn({ err: cause }, 'a part could not be ended after a failed start');
      }
    }
    throw error;
  }
}

async function build(
  { config, workerBin, clock, random, logger, environment }: StartNodeOptions,
  undo: (() => Promise<void> | void)[],
): Promise<FleetNode> {
  const nodeId = config.FLEET_NODE_ID;
  const release = config.FLEET_RELEASE;

  const peerKeys = await KeyRing.load(config.FLEET_TOKEN_KEYS, clock);
  const operatorKeys = await KeyRing.load(config.FLEET_ADMIN_TOKEN_KEYS, clock);
  const metrics = new NodeMetrics({ nodeId, release });

  const webhooks = new WebhookDispatcher({
    nodeId,
    release,
    urls: config.FLEET_WEBHOOK_URLS,
    secrets: config.FLEET_WEBHOOK_SECRETS,
    clock,
    random,
    logger,
  });
  undo.push(() => webhooks.close({ flushMs: 0 }));
  metrics.observeWebhooks(() => webhooks.figures());

  const regionUrls = new Map(Object.entries(config.FLEET_REGION_URLS));
  const hasRegions = regionUrls.size > 1;
  const media = await MediaNode.create({
    media: mediaOptions(config, workerBin),
    clock,
    logger,
    events: webhooks,
    sharing: {
      nodeId,
      // Rooms begin when everything below is there.
      links: {
        join: (request) => roomLinks.join(request),
        send: (...message) => roomLinks.send(...message),
        leave: (...room) => roomLinks.leave(...room),
      },
      homes: { findHome: (request) => placement.findHome(request) },
      regions: hasRegions
        ? { region: config.FLEET_REGION, enter: (room) => (regions as Regions).presence.enter(room) }
        : undefined,
      random,
    },
  });
  undo.push(() => media.close());
  media.on('workerDied', () => metrics.workerDied());
  metrics.observeMedia(() => media.figures());

  const redis = connectRedis({
    url: config.FLEET_REDIS_URL,
    logger,
    connectionName: nodeId,
    reloadPasswords: environment?.storePasswords,
  });
  undo.push(() => redis.disconnect());
  const placement = new PlacementStore({
    redis,
    keyPrefix: config.FLEET_REDIS_PREFIX,
    random,
    policy: config.FLEET_SELECTOR,
    egressModel: egressModelOf({ heardSpeakers: config.FLEET_HEARD_SPEAKERS, lastN: config.FLEET_LAST_N }),
  });

  const sessions = new LocalSessionHost({
    nodeId,
    media,
    limits: { ...DEFAULT_SESSION_LIMITS, graceMs: config.FLEET_RESUME_GRACE_MS },
    clock,
    logger,
  });
  const deadlineClock = environment?.clock ?? clock;
  const status = new NodeStatus({ media, sessions, machine: new MachineLoad(), deadlineClock, logger });

  const keys = new LinkKeys(config.FLEET_LINK_SECRETS);
  const hub = new LinkHub({
    nodeId,
    release,
    listenHost: config.FLEET_LINK_HOST,
    listenPort: config.FLEET_LINK_PORT,
    keys,
    handlers: linkHandlers((): LinkReceivers => receivers),
    clock,
    logger,
  });
  const silentNodes = new SilentNodes({ nodeId, placement, hub, clock });
  const relayServer = new RelayServer({ host: sessions, clock, logger });
  const relayClient = new RelayClient({
    nodeId,
    hub,
    findLinkAddress: async (target) =>
      (await placement.findNode(target).catch(() => undefined))?.linkAddress ?? '',
    isSilent: (target) => silentNodes.isSilent(target),
    giveUpAfterMs: config.FLEET_RESUME_GRACE_MS,
    clock,
    random,
    logger,
  });
  const commands: NodeCommander = new NodeCommander({
    nodeId,
    hub,
    placement,
    handlers: nodeCommandHandlers({
      media,
      status,
      deadlineClock,
      placement,
      beat: () => registrar.beat(),
      migrateRoom: (request) => leaving.migrateRoom(request),
      isDetached: (roomId, peerId) => sessions.isDetached(roomId, peerId),
    }),
  });
  const broadcasters = new BroadcasterRelay({ nodeId, hub, placement, local: media });
  const roomLinks = new RoomLinks({ hub, host: media.sharing, logger });
  const regions = hasRegions
    ? new Regions({
        nodeId,
        region: config.FLEET_REGION,
        urls: regionUrls,
        keys,
        hub,
        placement,
        redis,
        keyPrefix: config.FLEET_REDIS_PREFIX,
        clock,
        random,
        logger,
      })
    : undefined;
  const directory = regions?.directory;
  const receivers: LinkReceivers = { relayServer, relayClient, commands, broadcasters, roomLinks, directory };
  undo.push(() => hub.close());
  const linkPort = await hub.listen();
  undo.push(() => regions?.close());
  metrics.observeLinks(() => ({ ...hub.figures(), lost: relayClient.recoveringCount }));

  const registrar = new NodeRegistrar({
    placement: new HeartbeatDetour({
      nodeId,
      placement,
      isConnected: () => redis.status === 'ready',
      hub,
      commands,
      clock,
      random,
      logger,
    }),
    node: status,
    clock,
    logger,
    nodeId,
    release,
    linkAddress: config.FLEET_LINK_ADDRESS ?? addressOf(config.FLEET_LINK_HOST, linkPort),
    cascades: true,
  });
  undo.push(() => registrar.close());
  const registration = () => ({
    redisUp: redis.status === 'ready',
    heartbeatAgeMs: registrar.heartbeatAgeMs,
  });
  metrics.observeRegistration(() => ({ ...registration(), state: status.state, ready: status.ready }));

  const authenticator =
    config.FLEET_AUTH === 'open' ? new OpenPeerAuthenticator() : new TokenPeerAuthenticator(peerKeys);
  const gateway = new Gateway({
    nodeId,
    authenticator,
    joiner: new Joiner({
      nodeId,
      placement,
      hostOn: (target, address) => (target === nodeId ? sessions : relayClient.hostOn(target, address)),
      isLinked: (target) => hub.find(target) !== undefined,
      directory: new RoomDirectory(),
      isGone: (target, address) => silentNodes.isGone(target, address),
      evidenceAgainstHome: (roomId) => silentNodes.evidenceAgainstHome(roomId),
      expectedPeers: config.FLEET_EXPECTED_PEERS,
      clock,
      random,
      logger,
    }),
    limits: {
      maxConnections: config.FLEET_MAX_CONNECTIONS,
      maxMessageBytes: config.FLEET_MAX_MESSAGE_BYTES,
      messagesPerSecond: config.FLEET_MAX_MESSAGES_PER_SECOND,
      messagesBurst: config.FLEET_MAX_MESSAGES_BURST,
    },
    pingIntervalMs: config.FLEET_PING_INTERVAL_MS,
    joinsPerSecond: config.FLEET_ADMISSION_JOINS_PER_SECOND,
    metrics,
    clock,
    random,
    logger,
  });
  metrics.observeConnections(() => gateway.connectionCount);
  const leaving = new NodeLeaving({
    nodeId,
    status,
    media,
    sessions,
    gateway,
    placement,
    metrics,
    beat: () => registrar.beat(),
    joinsPerSecond: config.FLEET_ADMISSION_JOINS_PER_SECOND,
    clock,
    deadlineClock,
    random,
    logger,
  });
  undo.push(() => leaving.close());

  const app = createHttpApp({ logger });
  undo.push(() => app.close());
  const access: OperatorAccess =
    config.FLEET_AUTH === 'open' && operatorKeys.isEmpty && isLoopback(config.FLEET_LISTEN_HOST)
      ? { kind: 'open-on-loopback' }
      : { kind: 'token', verifyOperator: (header) => operatorVerifier.verifyOperator(header) };
  const operatorVerifier = new OperatorTokenVerifier(operatorKeys);
  await app.register(healthRoutes, {
    nodeId,
    release,
    facts: () => ({
      phase: status.phase,
      state: status.state,
      workersAlive: media.workerPids.length,
      ...registration(),
    }),
  });
  await app.register(metricsRoutes, { metrics, access });
  await app.register(operatorRoutes, { placement, nodes: commands, events: placement, access });
  await app.register(openApiRoutes, { release });
  await app.register(broadcasterRoutes, { broadcasters, authorize: broadcasterAccess(authenticator) });
  const webRoot = config.FLEET_WEB_ROOT;
  if (webRoot !== undefined) {
    await app.register(fastifyStatic, {
      root: resolve(webRoot),
      index: false,
      setHeaders: (reply, path) => {
        // Browsers refuse a module of another site without it. The page itself stays its own.
        if (SDK_FILES.has(basename(path))) void reply.header('access-control-allow-origin', '*');
      },
    });
  }
  await app.register(consoleRoutes, {
    consoleUrl: config.FLEET_CONSOLE_URL,
    page: webRoot === undefined ? undefined : (reply) => reply.sendFile('console/index.html'),
  });
  await app.register(gatewayRoutes, {
    gateway,
    maxMessageBytes: config.FLEET_MAX_MESSAGE_BYTES,
    page: webRoot === undefined ? undefined : (reply) => reply.sendFile('index.html'),
  });
  await regions?.routes(app);
  await app.listen({ host: config.FLEET_LISTEN_HOST, port: config.FLEET_HTTP_PORT });

  const enter = async () => {
    status.started();
    await redisConnected(redis, clock);
    registrar.start();
    // What the node can carry has changed: those who come back at once are placed by it.
    for (const event of ['workerDied', 'workerReplaced'] as const)
      media.on(event, () => void registrar.beat());
    regions?.presence.start();
    await within(registrar.beat(), FIRST_HEARTBEAT_MS, clock);
  };
  if (environment) {
    undo.push(() => environment.close());
    await environment.attach({
      enter,
      drain: (command) => status.drain(command),
      figures: () => {
        const { capacity, measured, rooms, peers } = media.figures();
        const { heartbeatAgeMs } = registrar;
        const totals = metrics.totals();
        const drainFailed = status.drainReport()?.failed ?? false;
        return { state: status.state, drainFailed, capacity, measured, rooms, peers, heartbeatAgeMs, totals };
      },
    });
  } else {
    await enter();
  }

  const parts: NodeParts = {
    media,
    sessions,
    gateway,
    hub,
    relayClient,
    placement,
    registrar,
    status,
    commands,
    broadcasters,
    regions,
    app,
  };
  let closing: Promise<void> | undefined;
  return {
    nodeId,
    httpPort: portOf(app),
    linkPort,
    mediaPorts: await media.mediaPorts(),
    parts,
    close: () => {
      environment?.close();
      return (closing ??= stop({
        ...parts,
        leaving,
        relayServer,
        webhooks,
        redis,
      }));
    },
  };
}

/** Placement first, so that a peer that is told to go is not sent back here. */
async function stop(
  parts: NodeParts & {
    leaving: NodeLeaving;
    relayServer: RelayServer;
    webhooks: WebhookDispatcher;
    redis: Redis;
  },
): Promise<void> {
  const { status, registrar, sessions, gateway, relayClient, relayServer, hub, media, app } = parts;
  const { leaving, webhooks, redis, regions } = parts;
  status.stopping();
  leaving.close();
  await registrar.close();
  sessions.close();
  await gateway.close();
  // Over the links.
  await regions?.close();
  // Together: a recovery waits for a dial, and the hub ends the dials.
  await Promise.all([relayClient.close(), hub.close()]);
  regions?.tunnels.close();
  relayServer.close();
  media.close();
  await Promise.all([app.close(), webhooks.close({ flushMs: WEBHOOK_FLUSH_MS })]);
  redis.disconnect();
}

/** A node starts without Redis too, but one that has it should be known to placement when it says it is ready. */
function redisConnected(redis: Redis, clock: Clock): Promise<void> {
  if (redis.status === 'ready') return Promise.resolve();
  const ready = new Promise<void>((resolve) => redis.once('ready', () => resolve()));
  return within(ready, FIRST_CONNECT_MS, clock);
}

function addressOf(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function portOf(app: FastifyInstance): number {
  const address = app.server.address();
  return typeof address === 'object' && address ? address.port : 0;
}
