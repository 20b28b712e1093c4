import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { startContractServices, type ContractServices } from '../contract-services';

// On a real account the secrets stay until somebody deletes them: their names begin with fleet-contract-.
let services: ContractServices;
let client: SecretsManagerClient;
beforeAll(async () => {
  services = await startContractServices();
  client = new SecretsManagerClient(services.settings);
});
afterAll(async () => {
  client.destroy();
  await services.close();
});

let count = 0;
async function create(SecretString: string | undefined = 'first'): Promise<{ Name: string; ARN: string }> {
  count += 1;
  const Name = `${services.prefix}/secret-${count}`;
  const { ARN = '' } = await client.send(
    new CreateSecretCommand({ Name, SecretString, Description: 'of a test' }),
  );
  return { Name, ARN };
}
const get = (SecretId: string, more: object = {}) =>
  client.send(new GetSecretValueCommand({ SecretId, ...more }));

test('a secret is read by name, by ARN and by partial ARN', async () => {
  const { Name, ARN } = await create();
  expect(ARN).toMatch(
    new RegExp(`^arn:aws:secretsmanager:[a-z0-9-]+:\\d{12}:secret:${Name}-[A-Za-z0-9]{6}$`),
  );
  for (const id of [Name, ARN, ARN.slice(0, -7)]) {
    const value = await get(id);
    expect(value).toMatchObject({ ARN, Name, SecretString: 'first', VersionStages: ['AWSCURRENT'] });
    expect(value.CreatedDate).toBeInstanceOf(Date);
  }
});

test('a new value is current and the one before it previous', async () => {
  const { Name, ARN } = await create();
  const first = await get(Name);
  const put = await client.send(new PutSecretValueCommand({ SecretId: Name, SecretString: 'second' }));
  expect(put).toMatchObject({ ARN, Name, VersionStages: ['AWSCURRENT'] });
  await client.send(
    new PutSecretValueCommand({ SecretId: ARN, SecretString: 'next', VersionStages: ['AWSPENDING'] }),
  );

  expect(await get(Name)).toMatchObject({ SecretString: 'second', VersionId: put.VersionId });
  expect(await get(Name, { VersionStage: 'AWSPREVIOUS' })).toMatchObject({ SecretString: 'first' });
  expect(await get(Name, { VersionStage: 'AWSPENDING' })).toMatchObject({ SecretString: 'next' });
  expect(await get(Name, { VersionId: first.VersionId })).toMatchObject({ SecretString: 'first' });
  const { VersionIdsToStages } = await client.send(new DescribeSecretCommand({ SecretId: Name }));
  expect(VersionIdsToStages).toMatchObject({
    [first.VersionId ?? '']: ['AWSPREVIOUS'],
    [put.VersionId ?? '']: ['AWSCURRENT'],
  });
});

test('the same token with the same value is one version, and with another it is refused', async () => {
  const { Name } = await create();
  const put = (SecretString: string) =>
    client.send(
      new PutSecretValueCommand({
        SecretId: Name,
        SecretString,
        ClientRequestToken: '01234567-89ab-cdef-0123-456789abcdef',
      }),
    );
  expect((await put('a')).VersionId).toBe((await put('a')).VersionId);
  await expect(put('b')).rejects.toMatchObject({ name: 'ResourceExistsException' });
});

test('a label moves on request, and only from where it is', async () => {
  const { Name } = await create();
  const first = await get(Name);
  const second = await client.send(new PutSecretValueCommand({ SecretId: Name, SecretString: 'second' }));
  const move = (RemoveFromVersionId?: string) =>
    client.send(
      new UpdateSecretVersionStageCommand({
        SecretId: Name,
        VersionStage: 'AWSCURRENT',
        MoveToVersionId: first.VersionId,
        RemoveFromVersionId,
      }),
    );
  await expect(move()).rejects.toMatchObject({ name: 'InvalidParameterException' });
  await move(second.VersionId);
  expect(await get(Name)).toMatchObject({ SecretString: 'first' });
  expect(await get(Name, { VersionStage: 'AWSPREVIOUS' })).toMatchObject({ SecretString: 'second' });
});

test('bytes come back as they are', async () => {
  const { Name } = await create();
  const SecretBinary = Uint8Array.from([0, 255, 10]);
  await client.send(new PutSecretValueCommand({ SecretId: Name, SecretBinary }));
  const value = await get(Name);
  expect([...(value.SecretBinary ?? [])]).toEqual([0, 255, 10]);
  expect(value.SecretString).toBeUndefined();
});

test('secrets are listed, by the beginning of their names', async () => {
  const { Name, ARN } = await create();
  const { SecretList } = await client.send(
    new ListSecretsCommand({ Filters: [{ Key: 'name', Values: [Name] }] }),
  );
  expect(SecretList).toMatchObject([{ Name, ARN, Description: 'of a test' }]);
});

test('what is not there is not found', async () => {
  const { Name } = await create();
  const message = "Secrets Manager can't find the specified secret.";
  const missing = { name: 'ResourceNotFoundException', message };
  const nobody = `${services.prefix}/nobody`;
  await expect(get(nobody)).rejects.toMatchObject(missing);
  await expect(client.send(new DescribeSecretCommand({ SecretId: nobody }))).rejects.toMatchObject(missing);
  await expect(
    client.send(new PutSecretValueCommand({ SecretId: nobody, SecretString: 'x' })),
  ).rejects.toMatchObject(missing);
  await expect(get(Name, { VersionStage: 'AWSPENDING' })).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
    message: expect.stringContaining('staging label: AWSPENDING') as unknown,
  });
});

test('a name is given once', async () => {
  const { Name } = await create();
  await expect(client.send(new CreateSecretCommand({ Name, SecretString: 'x' }))).rejects.toMatchObject({
    name: 'ResourceExistsException',
  });
});
