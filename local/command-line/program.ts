import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { SelectorPolicy } from '../../core/placement/selector-policy';
import { up } from '../fleet-runner/up';
import { RunnerError } from '../runner-error';
import { findCommandKey, type KeyFlags } from '../token/find-command-key';
import { mintToken } from '../token/mint-token';
import { roomLink } from '../token/room-link';
import { configCommand } from './config-command';
import { loadCommand } from './load-command';
import { operateCommands } from './operate-commands';
import {
  awsRegion,
  capacityMbpsOf,
  checkRegion,
  clockSpeed,
  durationMs,
  httpUrl,
  positiveNumber,
  secretArn,
  wholeNumber,
} from './argument-parsers';
import { OPTION_VARIABLES, refusedVariable } from './run-variables';
import { swallowedOptionsHint } from './swallowed-options';

export interface ProgramOptions {
  version: string;
  stdout: (text: string) => void;
  stderr: (text: string) => void;
  env: NodeJS.ProcessEnv;
  /** Milliseconds since 1970. */
  nowMs: () => number;
  /** What a deployment config comes to, as text. @throws FleetError FLEET_ERR_CONFIG */
  describeConfig: (file: string) => Promise<string>;
}

interface UpFlags {
  config: string;
  nodes?: number;
  speed: number;
  consolePort: number;
  port: number;
  capacityMbps?: number;
  auth: 'open' | 'token';
  selector?: SelectorPolicy['selector'];
  kind: LiveKitPolicy['kind'];
  sortBy: LiveKitPolicy['sortBy'];
  algorithm: LiveKitPolicy['algorithm'];
  workers: number;
  restart: boolean;
  webRoot?: string;
  logFolder?: string;
  json?: boolean;
}

interface TokenFlags extends KeyFlags {
  room?: string;
  peer?: string;
  ttl: number;
  publish: boolean;
  subscribe: boolean;
  data: boolean;
  operator?: boolean;
  url?: string;
  subject?: string;
}

type LiveKitPolicy = Extract<SelectorPolicy, { selector: 'livekit' }>;

const UP_NOTE = `
FLEET_AUTH, FLEET_WORKERS, FLEET_CAPACITY_EGRESS_BPS, FLEET_WEB_ROOT and FLEET_SELECTOR are the defaults of their options;
other FLEET_ variables go to the nodes (docs/local.md).`;

const TOKEN_NOTE = `
Without --key-file and --secret-arn the key comes from the variable FLEET_TOKEN_KEYS, with --operator
FLEET_ADMIN_TOKEN_KEYS. --secret-arn asks AWS Secrets Manager with the credentials that the AWS CLI would take (AWS_PROFILE
and so on); they need secretsmanager:GetSecretValue.`;

const STATUS_OK = 0;
const STATUS_FAILED = 1;
const STATUS_USAGE = 2;

