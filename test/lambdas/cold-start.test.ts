import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';

const ROOT = path.resolve(__dirname, '../..');
const RUNS = 5;

let folder: string;
let silent: net.Server;
let port: number;
const sockets = new Set<net.Socket>();

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fleet-cold-start-'));
  // Takes connections and says nothing: the worst that Redis and Secrets Manager can do.
  silent = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  port = (silent.address() as net.AddressInfo).port;
});

afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => silent.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

test('the termination policy answers from a cold start within 1.5 s, although nobody answers it', async () => {
  const bundle = path.join(folder, 'handler.js');
  await build({
    absWorkingDir: ROOT,
    entryPoints: ['lambdas/termination-policy/handler.ts'],
    outfile: bundle,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    logLevel: 'silent',
  });
  const runner = path.join(folder, 'run.js');
  await writeFile(
    runner,
    `const { handler } = require('./handler.js');
     const { user, system } = process.cpuUsage();
     const cpuMs = (user + system) / 1000;
     const Instances = ['i-1', 'i-2'].map((InstanceId) => ({ InstanceId, AvailabilityZone: 'a' }));
     const event = { Cause: 'SCALE_IN', Instances, CapacityToTerminate: [{ Capacity: 1 }] };
     handler(event).then((answer) => {
       process.stderr.write(JSON.stringify({ answer, cpuMs }));
       process.exit(0);
     });`,
  );
  const runs: { answer: unknown; cpuMs: number }[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const { stderr } = await promisify(execFile)(process.execPath, [runner], {
      timeout: 10_000,
      env: {
        FLEET_REDIS_ENDPOINT: `127.0.0.1:${port}`,
        FLEET_REDIS_SECRET_ARN: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:store',
        FLEET_REDIS_PREFIX: 'fleet',
        FLEET_ASG_NAME: 'fleet-nodes',
        AWS_REGION: 'eu-central-1',
        AWS_ACCESS_KEY_ID: 'nobody',
        AWS_SECRET_ACCESS_KEY: 'nothing',
        AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
        // The SDK's, about a Node that Lambda does not run.
        NODE_NO_WARNINGS: '1',
      },
    });
    runs.push(JSON.parse(stderr) as (typeof runs)[number]);
  }
  for (const { answer } of runs) expect(answer).toEqual({ InstanceIDs: ['i-1'] });
  // Processor time of the best of them: the clock, and the others, measure who else uses this machine.
  const cpuMs = Math.min(...runs.map((run) => run.cpuMs));
  // What it waits for is bounded by its own time-outs, 0.7 s in all. Lambda's share of a core at 1 GiB is 0.58.
  expect(cpuMs / 0.58 + 700).toBeLessThan(1_500);
});
