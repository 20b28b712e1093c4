import { join } from 'node:path';
import { formatClockSpeed, type ClockSpeed } from '../../core/scaled-clock';
import { NODE_STOP_TIMEOUT_MS, type BootedInstance } from '../cloud/ec2/local-machine';
import type { FleetOptions } from './fleet-options';

export interface InstanceEnvironmentOptions {
  instance: BootedInstance;
  fleet: Pick<FleetOptions, 'auth' | 'selector' | 'workers' | 'webRoot'>;
  /** What nodes inherit: PATH, and what the user set of the fleet's own configuration. */
  inherited: NodeJS.ProcessEnv;
  /** How an SDK client reaches the local cloud. */
  access: Readonly<Record<string, string>>;
  store: { host: string; port: number };
  workerBin: string;
  clockSpeed: ClockSpeed;
  consoleUrl: string | undefined;
}

/**
 * A local instance's node: what the template's user data wrote, and in its place only what is another thing on one machine:
 * addresses and ports, the worker's path, a store without TLS.
 */
export function instanceEnvironment(options: InstanceEnvironmentOptions): NodeJS.ProcessEnv {
  const { instance, fleet, store, clockSpeed, consoleUrl } = options;
  const { host, ports } = instance.address;
  const packets = options.inherited.FLEET_CAPACITY_PACKETS_PER_SECOND;
  const variables = { ...instance.userDataVariables };
  if (fleet.auth === 'open') {
    // Whoever reaches the port may do everything, operators' work too.
    delete variables.FLEET_TOKEN_KEYS_SECRET_ARN;
    delete variables.FLEET_ADMIN_TOKEN_KEYS_SECRET_ARN;
  }
  return {
    ...withoutAws(options.inherited),
    ...variables,
    ...options.access,
    NODE_ENV: 'production',
    AWS_EC2_METADATA_SERVICE_ENDPOINT: instance.metadataUrl,
    FLEET_AUTH: fleet.auth,
    FLEET_REDIS_URL: `redis://${store.host}:${store.port}`,
    FLEET_LISTEN_HOST: host,
    FLEET_HTTP_PORT: String(ports.http),
    FLEET_LINK_HOST: host,
    FLEET_LINK_PORT: String(ports.link),
    FLEET_MEDIA_LISTEN_IP: host,
    FLEET_MEDIA_PORT_BASE: String(ports.mediaBase),
    FLEET_WORKERS: String(fleet.workers),
    FLEET_WORKER_BIN: options.workerBin,
    FLEET_WEB_ROOT: fleet.webRoot ?? join(instance.imageFolder, 'app', 'web'),
    FLEET_STOP_TIMEOUT_MS: String(NODE_STOP_TIMEOUT_MS),
    // For trying how rooms spread over workers; the template's alarms go on reckoning with their own number.
    ...(packets && { FLEET_CAPACITY_PACKETS_PER_SECOND: packets }),
    // All instances share this machine's interfaces.
    FLEET_EGRESS_INTERFACES: '',
    ...(clockSpeed.speed !== 1 && { FLEET_CLOCK: formatClockSpeed(clockSpeed) }),
    ...(fleet.selector && { FLEET_SELECTOR: JSON.stringify(fleet.selector) }),
    ...(consoleUrl !== undefined && { FLEET_CONSOLE_URL: consoleUrl }),
  };
}

/** The user's own account, profile and region have no say here. */
function withoutAws(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('AWS_')));
}
