import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FunctionLog } from '../../../local/cloud/lambda/function-log';
import type { FunctionDefinition } from '../../../local/cloud/lambda/function-definition';
import { Lambda, type LambdaOptions } from '../../../local/cloud/lambda/lambda';
import { systemClock } from '../../../local/fleet-runner/system-clock';
import { Watchdog } from '../../../local/fleet-runner/watchdog';
import { ManualClock } from '../../helpers/manual-clock';
import { Recording } from './recording';

export const IDENTITY = { region: 'eu-central-1', account: '123456789012', partition: 'aws' };

/** Lambda with real processes, on a clock of the test's, in a folder that goes with it. */
export class PlayedLambda {
  readonly folder = mkdtempSync(join(tmpdir(), 'fleet-lambda-'));
  readonly clock = new ManualClock();
  readonly recording = new Recording();
  readonly lambda: Lambda;
  private readonly log: FunctionLog;
  private readonly watchdog: Watchdog;

  constructor(options: Partial<LambdaOptions> = {}) {
    this.log = new FunctionLog(join(this.folder, 'logs'));
    this.watchdog = Watchdog.start(this.folder);
    this.lambda = new Lambda({
      identity: IDENTITY,
      access: {},
      overrides: {},
      clock: this.clock,
      realClock: systemClock,
      latencies: { functionColdStartMs: 0 },
      watchdog: this.watchdog,
      metrics: this.recording,
      journal: this.recording,
      deadLetters: this.recording,
      log: this.log,
      ...options,
    });
  }

  /** Makes a function of the source of its `index.js`. */
  put(source: string, more: Partial<FunctionDefinition> = {}): FunctionDefinition {
    const name = more.name ?? 'example';
    const taskRoot = mkdtempSync(join(this.folder, `${name}-`));
    mkdirSync(taskRoot, { recursive: true });
    writeFileSync(join(taskRoot, 'index.js'), source);
    const definition: FunctionDefinition = {
      name,
      arn: `arn:aws:lambda:eu-central-1:123456789012:function:${name}`,
      taskRoot,
      handler: 'index.handler',
      runtime: 'nodejs24.x',
      environment: {},
      timeoutSeconds: 20,
      memoryMiB: 128,
      reservedConcurrency: undefined,
      logGroupName: `/aws/lambda/${name}`,
      deadLetterArn: undefined,
      ...more,
    };
    this.lambda.put(definition);
    return definition;
  }

  readLog(name = 'example'): string {
    return readFileSync(join(this.folder, 'logs', `${name}.log`), 'utf8');
  }

  async close(): Promise<void> {
    await this.lambda.close();
    await this.log.close();
    await this.watchdog.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