/** Runs the `fleet` command line. Gives the exit status: 0, 1 when it failed, 2 for wrong arguments. */
export async function runProgram(args: string[], options: ProgramOptions): Promise<number> {
  let status = STATUS_OK;
  const program = new Command('fleet')
    .description('Runs a fleet of mediasoup nodes, and helps to operate one.')
    .version(options.version, '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .exitOverride()
    .configureOutput({
      writeOut: options.stdout,
      writeErr: options.stderr,
      outputError: (text, write) =>
        write(`${[oneLine(text), ...hints(program, args, options, text)].join('; ')}\n`),
    });
  upCommand(program, { args, env: options.env, setStatus: (exitStatus) => (status = exitStatus) });
  tokenCommand(program, options);
  configCommand(program, options);
  operateCommands(program, options);
  loadCommand(program, { ...options, setStatus: (exitStatus) => (status = exitStatus) });
  try {
    await program.parseAsync(args, { from: 'user' });
    return status;
  } catch (error) {
    // Commander has printed its own message, or the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? STATUS_OK : STATUS_USAGE;
    if (!(error instanceof RunnerError)) throw error;
    options.stderr(`fleet: ${error.message}\n`);
    return STATUS_FAILED;
  }
}

interface UpContext {
  /** All that the command line was given. */
  args: string[];
  env: NodeJS.ProcessEnv;
  setStatus: (status: number) => void;
}

function upCommand(program: Command, { args, env, setStatus }: UpContext): void {
  program
    .command('up')
    .description('run a fleet on this machine, until Ctrl-C')
    .option('--config <file>', 'the deployment config that is played', 'fleet.config.ts')
    .option('--nodes <count>', "how many nodes at least (default: the config's minimum)", wholeNumber(1, 32))
    .option('--speed <factor>', "how many times as fast as real time AWS' part runs", clockSpeed, 1)
    .option(
      '--console-port <port>',
      'where the console listens; 0 takes a free one',
      wholeNumber(0, 65_535),
      0,
    )
    .option('--port <port>', 'where browsers connect; 0 takes a free one', wholeNumber(0, 65_535), 3000)
    .option('--capacity-mbps <number>', 'what each node can safely send', positiveNumber)
    .addOption(
      new Option('--auth <mode>', 'who may join')
        .choices(['open', 'token'])
        .default('open', 'open: everybody'),
    )
    .addOption(
      new Option('--selector <name>', 'which node a new room gets').choices([
        'least-egress',
        'best-fit',
        'livekit',
      ]),
    )
    .addOption(
      new Option('--kind <kind>', 'with --selector livekit')
        .choices(['any', 'cpuload', 'sysload'])
        .default('any'),
    )
    .addOption(
      new Option('--sort-by <key>', 'with --selector livekit')
        .choices(['random', 'sysload', 'cpuload', 'rooms', 'clients', 'tracks', 'bytespersec'])
        .default('random'),
    )
    .addOption(
      new Option('--algorithm <name>', 'with --selector livekit')
        .choices(['lowest', 'twochoice'])
        .default('lowest'),
    )
    .option('--workers <count>', 'mediasoup workers per node', wholeNumber(1, 64), 1)
    .option('--no-restart', 'leave a node that died away')
    .option('--web-root <folder>', 'serve this page instead of the demo page')
    .option('--log-folder <folder>', "keep the nodes' logs there")
    .option('--json', 'print events as JSON, one per line')
    .addHelpText('after', UP_NOTE)
    .action(async (_flags: UpFlags, command: Command) => {
      const hintOfNpm = swallowedBy(command, args, env);
      if (hintOfNpm) command.error(`error: ${hintOfNpm}`);
      takeVariables(command, env);
      const { selector, kind, sortBy, algorithm, json, config, ...rest } = command.opts<UpFlags>();
      for (const name of ['kind', 'sortBy', 'algorithm']) {
        if (selector !== 'livekit' && command.getOptionValueSource(name) === 'cli') {
          command.error('error: --kind, --sort-by and --algorithm belong to --selector livekit');
        }
      }
      setStatus(
        await up({
          ...rest,
          configFile: config,
          args: args.slice(1),
          json: json ?? false,
          selector: selector === 'livekit' ? { selector, kind, sortBy, algorithm } : selector && { selector },
        }),
      );
    });
}

function tokenCommand(program: Command, options: ProgramOptions): void {
  program
    .command('token')
    .description('print an access token, for a peer or (--operator) for the operator API')
    .option('--room <id>', 'the room it is for; demo-* stands for all that begin with demo-')
    .option('--peer <id>', 'the peer it is for (default: any)')
    .addOption(
      new Option('--ttl <time>', 'how long it is valid, e.g. 90s, 30m, 1h, 7d')
        .argParser(durationMs)
        .default(durationMs('1h'), '1h'),
    )
    .option('--no-publish', 'the peer may not send audio and video')
    .option('--no-subscribe', 'the peer may not receive')
    .option('--no-data', 'the peer may not send data messages')
    .option('--operator', 'a token for the operator API')
    .option('--url <url>', 'print a whole link to the room page at this address', httpUrl)
    .option('--subject <name>', 'who asked for it, for the logs')
    .option(
      '--key-file <file>',
      'what signs: the JSON of FLEET_TOKEN_KEYS, or the PEM of an Ed25519 private key',
    )
    .option('--kid <id>', 'which of the keys')
    .addOption(
      new Option(
        '--secret-arn <arn>',
        "what signs, of a fleet on AWS: its stack's output TokenSecretArn, with --operator AdminTokenSecretArn",
      )
        .argParser(secretArn)
        .conflicts(['keyFile', 'kid']),
    )
    .option(
      '--region <name>',
      "read the secret's replica in this region (default: that of the ARN)",
      awsRegion,
    )
    .addHelpText('after', TOKEN_NOTE)
    .action(async (flags: TokenFlags, command: Command) => {
      const forPeer = ['room', 'peer', 'publish', 'subscribe', 'data', 'url'];
      if (flags.operator && forPeer.some((name) => command.getOptionValueSource(name) === 'cli')) {
        command.error("error: --operator goes without a peer's options");
      }
      if (!flags.operator && !flags.room) command.error('error: --room is required (or --operator)');
      checkRegion(command, flags);
      const variable = flags.operator ? 'FLEET_ADMIN_TOKEN_KEYS' : 'FLEET_TOKEN_KEYS';
      const key = await findCommandKey(flags, variable, options.env);
      const token = await mintToken({
        request: flags.operator
          ? { kind: 'operator' }
          : {
              kind: 'peer',
              room: flags.room ?? '',
              peer: flags.peer,
              canPublish: flags.publish,
              canSubscribe: flags.subscribe,
              canPublishData: flags.data,
            },
        ttlMs: flags.ttl,
        subject: flags.subject,
        key,
        nowMs: options.nowMs(),
      });
      const { url, room = '', peer } = flags;
      options.stdout(`${url === undefined ? token : roomLink(url, { room, token, peer })}\n`);
    });
}

/** Options that the command's environment gives; what was typed wins. */
function takeVariables(command: Command, env: NodeJS.ProcessEnv): void {
  const refused = refusedVariable(env);
  if (refused) command.error(`error: ${refused}`);
  for (const [variable, name] of Object.entries(OPTION_VARIABLES)) {
    // Empty counts as not set, as for a node.
    const text = env[variable];
    if (!text || command.getOptionValueSource(name) === 'cli') continue;
    const option = command.options.find((candidate) => candidate.attributeName() === name);
    const parse = variable === 'FLEET_CAPACITY_EGRESS_BPS' ? capacityMbpsOf : option?.parseArg;
    try {
      command.setOptionValueWithSource(name, parse ? parse(text, undefined) : text, 'env');
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error;
      command.error(`error: ${variable}, the default of ${option?.long}, is not valid. ${error.message}`);
    }
  }
}

function swallowedBy(command: Command, args: string[], env: NodeJS.ProcessEnv): string | undefined {
  return swallowedOptionsHint({
    env,
    args: args.slice(1),
    known: command.options.map((option) => ({ flag: option.long ?? '', takesValue: option.required })),
  });
}

/** What helps a person on, behind commander's own words. */
function hints(program: Command, args: string[], { env }: ProgramOptions, text: string): string[] {
  const commands = program.commands;
  if (text.includes('unknown command')) {
    return [`commands: ${commands.map((command) => command.name()).join(', ')}, help`];
  }
  const up = commands.find((command) => command.name() === args[0] && args[0] === 'up');
  const swallowed = up && swallowedBy(up, args, env);
  return swallowed && !text.includes(swallowed) ? [swallowed] : [];
}

/** Commander puts its suggestions on lines of their own. */
function oneLine(text: string): string {
  return text
    .replace(/^error: /, 'fleet: ')
    .trim()
    .replace(/\s*\n\s*/g, ' ');
}
