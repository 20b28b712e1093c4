import { z } from 'zod';
import type { CloudIdentity } from '../cloud-identity';
import type { ResourceType } from '../ports/resource-type';

const propertiesSchema = z.object({
  Port: z.coerce.number().int().default(6_379),
  AuthToken: z.string().optional(),
});

type Properties = z.infer<typeof propertiesSchema>;

export interface StoreAddress {
  host: string;
  port: number;
}

/** Starts the one Redis, or changes its password. */
export type OpenStore = (options: { port: number; password: string | undefined }) => Promise<StoreAddress>;

export interface ReplicationGroupOptions {
  identity: CloudIdentity;
  openStore: OpenStore;
}

/**
 * ElastiCache: a single Redis process with the template's port and AUTH token. Replicas, failover and TLS are not played,
 * which is why their properties are not inert: they are told at the start.
 */
export function replicationGroupResource({
  identity,
  openStore,
}: ReplicationGroupOptions): ResourceType<Properties> {
  const put: ResourceType<Properties>['create'] = async ({ stackName, logicalId, properties }) => {
    const { host, port } = await openStore({ port: properties.Port, password: properties.AuthToken });
    const id = `${stackName}-${logicalId}`.toLowerCase();
    const { partition, region, account } = identity;
    return {
      ref: id,
      attributes: {
        Arn: `arn:${partition}:elasticache:${region}:${account}:replicationgroup:${id}`,
        'PrimaryEndPoint.Address': host,
        'PrimaryEndPoint.Port': String(port),
        'ReaderEndPoint.Address': host,
        'ReaderEndPoint.Port': String(port),
      },
    };
  };
  return {
    type: 'AWS::ElastiCache::ReplicationGroup',
    properties: propertiesSchema,
    inert: [
      'AtRestEncryptionEnabled',
      'AutoMinorVersionUpgrade',
      'CacheNodeType',
      'CacheParameterGroupName',
      'CacheSubnetGroupName',
      'Engine',
      'EngineVersion',
      'NotificationTopicArn',
      'ReplicationGroupDescription',
      'SecurityGroupIds',
      'SnapshotRetentionLimit',
      'Tags',
      'TransitEncryptionMode',
    ],
    create: put,
    update: put,
  };
}
