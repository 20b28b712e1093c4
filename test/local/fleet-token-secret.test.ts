import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { generateKeyPairSync } from 'node:crypto';
import { KeyRing } from '../../node-app/auth/key-ring';
import { OperatorTokenVerifier } from '../../node-app/auth/operator-token-verifier';
import { TokenPeerAuthenticator } from '../../node-app/auth/peer-authenticator';
import { parseAwsVariables } from '../../node-app/aws/aws-variables';
import { readSecrets } from '../../node-app/aws/fleet-secrets';
import { parseConfig } from '../../node-app/config';
import { systemClock } from '../../node-app/system-clock';
import { AwsEndpoint } from '../helpers/aws-endpoint';
import { FleetCommand } from '../helpers/fleet-command';
import { runFleet } from '../helpers/run-fleet';

const arn = (name: string, region = 'us-east-1') =>
  `arn:aws:secretsmanager:${region}:123456789012:secret:fleet/${name}`;
const PEERS = arn('token-AbCdEf');
const OPERATORS = arn('admin-token-AbCdEf');
const key = (letter: string) => letter.repeat(64);

/** Where no credentials are, whatever the machine has. */
const NO_CREDENTIALS: NodeJS.ProcessEnv = {
  AWS_ACCESS_KEY_ID: undefined,
  AWS_SECRET_ACCESS_KEY: undefined,
  AWS_SESSION_TOKEN: undefined,
  AWS_PROFILE: undefined,
  AWS_WEB_IDENTITY_TOKEN_FILE: undefined,
  AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: undefined,
  AWS_CONTAINER_CREDENTIALS_FULL_URI: undefined,
  AWS_CONFIG_FILE: '/nowhere',
  AWS_SHARED_CREDENTIALS_FILE: '/nowhere',
  AWS_EC2_METADATA_DISABLED: 'true',
};

