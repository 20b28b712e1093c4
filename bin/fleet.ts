import { createRequire } from 'node:module';
import type * as DescribeFleet from '../lib/describe-fleet';
import { runProgram } from '../local/command-line/program';
import { version } from '../package.json';

void runProgram(process.argv.slice(2), {
  version,
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  env: process.env,
  nowMs: () => Date.now(),
  // Loaded only then: the CDK takes longer to load than a fleet to start.
  describeConfig: async (file) =>
    (createRequire(__filename)('../lib/describe-fleet') as typeof DescribeFleet).describeFleet(file),
}).then((status) => process.exit(status));
