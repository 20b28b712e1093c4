import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { runLoad } from '../load/run-load';
import { findCommandKey, namesKey, type KeyFlags } from '../token/find-command-key';
import { mintToken } from '../token/mint-token';
import {
  awsRegion,
  checkRegion,
  durationMs,
  positiveNumber,
  secretArn,
  wholeNumber,
} from './argument-parsers';

export interface LoadCommandOptions {
  stdout: (text: string) => void;
  env: NodeJS.ProcessEnv;
  /** Milliseconds since 1970. */
  nowMs: () => number;
  setStatus: (status: number) => void;
}

interface LoadFlags extends KeyFlags {
  url: string;
  rooms: number;
  size: number;
  publishers?: number;
  bitrate: number;
  audio: boolean;
  simulcast: boolean;
  layer?: number;
  duration?: number;
  ramp?: number;
  joinRate?: number;
  roomPrefix?: string;
  token?: string;
  processes?: number;
  timeline?: string;
  json?: boolean;
}

const NOTE = `
Each peer is a real WebRTC client (ICE, DTLS, SRTP) without a browser. Ctrl-C ends the run and prints the report. For a
fleet with tokens give --token, --key-file or --secret-arn; FLEET_TOKEN_KEYS is the default of --key-file's content.
Against a fleet on AWS the peers cost traffic as people do: docs/load.md.`;

const DEFAULT_JOINS_PER_SECOND = 10;
/** A run without an end gets a token for a day; with one, for the run and this much more, milliseconds. */
const DAY_MS = 86_400_000;
const TOKEN_MARGIN_MS = 600_000;
const MAX_PEERS = 20_000;
const MIN_BITRATE_BPS = 20_000;
const MAX_BITRATE_BPS = 20_000_000;

/** `fleet load`: WebRTC peers for a fleet, and how they fare. */
export function loadCommand(program: Command, options: LoadCommandOptions): void {
  program
    .command('load')
    .description('load a fleet with WebRTC peers, and report how they fare')
    .option('--url <url>', 'the fleet (http, https, ws or wss)', fleetUrl, 'http://localhost:3000')
    .option('--rooms <count>', 'how many rooms', wholeNumber(1, 10_000), 1)
    .option('--size <count>', 'peers per room', wholeNumber(1, 1_000), 4)
    .option('--publishers <count>', 'of them, how many send (default: all)', wholeNumber(0, 1_000))
    .addOption(
      new Option('--bitrate <rate>', "each publisher's video, e.g. 600k, 1.5M; 0 for none")
        .argParser(bitrateBps)
        .default(bitrateBps('600k'), '600k'),
    )
    .option('--no-audio', 'publishers send no audio')
    .option('--no-simulcast', 'video in one layer instead of three')
    .option('--layer <number>', 'the layer that peers ask for (default: the uppermost)', wholeNumber(0, 2))
    .option('--duration <time>', 'e.g. 60s, 10m (default: 0, until Ctrl-C)', runDurationMs)
    .addOption(
      new Option('--ramp <time>', 'spread the joins evenly over this time')
        .argParser(durationMs)
        .conflicts('joinRate'),
    )
    .option('--join-rate <number>', `joins per second (default: ${DEFAULT_JOINS_PER_SECOND})`, positiveNumber)
    .option('--room-prefix <text>', 'rooms are this and a number (default: load-, random, -)', roomPrefix)
    .addOption(
      new Option('--token <token>', 'an access token that is good for all these rooms').conflicts([
        'keyFile',
        'kid',
        'secretArn',
      ]),
    )
    .option('--key-file <file>', 'what signs tokens, as for fleet token')
    .option('--kid <id>', 'which of the keys')
    .addOption(
      new Option('--secret-arn <arn>', "what signs, of a fleet on AWS: its stack's output TokenSecretArn")
        .argParser(secretArn)
        .conflicts(['keyFile', 'kid']),
    )
    .option('--region <name>', "read the secret's replica in this region", awsRegion)
    .option(
      '--processes <count>',
      'spread the peers over so many (default: one per core)',
      wholeNumber(1, 128),
    )
    .option('--timeline <file>', 'write a line of JSON per second to this file')
    .option('--json', 'print the report as one line of JSON')
    .addHelpText('after', NOTE)
    .action(async (flags: LoadFlags, command: Command) => {
      const { rooms, size, publishers = size } = flags;
      if (publishers > size) command.error('error: --publishers can not be more than --size');
      if (rooms * size > MAX_PEERS)
        command.error(`error: --rooms × --size can be at most ${MAX_PEERS} peers`);
      if (flags.layer !== undefined && !flags.simulcast) command.error('error: --layer needs simulcast');
      checkRegion(command, flags);
      if (publishers > 0 && !flags.audio && flags.bitrate === 0) {
        command.error('error: publishers send neither audio nor video: give --publishers 0');
      }
      const prefix = flags.roomPrefix ?? `load-${randomBytes(3).toString('hex')}-`;
      const duration = flags.duration || undefined;
      options.setStatus(
        await runLoad({
          url: flags.url,
          rooms,
          size,
          publishers,
          bitrateBps: flags.bitrate,
          audio: flags.audio,
          simulcast: flags.simulcast,
          spatialLayer: flags.layer,
          joinsPerSecond:
            flags.ramp === undefined
              ? (flags.joinRate ?? DEFAULT_JOINS_PER_SECOND)
              : (rooms * size) / (flags.ramp / 1_000),
          roomPrefix: prefix,
          token: await tokenFor(`${prefix}*`, duration, flags, options),
          processes: flags.processes ?? Math.min(availableParallelism(), rooms * size),
          durationMs: duration,
          json: flags.json ?? false,
          timeline: flags.timeline,
          stdout: options.stdout,
        }),
      );
    });
}