describe('fleet token --secret-arn', () => {
  let aws: AwsEndpoint;

  beforeEach(async () => {
    aws = await AwsEndpoint.start();
    aws.secrets.set(PEERS, JSON.stringify({ current: key('t'), previous: key('s') }));
    aws.secrets.set(OPERATORS, JSON.stringify({ current: { kid: 'ops', alg: 'HS256', secret: key('a') } }));
  });
  afterEach(() => aws.close());

  const run = (args: string[], env: NodeJS.ProcessEnv = {}) =>
    runFleet(['token', ...args], { ...aws.variables, ...env });

  async function mint(args: string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
    const { status, stdout, stderr } = await run(args, env);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return stdout.trim();
  }

  /** One line and status 1, without anything of a secret. */
  async function refusal(args: string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
    const { status, stdout, stderr } = await run(['--room', 'demo', ...args], env);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).not.toMatch(/tttt|s3cret/);
    return stderr;
  }

  /** The keys that a node has which starts with these secrets. */
  async function keysOfNode() {
    const variables = {
      FLEET_TOKEN_KEYS_SECRET_ARN: PEERS,
      FLEET_ADMIN_TOKEN_KEYS_SECRET_ARN: OPERATORS,
    };
    const client = new SecretsManagerClient({
      region: 'us-east-1',
      endpoint: aws.variables.AWS_ENDPOINT_URL ?? '',
      credentials: { accessKeyId: 'node', secretAccessKey: 'node' },
    });
    try {
      const read = await readSecrets(client, parseAwsVariables(variables), variables);
      const config = parseConfig({ ...variables, ...read });
      return {
        peers: await KeyRing.load(config.FLEET_TOKEN_KEYS, systemClock),
        operators: await KeyRing.load(config.FLEET_ADMIN_TOKEN_KEYS, systemClock),
      };
    } finally {
      client.destroy();
    }
  }

  test('makes a peer token that a node with the same secret accepts, and no operator token', async () => {
    // A variable for other fleets stands back.
    const token = await mint(['--room', 'demo', '--no-publish', '--secret-arn', PEERS], {
      FLEET_TOKEN_KEYS: '[]',
    });
    // Of the ARN, not of AWS_REGION.
    expect(aws.calls).toMatchObject([{ action: 'GetSecretValue', region: 'us-east-1' }]);
    const { peers, operators } = await keysOfNode();
    const grants = new TokenPeerAuthenticator(peers).authenticate({ roomId: 'demo', peerId: 'x', token });
    await expect(grants).resolves.toEqual({ canPublish: false, canSubscribe: true, canPublishData: true });
    await expect(
      new OperatorTokenVerifier(operators).verifyOperator(`Bearer ${token}`),
    ).rejects.toMatchObject({ code: 'FLEET_ERR_TOKEN_INVALID' });
  });

  test('makes an operator token that a node with the same secret accepts', async () => {
    const token = await mint(['--operator', '--subject', 'ops', '--secret-arn', OPERATORS]);
    const { operators } = await keysOfNode();
    await expect(new OperatorTokenVerifier(operators).verifyOperator(`Bearer ${token}`)).resolves.toEqual({
      subject: 'ops',
    });
  });

  test('reads the replica in the region of --region, whose key is the same', async () => {
    aws.secrets.set(arn('token-AbCdEf', 'ap-south-1'), JSON.stringify({ current: key('t') }));
    const token = await mint(['--room', 'demo', '--secret-arn', PEERS, '--region', 'ap-south-1']);
    expect(aws.calls).toMatchObject([{ region: 'ap-south-1' }]);
    expect(JSON.parse(aws.calls[0]?.body ?? '')).toEqual({ SecretId: arn('token-AbCdEf', 'ap-south-1') });
    await expect((await keysOfNode()).peers.verify(token)).resolves.toMatchObject({ room: 'demo' });
  });

  test.each([
    ['AccessDeniedException', 'access denied: your AWS identity needs secretsmanager:GetSecretValue on it'],
    ['ResourceNotFoundException', 'no such secret in this region of this account'],
    ['UnrecognizedClientException', 'AWS does not accept your credentials: sign in again'],
    ['DecryptionFailure', 'DecryptionFailure: said by AWS'],
  ])('%s is one line with what helps', async (type, message) => {
    aws.refusals.set(PEERS, JSON.stringify({ __type: type, message: 'said\n by AWS' }));
    const line = await refusal(['--secret-arn', PEERS]);
    expect(line).toContain(`fleet: can not read ${PEERS}: `);
    expect(line).toContain(message);
  });

  test('an answer that is not JSON is not quoted', async () => {
    aws.refusals.set(PEERS, 's3cret');
    expect(await refusal(['--secret-arn', PEERS])).toContain(`fleet: can not read ${PEERS}: `);
  });

  test('without credentials it says how to get some, and asks for nothing', async () => {
    const line = await refusal(['--secret-arn', PEERS], NO_CREDENTIALS);
    expect(line).toContain('no AWS credentials: sign in with the AWS CLI, or set AWS_PROFILE');
    expect(aws.calls).toEqual([]);
  });

  test('where nothing answers it says so', async () => {
    const gone = await AwsEndpoint.start();
    const { variables } = gone;
    await gone.close();
    // In a process of its own: in jest's sandbox the system's error comes without its code.
    const args = ['token', '--room', 'demo', '--secret-arn', PEERS];
    const { exit, stdout, stderr } = await FleetCommand.run(args, { ...aws.variables, ...variables });
    expect(stderr).toContain('no valid answer of Secrets Manager (ECONNREFUSED)');
    expect({ code: exit.code, stdout }).toEqual({ code: 1, stdout: '' });
  });

  const { publicKey } = generateKeyPairSync('ed25519');
  test.each([
    ['is not JSON', 's3cret', 'does not hold a token key', 'the whole is not valid'],
    ['is too short a key', '{"current":"s3cret"}', 'does not hold a token key', 'current is not valid'],
    ['has other fields', '{"s3cret":"x"}', 'does not hold a token key', 'current is not valid'],
    [
      'is a public key',
      JSON.stringify({
        current: {
          kid: 'issuer',
          alg: 'EdDSA',
          publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
        },
        previous: key('t'),
      }),
      'holds a public key, which can not sign',
      '--key-file',
    ],
  ])('a secret that %s is refused without being shown', async (_case, secret, what, detail) => {
    aws.secrets.set(PEERS, secret);
    const line = await refusal(['--secret-arn', PEERS]);
    expect(line).toContain(`fleet: ${PEERS} ${what}`);
    expect(line).toContain(detail);
  });

  test.each([
    [['--secret-arn', 'fleet/token'], 'It must be the ARN of a secret, such as arn:aws:secretsmanager:'],
    [['--secret-arn', PEERS.replace(':secretsmanager:', ':s3:')], 'It must be the ARN of a secret'],
    [['--secret-arn', `${PEERS}:current::`], 'It must be the ARN of a secret'],
    [['--secret-arn', arn('token', 'evil.example')], 'It must be the ARN of a secret'],
    [['--secret-arn', PEERS, '--key-file', 'x'], "cannot be used with option '--key-file <file>'"],
    [['--secret-arn', PEERS, '--kid', 'x'], "cannot be used with option '--kid <id>'"],
    [['--secret-arn', PEERS, '--region', 'mars'], 'It must be an AWS region such as eu-central-1.'],
    [['--region', 'eu-central-1'], 'fleet: --region belongs to --secret-arn'],
  ])('%j are wrong arguments: one line, status 2, nothing asked for', async (args, message) => {
    const { status, stdout, stderr } = await run(['--room', 'demo', ...args]);
    expect(stderr).toContain(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect({ status, stdout, calls: aws.calls }).toEqual({ status: 2, stdout: '', calls: [] });
  });
});
