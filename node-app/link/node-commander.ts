import { FleetError } from '../../core/errors';
import type { PlacementPort } from '../../core/placement/placement-port';
import {
  nodeCommandSchemas,
  type NodeCommandName,
  type NodeCommandParams,
  type NodeCommandPort,
  type NodeCommandResult,
} from '../../core/protocol/node-commands';
import type { LinkHub } from './link-hub';

const COMMAND_TIMEOUT_MS = 5_000;

/** What this node does on a command. */
export type NodeCommandHandlers = {
  [N in NodeCommandName]: (
    params: NodeCommandParams<N>,
  ) => NodeCommandResult<N> | Promise<NodeCommandResult<N>>;
};

export interface NodeCommanderOptions {
  nodeId: string;
  hub: Pick<LinkHub, 'connect' | 'find'>;
  placement: Pick<PlacementPort, 'findNode'>;
  handlers: NodeCommandHandlers;
}

/** Commands to any node of the fleet: in-process for this one, else over its link. */
export class NodeCommander implements NodeCommandPort {
  constructor(private readonly options: NodeCommanderOptions) {}

  async command<N extends NodeCommandName>(
    nodeId: string,
    name: N,
    params: NodeCommandParams<N>,
  ): Promise<NodeCommandResult<N>> {
    if (nodeId === this.options.nodeId) return this.options.handlers[name](params);
    const link = this.options.hub.find(nodeId) ?? (await this.connect(nodeId));
    const answer = await link.call('command', { name, params }, COMMAND_TIMEOUT_MS);
    return nodeCommandSchemas[name].result.parse(answer) as NodeCommandResult<N>;
  }

  /** Answers a command of another node. @throws FleetError */
  async answer(raw: unknown): Promise<unknown> {
    const { name, params } = (raw ?? {}) as { name?: unknown; params?: unknown };
    if (typeof name !== 'string' || !isCommandName(name)) {
      throw new FleetError('FLEET_ERR_UNKNOWN_METHOD', { message: 'no such command: is the caller newer?' });
    }
    return this.run(name, params);
  }

  private async run<N extends NodeCommandName>(name: N, params: unknown): Promise<NodeCommandResult<N>> {
    const parsed = nodeCommandSchemas[name].params.safeParse(params);
    if (!parsed.success) throw new FleetError('FLEET_ERR_BAD_REQUEST', { message: `${name}: not valid` });
    return this.options.handlers[name](parsed.data as NodeCommandParams<N>);
  }

  private async connect(nodeId: string) {
    const record = await this.options.placement.findNode(nodeId);
    if (!record) throw new FleetError('FLEET_ERR_NOT_FOUND', { message: `no node ${nodeId}` });
    return this.options.hub.connect(nodeId, record.linkAddress);
  }
}

function isCommandName(name: string): name is NodeCommandName {
  return Object.hasOwn(nodeCommandSchemas, name);
}
