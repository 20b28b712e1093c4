import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { parseAwsVariables } from '../../../node-app/aws/aws-variables';
import { readSecrets, readStorePasswords } from '../../../node-app/aws/fleet-secrets';
import { parseConfig } from '../../../node-app/config';
import { keyIdOf, tokenKeysOf } from '../../../core/auth/rotating-secret';

const arn = (name: string) => `arn:aws:secretsmanager:eu-central-1:123456789012:secret:${name}`;
const text = (letter: string) => letter.repeat(64);

describe('secrets of the deployment', () => {
  const client = new SecretsManagerClient({ region: 'eu-central-1' });
  const mock = mockClient(client);
  beforeEach(() => mock.reset());

  const give = (name: string, value: unknown) =>
    mock
      .on(GetSecretValueCommand, { SecretId: arn(name) })
      .resolves({ SecretString: typeof value === 'string' ? value : JSON.stringify(value) });
  const read = (variables: NodeJS.ProcessEnv) => readSecrets(client, parseAwsVariables(variables), variables);

  test('become the variables that they stand for, the value before them second', async () => {
    give('link', { current: text('l'), previous: text('m') });
    give('token', { current: text('t') });
    give('admin', { current: { kid: 'ops', alg: 'HS256', secret: text('a') } });
    give('store', { current: 'p/w:@', previous: 'old' });
    give('hook', { current: text('h') });
    const variables = {
      FLEET_LINK_SECRET_ARN: arn('link'),
      FLEET_TOKEN_KEYS_SECRET_ARN: arn('token'),
      FLEET_ADMIN_TOKEN_KEYS_SECRET_ARN: arn('admin'),
      FLEET_REDIS_SECRET_ARN: arn('store'),
      FLEET_WEBHOOK_SECRET_ARN: arn('hook'),
      FLEET_REDIS_URL: 'rediss://store.example:6380',
    };
    const config = parseConfig({ ...variables, ...(await read(variables)) });
    expect(config.FLEET_LINK_SECRETS).toEqual([text('l'), text('m')]);
    expect(config.FLEET_TOKEN_KEYS).toEqual([{ kid: keyIdOf(text('t')), alg: 'HS256', secret: text('t') }]);
    expect(config.FLEET_ADMIN_TOKEN_KEYS).toEqual([{ kid: 'ops', alg: 'HS256', secret: text('a') }]);
    expect(config.FLEET_WEBHOOK_SECRETS).toEqual([text('h')]);
    expect(decodeURIComponent(new URL(config.FLEET_REDIS_URL).password)).toBe('p/w:@');
    expect(new URL(config.FLEET_REDIS_URL).host).toBe('store.example:6380');
  });

  test('a key keeps its id when it becomes the previous one, and two keys have two', () => {
    const before = tokenKeysOf({ current: text('a') });
    const after = tokenKeysOf({ current: text('b'), previous: text('a') });
    expect(after[1]).toEqual(before[0]);
    expect(after[0]?.kid).not.toBe(after[1]?.kid);
    expect(keyIdOf(text('a'))).toMatch(/^k[0-9a-f]{8}$/);
  });

  test('nothing is asked for that is not named', async () => {
    expect(await read({})).toEqual({});
    expect(mock.calls()).toHaveLength(0);
  });

  test.each([
    ['not json at all', 'at JSON'],
    [{ previous: text('x') }, 'at current'],
    [{ current: text('x'), curent: 'y' }, 'is not {"current", "previous"?}'],
  ])('a secret of another shape stops the start without being shown: %j', async (value, message) => {
    give('link', value);
    const failure = read({ FLEET_LINK_SECRET_ARN: arn('link') });
    await expect(failure).rejects.toMatchObject({ code: 'FLEET_ERR_CONFIG' });
    await expect(failure).rejects.toThrow(message);
    await expect(failure).rejects.not.toThrow(/xxxx|not json/);
  });

  test('a secret that can not be read is worth another try, and says which', async () => {
    mock.on(GetSecretValueCommand).rejects(new Error('AccessDenied'));
    await expect(read({ FLEET_LINK_SECRET_ARN: arn('link') })).rejects.toMatchObject({
      code: 'FLEET_ERR_INTERNAL',
      message: expect.stringContaining('FLEET_LINK_SECRET_ARN') as string,
    });
  });

  test('a value and its secret together are a mistake', async () => {
    give('link', { current: text('l') });
    await expect(read({ FLEET_LINK_SECRET_ARN: arn('link'), FLEET_LINK_SECRETS: text('z') })).rejects.toThrow(
      'FLEET_LINK_SECRETS and FLEET_LINK_SECRET_ARN are both set',
    );
    give('store', { current: 'pw' });
    for (const url of ['rediss://:pw@store:6380', 'unix:///run/redis.sock', undefined]) {
      await expect(
        read({ FLEET_REDIS_SECRET_ARN: arn('store'), FLEET_REDIS_URL: url }),
      ).rejects.toMatchObject({ code: 'FLEET_ERR_CONFIG' });
    }
  });

  test('the passwords of the store come newest first', async () => {
    give('store', { current: 'new', previous: 'old' });
    expect(await readStorePasswords(client, arn('store'))).toEqual(['new', 'old']);
  });
});
