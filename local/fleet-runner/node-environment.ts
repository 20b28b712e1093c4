import type { TokenKey } from '../../core/auth/token-key';
import type { FleetOptions } from './fleet-options';

export interface NodeEnvironmentOptions {
  nodeId: string;
  fleet: Pick<FleetOptions, 'auth' | 'capacityMbps' | 'selector' | 'workers'>;
  /** Where the node listens, with all of its ports. */
  host: string;
  redisUrl: string;
  redisPrefix: string;
  workerBin: string;
  /** Folder of the web pages. */
  webRoot: string;
  linkSecret: string;
  tokenKeys: TokenKey[];
  adminTokenKeys: TokenKey[];
  /** How long the node's own graceful stop may take, milliseconds. */
  stopTimeoutMs: number;
}

/** A local node's configuration: the variables of node-app/config.ts. Every port is 0, the system chooses. */
export function nodeEnvironment(options: NodeEnvironmentOptions): Record<string, string> {
  const { fleet } = options;
  return {
    NODE_ENV: 'production',
    FLEET_NODE_ID: options.nodeId,
    FLEET_REDIS_URL: options.redisUrl,
    FLEET_REDIS_PREFIX: options.redisPrefix,
    FLEET_LISTEN_HOST: options.host,
    FLEET_HTTP_PORT: '0',
    FLEET_LINK_HOST: options.host,
    FLEET_LINK_PORT: '0',
    FLEET_LINK_SECRETS: options.linkSecret,
    FLEET_MEDIA_LISTEN_IP: options.host,
    FLEET_MEDIA_PORT_BASE: '0',
    FLEET_WORKERS: String(fleet.workers),
    FLEET_WORKER_BIN: options.workerBin,
    FLEET_AUTH: fleet.auth,
    FLEET_TOKEN_KEYS: JSON.stringify(options.tokenKeys),
    FLEET_ADMIN_TOKEN_KEYS: JSON.stringify(options.adminTokenKeys),
    FLEET_WEB_ROOT: options.webRoot,
    FLEET_STOP_TIMEOUT_MS: String(options.stopTimeoutMs),
    ...(fleet.capacityMbps !== undefined && {
      FLEET_CAPACITY_EGRESS_BPS: String(Math.round(fleet.capacityMbps * 1e6)),
    }),
    ...(fleet.selector && { FLEET_SELECTOR: JSON.stringify(fleet.selector) }),
  };
}
