import { FleetError } from '../../core/errors';
import { roomLinkMessageSchema, type RoomLinkMessage } from '../../core/protocol/room-link';
import { NodeUnreachableError } from '../../node-app/link/node-unreachable-error';
import type { MediaNode } from '../../node-app/media/media-node';
import type { MediaOptions } from '../../node-app/media/media-options';
import type { MediaPort } from '../../node-app/media/media-port';
import type { HomeFinder, RoomLinksPort, RoomPlace } from '../../node-app/media/room-links-port';
import { startMediaNode, type TestNode } from './media-node';

type JoinRequest = Parameters<RoomLinksPort['join']>[0];

interface Member extends TestNode {
  nodeId: string;
}

/**
 * Media nodes with real workers that share rooms over links in memory, which a test cuts and heals. Every room is on all
 * of them, in their order, the first one that is alive its home.
 */
export class SharedNodes {
  readonly members: Member[] = [];
  readonly #cut = new Set<string>();
  readonly #dead = new Set<string>();
  /** Of the rooms; rises when a home is gone. */
  #epoch = 1;
  /** Messages under way, so that each direction keeps its order. */
  #delivering: Promise<void> = Promise.resolve();

  /** `node-a`, `node-b`, … */
  static async start(count: number, media: Partial<MediaOptions> = {}): Promise<SharedNodes> {
    const nodes = new SharedNodes();
    try {
      for (let index = 0; index < count; index += 1) {
        const nodeId = `node-${String.fromCharCode(97 + index)}`;
        const sharing = { nodeId, links: nodes.#linksOf(nodeId), homes: nodes.#homes(), random: Math.random };
        nodes.members.push({ nodeId, ...(await startMediaNode(media, sharing)) });
      }
      return nodes;
    } catch (error) {
      nodes.close();
      throw error;
    }
  }

  node(index: number): MediaNode {
    return this.#member(index).node;
  }

  nodeId(index: number): string {
    return this.#member(index).nodeId;
  }

  /** Opens peers on that node, as placement would send them there. */
  port(index: number): MediaPort {
    return {
      openPeer: (options) => {
        const { nodes, epoch } = this.#place();
        return this.node(index).openPeer({ ...options, nodes: [...nodes], homeLinkAddress: nodes[0], epoch });
      },
    };
  }

  /** Nothing comes through between the two any more, and both have noticed. */
  cut(a: number, b: number): void {
    this.#cut.add(pairOf(this.nodeId(a), this.nodeId(b)));
    this.node(a).sharing.linkLost(this.nodeId(b));
    this.node(b).sharing.linkLost(this.nodeId(a));
  }

  heal(a: number, b: number): void {
    this.#cut.delete(pairOf(this.nodeId(a), this.nodeId(b)));
  }

  /** The node's process is gone, and the others have noticed. */
  kill(index: number): void {
    const nodeId = this.nodeId(index);
    this.#dead.add(nodeId);
    this.#epoch += 1;
    this.node(index).close();
    for (const { node } of this.#alive()) node.sharing.linkLost(nodeId);
  }

  close(): void {
    for (const { node } of this.members) node.close();
  }

  #member(index: number): Member {
    const member = this.members[index];
    if (member === undefined) throw new RangeError(`no node ${index}`);
    return member;
  }

  #alive(): Member[] {
    return this.members.filter(({ nodeId }) => !this.#dead.has(nodeId));
  }

  #place(): RoomPlace {
    const nodes = this.#alive().map(({ nodeId }) => nodeId);
    return { nodes, homeLinkAddress: nodes[0] ?? '', epoch: this.#epoch };
  }

  #homes(): HomeFinder {
    return { findHome: () => Promise.resolve(this.#place()) };
  }

  #linksOf(from: string): RoomLinksPort {
    return {
      join: ({ nodeId, roomId, epoch, isRegion }: JoinRequest) =>
        this.#inOrder(async () => {
          const target = this.#reach(from, nodeId);
          if (target === undefined) {
            throw new NodeUnreachableError({ nodeId, evidence: 'unreachable', message: 'cut' });
          }
          await target.sharing.edgeJoins(from, roomId, epoch, isRegion);
        }),
      send: (nodeId, roomId, message) => {
        const wire = JSON.stringify(message);
        void this.#inOrder(async () => {
          const parsed: RoomLinkMessage = roomLinkMessageSchema.parse(JSON.parse(wire));
          this.#reach(from, nodeId)?.sharing.receive(from, roomId, parsed);
        });
      },
      leave: (nodeId, roomId, goesOn) => {
        void this.#inOrder(async () =>
          this.#reach(from, nodeId)?.sharing.neighbourLeft(from, roomId, goesOn),
        );
      },
    };
  }

  #reach(from: string, to: string): MediaNode | undefined {
    if (this.#dead.has(from) || this.#dead.has(to) || this.#cut.has(pairOf(from, to))) return undefined;
    return this.members.find(({ nodeId }) => nodeId === to)?.node;
  }

  async #inOrder<T>(deliver: () => Promise<T>): Promise<T> {
    const turn = this.#delivering.then(deliver);
    this.#delivering = turn.then(
      () => undefined,
      () => undefined,
    );
    try {
      return await turn;
    } catch (error) {
      throw FleetError.from(error);
    }
  }
}

function pairOf(a: string, b: string): string {
  return [a, b].sort().join(' ');
}
