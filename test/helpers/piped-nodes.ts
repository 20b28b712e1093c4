import { eventually } from './eventually';
import { JsonChannels } from './json-channels';
import type { TestRouter } from './test-router';
import { PipedNode, type PipedNodeOptions } from './piped-node';

/** Nodes that hold one room, and the channels between them. */
export class PipedNodes {
  readonly channels = new JsonChannels();
  private readonly nodes: PipedNode[] = [];

  async start(options: Record<string, PipedNodeOptions>): Promise<PipedNode[]> {
    const started = await Promise.all(
      Object.entries(options).map(([nodeId, own]) => PipedNode.start(nodeId, this.channels, own)),
    );
    this.nodes.push(...started);
    return started;
  }

  /** Ends the room everywhere, sees that no worker holds an end of a pipe any more, and ends the workers. */
  async close(): Promise<void> {
    for (const { pipes } of this.nodes) pipes.close();
    for (const { routers } of this.nodes) {
      for (const router of routers) {
        const { room, test } = router;
        if (test.worker.closed) continue;
        // Pipes between the routers of one node live as long as these.
        if (routers.length > 1) room.close();
        await eventually(async () => (room.closed ? await isIdle(test) : (await router.lanes()) === 0));
      }
    }
    await Promise.all(this.nodes.splice(0).map((node) => node.close()));
    this.channels.close();
  }
}

/** Whether its worker holds nothing but the WebRtcServer. */
async function isIdle(router: TestRouter): Promise<boolean> {
  return (await router.entities()).length === 1;
}
