import { rotatingKeySchema, tokenKeysOf } from '../../core/auth/rotating-secret';
import { KeyRing } from '../../node-app/auth/key-ring';
import { systemClock } from '../../node-app/system-clock';
import { AwsEndpoint } from '../helpers/aws-endpoint';
import { FleetCommand } from '../helpers/fleet-command';

const ARN = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:fleet/token-AbCdEf';
const SECRET = JSON.stringify({ current: 'k'.repeat(40) });

describe('fleet token --secret-arn', () => {
  let aws: AwsEndpoint;

  beforeAll(async () => {
    aws = await AwsEndpoint.start();
    aws.secrets.set(ARN, SECRET);
    aws.secrets.set(`${ARN}x`, JSON.stringify({ current: 'short' }));
  });

  afterAll(() => aws.close());

  const token = (...args: string[]) => FleetCommand.run(['token', ...args], aws.variables);

  test('a node with the same secret accepts what it mints', async () => {
    const { stdout, exit } = await token('--room', 'standup', '--secret-arn', ARN);

    expect(exit.code).toBe(0);
    const keys = await KeyRing.load(tokenKeysOf(rotatingKeySchema.parse(JSON.parse(SECRET))), systemClock);
    const payload = await keys.verify(stdout.trim());
    expect(payload).toMatchObject({ room: 'standup' });
    expect(aws.callsOf('GetSecretValue')[0]?.region).toBe('eu-central-1');
  });

  test('what can not be used is said in one line, without the secret', async () => {
    const cases: [string[], number, RegExp][] = [
      [['--secret-arn', 'not-an-arn'], 2, /must be the ARN of a secret/],
      [['--secret-arn', `${ARN}y`], 1, /no such secret/],
      [['--secret-arn', `${ARN}x`], 1, /does not hold a token key/],
      [['--secret-arn', ARN, '--key-file', 'keys.json'], 2, /cannot be used with/],
      [['--region', 'eu-west-1'], 2, /belongs to --secret-arn/],
    ];
    for (const [args, code, message] of cases) {
      const { stdout, stderr, exit } = await token('--room', 'standup', ...args);
      expect(exit.code).toBe(code);
      expect(stderr).toMatch(message);
      expect(stderr.trim().split('\n')).toHaveLength(1);
      expect(stdout + stderr).not.toMatch(/short|kkkk/);
    }
  });
});
