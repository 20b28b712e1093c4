import { pino } from 'pino';
import { startNode } from '../../node-app/compose';
import { parseConfig } from '../../node-app/config';
import { systemClock } from '../../node-app/system-clock';

/** A node's process as node-app/main.ts, which beside that answers what it and its workers hold. Of NodeHosts. */
async function main(): Promise<void> {
  const config = parseConfig(process.env);
  const node = await startNode({
    config,
    workerBin: config.FLEET_WORKER_BIN ?? '',
    clock: systemClock,
    random: Math.random,
    logger: pino({ level: config.FLEET_LOG_LEVEL, base: { nodeId: config.FLEET_NODE_ID } }),
  });
  const { nodeId, httpPort, linkPort, mediaPorts } = node;
  const { media } = node.parts;
  process.on('message', (question) => {
    if (question === 'rooms') {
      process.send?.({ type: 'rooms', rooms: media.accounts.map((account) => account.report()) });
    } else {
      void media.dumpWorkers().then((dumps) => process.send?.({ type: 'dumps', dumps }));
    }
  });
  const stop = () => void node.close().then(() => process.exit(0));
  process.on('SIGTERM', stop);
  // The tests are gone.
  process.on('disconnect', stop);
  process.send?.({ type: 'ready', nodeId, httpPort, linkPort, mediaPorts });
}

void main();
