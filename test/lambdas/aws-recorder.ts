import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { actionOf } from './sdk-calls';

/** Secrets Manager with one secret. */
export function mockSecrets(text: () => string) {
  const secrets = mockClient(SecretsManagerClient);
  secrets.on(GetSecretValueCommand).callsFake(() => ({ SecretString: text() }));
  return secrets;
}

/** A mocked client, as far as what was sent through it. */
interface Mocked {
  calls(): readonly { args: readonly unknown[] }[];
}

/** What was sent through mocked clients over all tests of a file, as IAM actions. */
export class ActionRecorder {
  readonly #actions = new Set<string>();

  record(service: Parameters<typeof actionOf>[0], mocked: Mocked): void {
    for (const name of sentNames(mocked)) this.#actions.add(actionOf(service, name));
  }

  get actions(): string[] {
    return [...this.#actions].sort();
  }
}

/** Names of the commands that were sent, in order. */
export function sentNames(mocked: Mocked): string[] {
  return mocked.calls().map(({ args: [command] }) => {
    const { constructor } = command as object;
    return constructor.name.replace(/Command$/, '');
  });
}
