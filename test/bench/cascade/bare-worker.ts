import type { ChildProcess } from 'node:child_process';
import type { types } from 'mediasoup';
import { TestRouter } from '../../helpers/test-router';
import { AUDIO_PARAMETERS, VIDEO_PARAMETERS, type SourceCommand } from '../forwarding/messages';
import type { BenchProcesses } from '../forwarding/processes';
import { SINGLE_LAYER } from './camera';
import { measureForwarding, type ForwardingUse } from './forwarding-use';

export type OpenViewers = (at: TestRouter, producerIds: readonly string[]) => Promise<types.Consumer[]>;

/** A worker with a router that a script set up, and viewers of one stream of video and one of sound. */
export class BareWorker {
  readonly #at: TestRouter;
  readonly #source: ChildProcess;
  /** The two of each viewer beside each other. */
  readonly #consumers: types.Consumer[];

  private constructor(at: TestRouter, source: ChildProcess, consumers: types.Consumer[]) {
    this.#at = at;
    this.#source = source;
    this.#consumers = consumers;
  }

  static async start(processes: BenchProcesses, openViewers: OpenViewers): Promise<BareWorker> {
    const at = await TestRouter.start();
    try {
      const transport = await at.router.createPlainTransport({
        listenInfo: { protocol: 'udp', ip: '127.0.0.1' },
        rtcpMux: true,
        comedia: true,
      });
      const { id: videoId } = await transport.produce({ kind: 'video', rtpParameters: VIDEO_PARAMETERS });
      const { id: audioId } = await transport.produce({ kind: 'audio', rtpParameters: AUDIO_PARAMETERS });
      const consumers = await openViewers(at, [videoId, audioId]);
      const source = processes.startSource({ ports: [transport.tuple.localPort], layers: [SINGLE_LAYER] });
      return new BareWorker(at, source, consumers);
    } catch (error) {
      await at.close();
      throw error;
    }
  }

  /** Sends for as long to so many of the viewers. */
  async measure(viewers: number, windowMs: number): Promise<ForwardingUse> {
    const watching = this.#consumers.slice(0, 2 * viewers);
    await Promise.all(watching.map((consumer) => consumer.resume()));
    await Promise.all(this.#consumers.slice(2 * viewers).map((consumer) => consumer.pause()));
    this.#source.send('send' satisfies SourceCommand);
    try {
      return await measureForwarding({ consumers: watching, workerPids: [this.#at.worker.pid], windowMs });
    } finally {
      this.#source.send('pause' satisfies SourceCommand);
    }
  }

  close(): Promise<void> {
    return this.#at.close();
  }
}
