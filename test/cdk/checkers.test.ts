import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CfnGuardValidator } from '@cdklabs/cdk-validator-cfnguard';
import { App, CfnResource, Stack, Validations } from 'aws-cdk-lib';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { FleetConfigInput } from '../../core/deployment/fleet-config-schema';
import { MediasoupFleet } from '../../lib';
import { buildFleetApp } from '../../lib/fleet-app';
import { EU, makeImageBundle, ONE_REGION, testContext, US } from '../helpers/synthesize-fleet';

interface Report {
  pluginReports: {
    pluginName: string;
    violations: { ruleName: string; description: string }[];
    suppressedViolations?: { reason?: string }[];
  }[];
}

interface Findings {
  /** Errors and warnings that nobody acknowledged. */
  open: string[];
  /** Those acknowledged without a reason. */
  unexplained: number;
}

/** Synthesizes with all checkers on. */
function findings(build: (app: App, imageBundle: string) => void): Findings {
  const outdir = mkdtempSync(join(tmpdir(), 'fleet-cdk-out-'));
  const imageBundle = makeImageBundle();
  try {
    const app = new App({ context: testContext({ validated: true }), outdir });
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new CfnGuardValidator());
    build(app, imageBundle);
    try {
      app.synth();
    } catch (error) {
      if (!(error instanceof Error) || !error.message.includes('validation-report.json')) throw error;
    }
    const report = JSON.parse(readFileSync(join(outdir, 'validation-report.json'), 'utf8')) as Report;
    const suppressed = report.pluginReports.flatMap(({ suppressedViolations = [] }) => suppressedViolations);
    return {
      open: report.pluginReports.flatMap(({ pluginName, violations }) =>
        violations.map(({ ruleName, description }) => `${pluginName} ${ruleName}: ${description}`),
      ),
      unexplained: suppressed.filter(({ reason = '' }) => reason.length < 20).length,
    };
  } finally {
    rmSync(outdir, { recursive: true, force: true });
    rmSync(imageBundle, { recursive: true, force: true });
  }
}

const fleet = (config: Partial<FleetConfigInput>) => (app: App, imageBundle: string) =>
  void buildFleetApp({ scope: app, config: { ...ONE_REGION, ...config }, imageBundle, deploymentId: 'test' });

const EVERYTHING: Partial<FleetConfigInput> = {
  regions: [EU, US],
  account: '123456789012',
  nodes: { instanceTypes: ['c7gn.large', 'c8gn.large'], spot: {}, warmPool: {} },
  scaling: { scheduledFloors: [{ name: 'morning', cron: '30 7 * * MON-FRI', min: 8 }] },
  alarms: { email: 'oncall@example.com' },
};

const NOTHING: Findings = {
  open: [],
  unexplained: 0,
};

describe("cdk-nag, cfn-guard and CloudFormation's own rules", () => {
  test('find nothing in the default fleet that is not acknowledged with a reason', () => {
    expect(findings(fleet({}))).toEqual(NOTHING);
  });

  test('find nothing in a fleet with everything', () => {
    expect(findings(fleet(EVERYTHING))).toEqual(NOTHING);
  });

  test("find nothing in a fleet inside a team's own VPC", () => {
    const zones = EU.availabilityZones.slice(0, 2);
    const found = findings((app, imageBundle) => {
      const stack = new Stack(app, 'Calls', { env: { region: EU.name } });
      const vpc = Vpc.fromVpcAttributes(stack, 'Vpc', {
        vpcId: 'vpc-0c0c0c0c',
        vpcCidrBlock: '10.1.0.0/16',
        availabilityZones: zones,
        publicSubnetIds: ['subnet-0a0a0a0a', 'subnet-0b0b0b0b'],
        publicSubnetRouteTableIds: ['rtb-0d0d0d0d', 'rtb-0d0d0d0d'],
        isolatedSubnetIds: ['subnet-1a1a1a1a', 'subnet-1b1b1b1b'],
        isolatedSubnetRouteTableIds: ['rtb-1d1d1d1d', 'rtb-1d1d1d1d'],
      });
      new MediasoupFleet(stack, 'Fleet', {
        domain: ONE_REGION.domain,
        availabilityZones: zones,
        network: { vpc },
        imageBundle,
      });
    });
    expect(found).toEqual(NOTHING);
  });

  test('do find what is wrong', () => {
    const { open } = findings((app) => {
      const stack = new Stack(app, 'Stack');
      new sqs.Queue(stack, 'Queue');
      new CfnResource(stack, 'Wrong', { type: 'AWS::SQS::Queue', properties: { VisibilityTimeout: 'soon' } });
    });
    expect(open.some((finding) => finding.startsWith('AwsSolutions '))).toBe(true);
    expect(open.some((finding) => finding.startsWith('cdk-validator-cfnguard '))).toBe(true);
    expect(open.some((finding) => finding.startsWith('CloudFormation Validate '))).toBe(true);
  });

  test('cfn-lint, where it is installed, finds no error in a fleet with everything', () => {
    const installed = spawnSync('cfn-lint', ['--version'], { encoding: 'utf8' }).status === 0;
    if (!installed) {
      console.log('cfn-lint is not installed (pip install cfn-lint): its rules were not tried');
      return;
    }
    const outdir = mkdtempSync(join(tmpdir(), 'fleet-cdk-out-'));
    const imageBundle = makeImageBundle();
    try {
      const app = new App({ context: testContext({ validated: true }), outdir });
      fleet(EVERYTHING)(app, imageBundle);
      const templates = app.synth().stacks.map(({ templateFullPath }) => templateFullPath);
      const { stdout } = spawnSync('cfn-lint', [...templates, '--ignore-checks', 'W'], { encoding: 'utf8' });
      expect(stdout).toBe('');
    } finally {
      rmSync(outdir, { recursive: true, force: true });
      rmSync(imageBundle, { recursive: true, force: true });
    }
  });
});
