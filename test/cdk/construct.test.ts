import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { MediasoupFleet, type MediasoupFleetProps } from '../../lib';
import { EU, makeImageBundle, ROOT, testContext, US } from '../helpers/synthesize-fleet';

const DOMAIN = { name: 'calls.example.com', hostedZoneId: 'Z0123456789EXAMPLE' };
const ZONES = ['eu-central-1a', 'eu-central-1b'];

let imageBundle: string;
let outdir: string;
beforeAll(() => {
  imageBundle = makeImageBundle();
  outdir = mkdtempSync(join(tmpdir(), 'fleet-cdk-out-'));
  // Whoever calls Docker gets no further.
  mkdirSync(join(outdir, 'bin'));
  writeFileSync(join(outdir, 'bin', 'docker'), '#!/bin/sh\nexit 97\n', { mode: 0o755 });
});
afterAll(() => {
  for (const dir of [imageBundle, outdir]) rmSync(dir, { recursive: true, force: true });
});

function synthesize(
  props: Partial<MediasoupFleetProps> = {},
  env: { region?: string } = { region: 'eu-central-1' },
): Template {
  const app = new App({ context: testContext(), outdir });
  const stack = new Stack(app, 'Calls', { env });
  new MediasoupFleet(stack, 'Fleet', { domain: DOMAIN, availabilityZones: ZONES, imageBundle, ...props });
  return Template.fromStack(stack);
}

describe("a team's own stack", () => {
  test('gets the whole fleet by one construct', () => {
    const template = synthesize();
    for (const type of [
      'AWS::EC2::VPC',
      'AWS::ElastiCache::ReplicationGroup',
      'AWS::ImageBuilder::Image',
      'AWS::AutoScaling::AutoScalingGroup',
      'AWS::ElasticLoadBalancingV2::LoadBalancer',
      'AWS::CloudWatch::Dashboard',
    ]) {
      template.resourceCountIs(type, 1);
    }
  });

  test('must name its region', () => {
    expect(() => synthesize({}, {})).toThrow(/must name its region/);
  });

  test('hears of a wrong setting by its path', () => {
    expect(() => synthesize({ nodes: { min: 30, max: 20 } })).toThrow(
      'regions.0.nodes: min 30 is above max 20',
    );
  });

  test('hears of a folder that is no image bundle', () => {
    expect(() => synthesize({ imageBundle: outdir })).toThrow(/imageBundle: .* is not an image bundle/);
  });
});

/** Runs a command without credentials, without a metadata service and without Docker. Gives what it printed, or threw. */
function run(
  command: string,
  args: string[],
  env: Record<string, string>,
): { status: number; output: string } {
  try {
    const output = execFileSync(command, args, {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 200_000,
      env: {
        PATH: `${join(outdir, 'bin')}:${process.env['PATH']}`,
        HOME: outdir,
        AWS_EC2_METADATA_DISABLED: 'true',
        ...env,
      },
    });
    return { status: 0, output };
  } catch (error) {
    const { status, stdout, stderr } = error as { status: number; stdout: string; stderr: string };
    return { status, output: `${stdout}${stderr}` };
  }
}

