// One set-up at a time does a given piece of work; a second one waits and then finds it done.
//
// This saves work, it does not guard the results: those appear by an atomic rename. So where holders can't be told
// apart for certain (a home folder shared between machines, a process number used again), the lock gives way.
import fsp from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 300;
const HEARTBEAT_MS = 2_000;
const LAPSED_MS = 30_000;

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, under another user.
    return error.code === 'EPERM';
  }
}

/**
 * @param {string} file
 * @returns {Promise<{ holder: string, isStale: boolean } | undefined>} undefined when the lock is free by now
 */
async function look(file) {
  try {
    const [holder, { mtimeMs }] = await Promise.all([fsp.readFile(file, 'utf8'), fsp.stat(file)]);
    const [pid, host] = holder.split('@');
    const isGone = host === os.hostname() && !isAlive(Number(pid));
    return { holder, isStale: isGone || Date.now() - mtimeMs > LAPSED_MS };
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Takes away the lock of a holder that has ended. @param {string} file @param {string} holder */
async function removeStale(file, holder) {
  const aside = `${file}.${process.pid}.stale`;
  try {
    await fsp.rename(file, aside);
  } catch {
    return;
  }
  // Between our look and the rename another waiter may have replaced the stale lock by its own: give that one back.
  if ((await fsp.readFile(aside, 'utf8')) !== holder) await fsp.link(aside, file).catch(() => undefined);
  await fsp.rm(aside, { force: true });
}

/**
 * @template T
 * @param {{ file: string, onWait: (holder: string) => void }} options
 * @param {() => Promise<T>} action
 * @returns {Promise<T>}
 */
export async function withLock({ file, onWait }, action) {
  const own = `${process.pid}@${os.hostname()}`;
  const aside = `${file}.${own}`;
  await fsp.mkdir(path.dirname(file), { recursive: true });
  // Written aside and linked, so that nobody ever reads a lock without its holder.
  await fsp.writeFile(aside, own);
  try {
    for (;;) {
      try {
        await fsp.link(aside, file);
        break;
      } catch (error) {
        if (error.code !== 'EEXIST') throw error;
      }
      const current = await look(file);
      if (current?.isStale) {
        await removeStale(file, current.holder);
      } else if (current) {
        onWait(current.holder);
        await delay(POLL_MS);
      }
    }
  } finally {
    await fsp.rm(aside, { force: true });
  }
  const heartbeat = setInterval(() => {
    const now = new Date();
    fsp.utimes(file, now, now).catch(() => undefined);
  }, HEARTBEAT_MS);
  try {
    return await action();
  } finally {
    clearInterval(heartbeat);
    // Only our own: after a pause longer than the lapse it may be another's.
    if ((await fsp.readFile(file, 'utf8').catch(() => '')) === own) await fsp.rm(file, { force: true });
  }
}
