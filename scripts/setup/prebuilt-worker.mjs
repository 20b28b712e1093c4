// mediasoup's own binary from its GitHub release. The names are those of mediasoup's npm-scripts.mjs
// (getWorkerPrebuildTarName, downloadPrebuiltWorker), as are the two environment variables.
import { promisify } from 'node:util';
import zlib from 'node:zlib';

const gunzip = promisify(zlib.gunzip);
const RELEASES_URL = 'https://github.com/versatica/mediasoup/releases/download';
// Where packets to GitHub are dropped in silence, this is what each first set-up waits.
const ANSWER_TIMEOUT_MS = 5_000;
const DOWNLOAD_TIMEOUT_MS = 120_000;
const TAR_BLOCK_BYTES = 512;

/**
 * @param {{ version: string, platform: string, arch: string, osRelease: string, baseUrl?: string | undefined }} facts
 */
export function prebuiltUrl({ version, platform, arch, osRelease, baseUrl = RELEASES_URL }) {
  const kernel = platform === 'linux' ? `-kernel${osRelease.split('.')[0]}` : '';
  return `${baseUrl}/${version}/mediasoup-worker-${version}-${platform}-${arch}${kernel}.tgz`;
}

/**
 * The content of one file of a tar archive.
 * @param {Buffer} archive
 * @param {string} name
 * @returns {Buffer | undefined}
 */
export function fileFromTar(archive, name) {
  for (let at = 0; at + TAR_BLOCK_BYTES <= archive.length;) {
    const text = (/** @type {number} */ from, /** @type {number} */ to) =>
      archive.toString('latin1', at + from, at + to).split('\0')[0];
    const size = Number.parseInt(text(124, 136).trim() || '0', 8);
    const start = at + TAR_BLOCK_BYTES;
    const isFile = ['', '0'].includes(text(156, 157));
    if (isFile && text(0, 100).replace(/^\.\//, '') === name && start + size <= archive.length) {
      return archive.subarray(start, start + size);
    }
    at = start + Math.ceil(size / TAR_BLOCK_BYTES) * TAR_BLOCK_BYTES;
  }
  return undefined;
}

/**
 * @param {{ url: string, report: (progress: string) => void }} options
 * @returns {Promise<{ binary?: Buffer, reason?: string }>} the binary, or why there is none
 */
export async function downloadPrebuilt({ url, report }) {
  const aborter = new AbortController();
  let timer = setTimeout(() => aborter.abort(), ANSWER_TIMEOUT_MS);
  try {
    report(`asking ${new URL(url).host} for mediasoup's own binary`);
    const response = await fetch(url, { signal: aborter.signal });
    clearTimeout(timer);
    if (response.status === 404) return { reason: 'mediasoup has no binary for this platform' };
    if (!response.ok) return { reason: `the download answered ${response.status}` };
    timer = setTimeout(() => aborter.abort(), DOWNLOAD_TIMEOUT_MS);
    report("downloading mediasoup's own binary");
    const archive = await gunzip(Buffer.from(await response.arrayBuffer()));
    const binary = fileFromTar(archive, 'mediasoup-worker');
    return binary ? { binary } : { reason: 'the downloaded archive holds no mediasoup-worker' };
  } catch (error) {
    const cause = error.name === 'AbortError' ? 'no answer in time' : (error.cause?.code ?? error.message);
    return { reason: `${new URL(url).host} is out of reach (${cause})` };
  } finally {
    clearTimeout(timer);
  }
}