describe('as a person runs it', () => {
  test("README's example of the construct compiles and synthesizes", () => {
    const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
    const example = /```ts\n(?=[^`]*MediasoupFleet\()([^`]+)```/.exec(readme)?.[1];
    if (!example) throw new Error('the README shows no construct');
    // Inside the package, so that its own name leads to it as it does from a node_modules folder.
    const file = join(ROOT, 'dist', `readme-example-${process.pid}.ts`);
    writeFileSync(file, example);
    try {
      const compiled = run(
        process.execPath,
        [
          require.resolve('typescript/bin/tsc'),
          '--noEmit',
          '--ignoreConfig',
          '--strict',
          '--skipLibCheck',
          '--types',
          'node',
          '--target',
          'es2023',
          '--module',
          'nodenext',
          '--esModuleInterop',
          file,
        ],
        {},
      );
      expect(compiled).toEqual({ status: 0, output: '' });
      const { status, output } = run(process.execPath, ['--require', 'tsx/cjs', file], {
        CDK_OUTDIR: join(outdir, 'readme'),
        CDK_CONTEXT_JSON: JSON.stringify(testContext()),
      });
      expect({ status, output: status === 0 ? '' : output }).toEqual({ status: 0, output: '' });
      const manifest = readFileSync(join(outdir, 'readme', 'manifest.json'), 'utf8');
      expect(manifest).toContain('aws:cloudformation:stack');
    } finally {
      rmSync(file, { force: true });
    }
  });

  test('the default app synthesizes with its Lambdas, without credentials', () => {
    const { status, output } = run(process.execPath, ['--require', 'tsx/cjs', 'bin/app.ts'], {
      CDK_OUTDIR: join(outdir, 'default'),
      CDK_CONTEXT_JSON: JSON.stringify({
        ...testContext({ validated: true }),
        'aws:cdk:bundling-stacks': undefined,
      }),
    });
    expect({ status, output: status === 0 ? '' : output }).toEqual({ status: 0, output: '' });
    const manifest = readFileSync(join(outdir, 'default', 'manifest.json'), 'utf8');
    expect(JSON.parse(manifest)).not.toHaveProperty('missing');
  });

  test('a wrong config stops synthesis with one line for each mistake, and makes no template', () => {
    const file = join(outdir, 'wrong.config.ts');
    writeFileSync(
      file,
      `import { defineFleet } from '${join(ROOT, 'lib')}';
export default defineFleet({ regions: [{ name: 'eu-central-9', availabilityZones: ['eu-central-9a', 'eu-central-9b'] }], domain: { name: 'calls.example.com' } });\n`,
    );
    const cdkOut = join(outdir, 'wrong');
    const { status, output } = run(process.execPath, ['--require', 'tsx/cjs', 'bin/app.ts'], {
      CDK_OUTDIR: cdkOut,
      CDK_CONTEXT_JSON: JSON.stringify({ ...testContext(), config: file }),
    });
    expect(status).toBe(1);
    expect(output.trim().split('\n')).toEqual([
      'regions.0.name: eu-central-9 is not an AWS region',
      'domain: give hostedZoneId, or certificateArn of an existing certificate',
    ]);
    expect(() => readFileSync(join(cdkOut, 'manifest.json'))).toThrow();
  });

  test('`fleet config check` prints the config, the resources of each stack and the monthly floor', () => {
    const file = join(outdir, 'two.config.ts');
    writeFileSync(
      file,
      `import { defineFleet } from '${join(ROOT, 'lib')}';
export default defineFleet({ regions: ${JSON.stringify([EU, US])}, domain: ${JSON.stringify(DOMAIN)} });\n`,
    );
    const args = ['--require', 'tsx/cjs', 'bin/fleet.ts', 'config', 'check', '--config', file];
    const { status, output } = run(process.execPath, args, {});
    expect(status).toBe(0);
    expect(output).toContain('"scaleOutUtilization": 0.65');
    expect(output).toContain('1  AWS::AutoScaling::AutoScalingGroup');
    const stacks = [...output.matchAll(/^(.+\/.+): \d+ resources?$/gm)].map(([, path]) => path);
    expect(stacks).toEqual([
      ...['network', 'secrets', 'store', 'fleet', 'observability'].map((name) => `eu-central-1/${name}`),
      ...['network', 'store', 'fleet', 'observability'].map((name) => `us-east-1/${name}`),
    ]);
    expect(output).toMatch(/eu-central-1: at least \d{3} US dollars a month/);
    expect(output).toMatch(/all regions: at least \d{3} US dollars a month/);
  });

  test('`fleet config check` refuses a config that is not there in one line', () => {
    const args = ['--require', 'tsx/cjs', 'bin/fleet.ts', 'config', 'check', '--config', 'nowhere.config.ts'];
    expect(run(process.execPath, args, {})).toEqual({
      status: 1,
      output: 'fleet: nowhere.config.ts does not exist\n',
    });
  });
});
