import { Option, type Command } from 'commander';
import { OperatorClient } from '../operate/operator-client';
import { describeMove, type RoomMove } from '../operate/describe-move';
import { nodeTable, type ListedNode } from '../operate/node-table';
import { roomTable, type RoomList } from '../operate/room-table';
import { findCommandKey, namesKey, type KeyFlags } from '../token/find-command-key';
import { mintToken } from '../token/mint-token';
import { awsRegion, checkRegion, deadlineMinutes, httpUrl, secretArn } from './argument-parsers';

export interface OperateCommandsOptions {
  stdout: (text: string) => void;
  env: NodeJS.ProcessEnv;
  /** Milliseconds since 1970. */
  nowMs: () => number;
}

interface OperateFlags extends KeyFlags {
  url: string;
  token?: string;
  json?: boolean;
}

const NOTE = `
FLEET_URL is the default of --url. A fleet with tokens wants an operator's: --token, or what signs one (--key-file,
--secret-arn with the stack's output AdminTokenSecretArn, FLEET_ADMIN_TOKEN_KEYS).`;

const DEFAULT_URL = 'http://localhost:3000';
/** A command is one request, or a few. */
const TOKEN_TTL_MS = 300_000;

/** `fleet nodes`, `rooms`, `cordon`, `uncordon`, `drain` and `move`: what an operator does by hand, over the operator API. */
export function operateCommands(program: Command, options: OperateCommandsOptions): void {
  const say = (flags: OperateFlags, answer: unknown, text: () => string) =>
    options.stdout(`${flags.json ? JSON.stringify(answer) : text()}\n`);

  command('nodes', 'list the nodes of a fleet, what they carry, and how far they are with a drain').action(
    async (flags: OperateFlags) => {
      const client = await connect(flags);
      const answer = await client.get<{ nodes: ListedNode[] }>('/v1/nodes');
      say(flags, answer, () => nodeTable(answer.nodes, options.nowMs()));
    },
  );

  command('rooms', 'list the rooms of a fleet and where they are').action(async (flags: OperateFlags) => {
    const client = await connect(flags);
    const answer = await client.get<RoomList>('/v1/rooms?limit=1000');
    say(flags, answer, () => roomTable(answer));
  });

  command('cordon', 'place no new rooms on a node; those that it has go on')
    .argument('<node>', 'its id, see fleet nodes')
    .option('--reason <text>', 'why, for the audit log')
    .action(async (nodeId: string, flags: OperateFlags & { reason?: string }) => {
      await commandNode(nodeId, 'cordon', { reason: flags.reason }, flags);
    });

  command('uncordon', 'take back a cordon, or a drain that can be taken back')
    .argument('<node>', 'its id, see fleet nodes')
    .action((nodeId: string, flags: OperateFlags) => commandNode(nodeId, 'uncordon', {}, flags));

  command('drain', 'empty a node: its rooms may end, then its people are moved to other nodes')
    .argument('<node>', 'its id, see fleet nodes')
    .addOption(
      new Option(
        '--deadline <time>',
        'when it should be empty, e.g. 2m, 30m, 4h, in whole minutes; nobody is cut off',
      )
        .argParser(deadlineMinutes)
        .default(30, '30m'),
    )
    .option('--reason <text>', 'why, for the audit log')
    .action(async (nodeId: string, flags: OperateFlags & { deadline: number; reason?: string }) => {
      const { deadline, reason } = flags;
      await commandNode(nodeId, 'drain', { deadlineMinutes: deadline, reason }, flags);
    });

  command('move', 'move the people of a room off a node, without a gap for clients that can')
    .argument('<room>', 'its id, see fleet rooms')
    .option('--from <node>', "the node they leave (default: the room's home)")
    .option('--to <node>', 'where they go (default: what placement chooses)')
    .option('--reason <text>', 'why, for the audit log')
    .action(async (roomId: string, flags: OperateFlags & { from?: string; to?: string; reason?: string }) => {
      const { from, to, reason } = flags;
      const client = await connect(flags);
      const path = `/v1/rooms/${encodeURIComponent(roomId)}/migrate` as const;
      const answer = await client.post<RoomMove>(path, { from, to, reason });
      say(flags, answer, () => describeMove(answer));
    });

  function command(name: string, description: string): Command {
    return program
      .command(name)
      .description(description)
      .addOption(
        new Option('--url <url>', 'the fleet').argParser(httpUrl).env('FLEET_URL').default(DEFAULT_URL),
      )
      .addOption(
        new Option('--token <token>', "an operator's token").conflicts(['keyFile', 'kid', 'secretArn']),
      )
      .option('--key-file <file>', 'what signs a token, as for fleet token')
      .option('--kid <id>', 'which of the keys')
      .addOption(
        new Option(
          '--secret-arn <arn>',
          "what signs, of a fleet on AWS: its stack's output AdminTokenSecretArn",
        )
          .argParser(secretArn)
          .conflicts(['keyFile', 'kid']),
      )
      .option('--region <name>', "read the secret's replica in this region", awsRegion)
      .option('--json', "print the fleet's answer as one line of JSON")
      .addHelpText('after', NOTE)
      .hook('preAction', (_program, running) => checkRegion(running, running.opts<OperateFlags>()));
  }

  async function connect(flags: OperateFlags): Promise<OperatorClient> {
    return new OperatorClient({ url: flags.url, token: flags.token ?? (await mint(flags)) });
  }

  /** Undefined when nothing says how to get one: a fleet on this machine may let everybody in. */
  async function mint(flags: OperateFlags): Promise<string | undefined> {
    const variable = 'FLEET_ADMIN_TOKEN_KEYS';
    if (!namesKey(flags, variable, options.env)) return undefined;
    return mintToken({
      request: { kind: 'operator' },
      ttlMs: TOKEN_TTL_MS,
      subject: 'fleet command',
      key: await findCommandKey(flags, variable, options.env),
      nowMs: options.nowMs(),
    });
  }

  async function commandNode(
    nodeId: string,
    verb: 'cordon' | 'uncordon' | 'drain',
    body: object,
    flags: OperateFlags,
  ): Promise<void> {
    const client = await connect(flags);
    const path = `/v1/nodes/${encodeURIComponent(nodeId)}/${verb}` as const;
    const answer = await client.post<{ nodeId: string; state: string }>(path, body);
    say(flags, answer, () => `${answer.nodeId} is ${answer.state}`);
  }
}
