import type { Command } from 'commander';
import { FleetError } from '../../core/errors';
import { RunnerError } from '../runner-error';

export interface ConfigCommandOptions {
  stdout: (text: string) => void;
  /** What a deployment config comes to, as text. @throws FleetError FLEET_ERR_CONFIG */
  describeConfig: (file: string) => Promise<string>;
}

/** `fleet config check`: what a deployment config comes to, before anything is deployed. */
export function configCommand(program: Command, options: ConfigCommandOptions): void {
  program
    .command('config')
    .description('about the deployment config')
    .command('check')
    .description(
      'check a deployment config; print it with all defaults, its resources and its monthly cost floor',
    )
    .option('--config <file>', 'the file', 'fleet.config.ts')
    .action(async ({ config }: { config: string }) => {
      try {
        options.stdout(await options.describeConfig(config));
      } catch (cause) {
        if (!(cause instanceof FleetError) || cause.code !== 'FLEET_ERR_CONFIG') throw cause;
        throw new RunnerError(cause.message, { cause });
      }
    });
}