/** Undefined when nothing says how to get one: the fleet may be open. @throws RunnerError */
async function tokenFor(
  room: string,
  runMs: number | undefined,
  flags: LoadFlags,
  { env, nowMs }: LoadCommandOptions,
): Promise<string | undefined> {
  if (flags.token !== undefined) return flags.token;
  const variable = 'FLEET_TOKEN_KEYS';
  if (!namesKey(flags, variable, env)) return undefined;
  const key = await findCommandKey(flags, variable, env);
  return mintToken({
    request: { kind: 'peer', room, canPublish: true, canSubscribe: true, canPublishData: false },
    ttlMs: runMs === undefined ? DAY_MS : runMs + TOKEN_MARGIN_MS,
    subject: 'fleet load',
    key,
    nowMs: nowMs(),
  });
}

function fleetUrl(text: string): string {
  if (/^(https?|wss?):\/\//.test(text) && URL.canParse(text)) return text;
  throw new InvalidArgumentError('It must be a URL such as http://localhost:3000 or wss://sfu.example.com.');
}

const UNITS = { '': 1, k: 1_000, M: 1_000_000 } as const;

/** Parses `600k`, `1.5M`, `800000`, `0`. Gives bits per second. */
function bitrateBps(text: string): number {
  const [, number, unit] = /^(\d{1,9}(?:\.\d{1,3})?)([kM]?)$/.exec(text) ?? [];
  const value = Number(number) * UNITS[(unit ?? '') as keyof typeof UNITS];
  if (value === 0 || (value >= MIN_BITRATE_BPS && value <= MAX_BITRATE_BPS)) return value;
  throw new InvalidArgumentError('It must be bits per second such as 600k or 1.5M, from 20k to 20M, or 0.');
}

function runDurationMs(text: string): number {
  return text === '0' ? 0 : durationMs(text);
}

function roomPrefix(text: string): string {
  if (/^[^*]{1,200}$/.test(text)) return text;
  throw new InvalidArgumentError('It must be 1 to 200 characters without *.');
}
