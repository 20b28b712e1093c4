import type { SecretListEntry } from '@aws-sdk/client-secrets-manager';
import type { Secret } from '../secret';

/** What Describe and List have in common. */
export function secretOutput(secret: Secret): SecretListEntry {
  return {
    ARN: secret.arn,
    Name: secret.name,
    Description: secret.description,
    CreatedDate: new Date(secret.createdAtMs),
    LastChangedDate: new Date(secret.changedAtMs),
    // "The date … without the time."
    LastAccessedDate:
      secret.accessedAtMs === undefined
        ? undefined
        : new Date(new Date(secret.accessedAtMs).setUTCHours(0, 0, 0, 0)),
  };
}
