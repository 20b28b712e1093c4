import type { CloudIdentity } from '../cloud-identity';
import { hexOf } from '../hex-of';

/** Whose id it is. */
export interface ResourceName {
  identity: CloudIdentity;
  stackName: string;
  logicalId: string;
}

/**
 * Characters that look as random as AWS' and are the same in each run, so that what a run shows can be compared with the
 * one before.
 * @param length at most 64
 */
export function stableHex({ identity, stackName, logicalId }: ResourceName, length: number): string {
  return hexOf([identity.account, identity.region, stackName, logicalId].join('/'), length);
}

/** As CloudFormation names what has no name: `stack-LogicalId-1A2B3C4D5E6F`. */
export function generatedName(name: ResourceName, maxLength = 64): string {
  const suffix = `-${stableHex(name, 12).toUpperCase()}`;
  return `${name.stackName}-${name.logicalId}`.slice(0, maxLength - suffix.length) + suffix;
}

export function stackIdOf(identity: CloudIdentity, stackName: string): string {
  const hex = stableHex({ identity, stackName, logicalId: '' }, 32);
  const uuid = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  const { partition, region, account } = identity;
  return `arn:${partition}:cloudformation:${region}:${account}:stack/${stackName}/${uuid}`;
}
