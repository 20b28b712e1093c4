import { type Filter, ListSecrets$, type ListSecretsCommandInput } from '@aws-sdk/client-secrets-manager';
import { operation, type Operation } from '../../wire/operation';
import { ServiceError } from '../../wire/service-error';
import { stagesByVersion, type Secret } from '../secret';
import type { SecretsManager } from '../secrets-manager';
import { secretOutput } from './secret-output';

/** Pages of at most a hundred; filtered by name or description, as far as filters go here. */
export function listSecrets(secrets: SecretsManager): Operation {
  return operation(
    ListSecrets$,
    ({ Filters = [], MaxResults = 100, NextToken, SortOrder }: ListSecretsCommandInput) => {
      if (MaxResults < 1 || MaxResults > 100) throw invalid('MaxResults must be 1 to 100.');
      const from = NextToken === undefined ? 0 : Number(Buffer.from(NextToken, 'base64').toString());
      if (!Number.isInteger(from) || from < 0) {
        throw new ServiceError('InvalidNextTokenException', 'The NextToken value is invalid.');
      }
      const fitting = secrets.list().filter((secret) => Filters.every((filter) => fits(secret, filter)));
      // The newest first, unless it is asked for.
      const found = SortOrder === 'asc' ? fitting : fitting.reverse();
      const end = from + MaxResults;
      return {
        SecretList: found.slice(from, end).map((secret) => ({
          ...secretOutput(secret),
          SecretVersionsToStages: stagesByVersion(secret),
        })),
        NextToken: end < found.length ? Buffer.from(String(end)).toString('base64') : undefined,
      };
    },
  );
}

/** Names by their beginning; `!` negates (API reference, Filter). */
function fits(secret: Secret, { Key, Values = [] }: Filter): boolean {
  if (Key !== 'name' && Key !== 'description') throw invalid(`the local cloud has no filter ${Key}`);
  const text = Key === 'name' ? secret.name : (secret.description ?? '').toLowerCase();
  return Values.some((value) => {
    const wanted = Key === 'name' ? value : value.toLowerCase();
    return wanted.startsWith('!') ? !text.startsWith(wanted.slice(1)) : text.startsWith(wanted);
  });
}

function invalid(message: string): ServiceError {
  return new ServiceError('InvalidParameterException', message);
}
