// Builds the media worker of an image from the sources in mediasoup's package, and proves it by sending SRTP through
// it. In an image bundle this folder is app/setup/.
//   node build-for-image.mjs <where the worker goes>
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { buildWorker } from './build-worker.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const target = process.argv[2];
if (!target) throw new Error('usage: build-for-image.mjs <where the worker goes>');

const buildFolder = fs.mkdtempSync(path.join(os.tmpdir(), 'mediasoup-worker-'));
try {
  let reported = 0;
  const binary = await buildWorker({
    workerFolder: path.join(here, '..', 'node_modules', 'mediasoup', 'worker'),
    buildFolder,
    onProgress: (done, total) => {
      // A line for each tenth: the log of an image build is read afterwards.
      const tenth = Math.floor((10 * done) / total);
      if (tenth > reported) console.log(`compiled ${done}/${total} files`);
      reported = Math.max(reported, tenth);
    },
  });
  const { status } = spawnSync(process.execPath, [path.join(here, 'verify-worker.cjs'), binary], {
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('the worker was built, but does not work');
  fs.copyFileSync(binary, target);
  fs.chmodSync(target, 0o755);
} finally {
  fs.rmSync(buildFolder, { recursive: true, force: true });
}
