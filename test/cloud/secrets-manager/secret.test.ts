import {
  generateSecretString,
  generateSecretStringSchema,
} from '../../../local/cloud/secrets-manager/generate-secret-string';
import { SecretType } from '../../../local/cloud/secrets-manager/resources/secret';
import { SecretsManager } from '../../../local/cloud/secrets-manager/secrets-manager';
import { ManualClock } from '../../helpers/manual-clock';

const IDENTITY = { region: 'eu-central-1', account: '123456789012', partition: 'aws' };
const generate = (options: object): string => generateSecretString(generateSecretStringSchema.parse(options));

test.each<[string, object, RegExp]>([
  ['defaults', {}, /^[!-~]{32}$/],
  ['no punctuation', { ExcludePunctuation: true, PasswordLength: '64' }, /^[A-Za-z0-9]{64}$/],
  ['text for booleans', { ExcludePunctuation: 'true', ExcludeUppercase: 'true' }, /^[a-z0-9]{32}$/],
  ['digits only', { ExcludeLowercase: true, ExcludeUppercase: true, ExcludePunctuation: true }, /^\d{32}$/],
  ['a space at least', { IncludeSpace: true, PasswordLength: 5 }, / /],
  ['excluded characters', { ExcludePunctuation: true, ExcludeCharacters: 'abc012' }, /^[^abc012]{32}$/],
])('a generated secret: %s', (_what, options, expected) => {
  for (let time = 0; time < 20; time += 1) expect(generate(options)).toMatch(expected);
});

test('a generated secret has every type of character, and is never the same', () => {
  for (let time = 0; time < 50; time += 1) {
    const secret = generate({ PasswordLength: 4 });
    for (const type of [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/]) expect(secret).toMatch(type);
  }
  expect(generate({})).not.toBe(generate({}));
});

test('a generated secret can be a key of a JSON object', () => {
  const text = generate({ SecretStringTemplate: '{"user":"x"}', GenerateStringKey: 'current' });
  expect(JSON.parse(text)).toEqual({ user: 'x', current: expect.stringMatching(/^.{32}$/) as unknown });
});

test.each<[string, object]>([
  [
    'nothing left',
    {
      ExcludeCharacters: 'a',
      ExcludeUppercase: true,
      ExcludeNumbers: true,
      ExcludePunctuation: true,
      ExcludeLowercase: true,
    },
  ],
  ['too short for all types', { PasswordLength: 3 }],
  ['a key without a template', { GenerateStringKey: 'x' }],
])('a secret can not be generated with %s', (_what, options) => {
  expect(() => generate(options)).toThrow(RangeError);
});

test('a resource keeps its value until what it is made of changes', () => {
  const secrets = new SecretsManager({ identity: IDENTITY, clock: new ManualClock() });
  const type = new SecretType({ identity: IDENTITY, secrets });
  const input = (properties: object) => ({
    stackName: 'store',
    logicalId: 'Secret',
    properties: type.properties.parse(properties),
    updatePolicy: undefined,
  });
  const first = input({ GenerateSecretString: {}, Description: 'a' });
  const { ref } = type.create(first);
  expect(ref).toMatch(/^arn:aws:secretsmanager:eu-central-1:123456789012:secret:Secret-[0-9A-F]{12}-\w{6}$/);
  const text = () => secrets.version(ref, {}).version.text;
  const before = text();

  const described = input({ GenerateSecretString: {}, Description: 'b' });
  expect(type.update(described, first).ref).toBe(ref);
  expect(text()).toBe(before);
  expect(secrets.find(ref).description).toBe('b');

  const longer = input({ GenerateSecretString: { PasswordLength: 40 } });
  type.update(longer, described);
  expect(text()).toHaveLength(40);
  expect(secrets.version(ref, { stage: 'AWSPREVIOUS' }).version.text).toBe(before);

  const named = input({ Name: 'fleet/link', SecretString: 'given' });
  expect(type.update(named, longer).ref).toMatch(/:secret:fleet\/link-\w{6}$/);
  expect(() => secrets.find(ref)).toThrow("can't find the specified secret");
  expect(secrets.version('fleet/link', {}).version.text).toBe('given');
  type.remove(named);
  expect(() => secrets.find('fleet/link')).toThrow("can't find the specified secret");
});
