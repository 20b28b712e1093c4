import {
  DeleteParameterCommand,
  GetParameterCommand,
  GetParametersByPathCommand,
  GetParametersCommand,
  PutParameterCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { startContractServices, type ContractServices } from '../contract-services';

let services: ContractServices;
let client: SSMClient;
let path: string;
beforeAll(async () => {
  services = await startContractServices();
  client = new SSMClient(services.settings);
  path = `/${services.prefix}`;
});
afterAll(async () => {
  client.destroy();
  await services.close();
});

const put = (Name: string, Value: string, more: object = {}) =>
  client.send(new PutParameterCommand({ Name, Value, Type: 'String', ...more }));

test('a parameter lives: put, read, overwritten, deleted', async () => {
  const Name = `${path}/one`;
  expect(await put(Name, 'a')).toMatchObject({ Version: 1 });
  const { Parameter } = await client.send(new GetParameterCommand({ Name }));
  expect(Parameter).toMatchObject({ Name, Value: 'a', Type: 'String', Version: 1, DataType: 'text' });
  expect(Parameter?.ARN).toMatch(new RegExp(`^arn:aws:ssm:[a-z0-9-]+:\\d{12}:parameter${Name}$`));
  expect(Parameter?.LastModifiedDate).toBeInstanceOf(Date);
  await expect(put(Name, 'b')).rejects.toMatchObject({ name: 'ParameterAlreadyExists' });
  expect(await put(Name, 'b', { Overwrite: true })).toMatchObject({ Version: 2 });
  expect(await client.send(new GetParameterCommand({ Name: `${Name}:2` }))).toMatchObject({
    Parameter: { Value: 'b' },
  });
  await expect(client.send(new GetParameterCommand({ Name: `${Name}:9` }))).rejects.toMatchObject({
    name: 'ParameterVersionNotFound',
  });

  await client.send(new DeleteParameterCommand({ Name }));
  await expect(client.send(new GetParameterCommand({ Name }))).rejects.toMatchObject({
    name: 'ParameterNotFound',
  });
  await expect(client.send(new DeleteParameterCommand({ Name }))).rejects.toMatchObject({
    name: 'ParameterNotFound',
  });
});

test('several are read at once, and what is not there is named', async () => {
  const Name = `${path}/several`;
  await put(Name, 'x');
  const answer = await client.send(new GetParametersCommand({ Names: [Name, `${path}/nobody`] }));
  expect(answer.Parameters).toMatchObject([{ Name, Value: 'x' }]);
  expect(answer.InvalidParameters).toEqual([`${path}/nobody`]);
  await client.send(new DeleteParameterCommand({ Name }));
});

test('a secure string is readable only decrypted', async () => {
  const Name = `${path}/secure`;
  await put(Name, 'hidden', { Type: 'SecureString' });
  const sealed = await client.send(new GetParameterCommand({ Name }));
  expect(sealed.Parameter).toMatchObject({ Type: 'SecureString' });
  expect(sealed.Parameter?.Value).not.toContain('hidden');
  const open = await client.send(new GetParameterCommand({ Name, WithDecryption: true }));
  expect(open.Parameter).toMatchObject({ Value: 'hidden' });
  await client.send(new DeleteParameterCommand({ Name }));
});

test('a path is listed with its children, or all below, page by page', async () => {
  const names = ['a', 'b', 'c/d'].map((end) => `${path}/tree/${end}`);
  for (const name of names) await put(name, 'x');
  const list = (more: object) =>
    client.send(new GetParametersByPathCommand({ Path: `${path}/tree`, ...more }));
  const namesOf = ({ Parameters = [] }: { Parameters?: { Name?: string }[] }) =>
    Parameters.map(({ Name }) => Name).sort();

  expect(namesOf(await list({}))).toEqual(names.slice(0, 2));
  expect(namesOf(await list({ Recursive: true }))).toEqual(names);
  const first = await list({ Recursive: true, MaxResults: 2 });
  const second = await list({ Recursive: true, MaxResults: 2, NextToken: first.NextToken });
  expect([...namesOf(first), ...namesOf(second)].sort()).toEqual(names);
  for (const Name of names) await client.send(new DeleteParameterCommand({ Name }));
});

test("Debian's images are public", async () => {
  const Name = '/aws/service/debian/release/13/latest/arm64';
  const { Parameter } = await client.send(new GetParameterCommand({ Name }));
  expect(Parameter?.Value).toMatch(/^ami-[0-9a-f]{17}$/);
});

test('a name of AWS is refused', async () => {
  await expect(put('/aws/mine', 'x')).rejects.toMatchObject({ name: 'ValidationException' });
});
