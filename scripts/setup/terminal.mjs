// Shows the steps: one line each, rewritten in place on a terminal, a line every few seconds in a log.

const LOG_PROGRESS_EVERY_MS = 10_000;
const TERMINAL_PROGRESS_EVERY_MS = 100;

/** @param {number} ms */
export function formatElapsed(ms) {
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')} min`;
}

/**
 * @param {object} options
 * @param {NodeJS.WritableStream & { isTTY?: boolean, columns?: number }} options.stream
 * @param {() => number} options.now milliseconds
 * @param {boolean} [options.quiet] shows nothing until a step has something to do
 */
export function createTerminal({ stream, now, quiet = false }) {
  const rewrites = Boolean(stream.isTTY);
  let silent = quiet;
  const clear = rewrites ? '\r\u001b[K' : '';

  return {
    /** @param {string} text */
    line(text) {
      if (!silent) stream.write(`${clear}${text}\n`);
    },

    /**
     * @template T
     * @param {{ name: string, position: string }} step
     * @param {(report: (progress: string) => void) => Promise<{ result: string, value?: T }>} action
     */
    async step({ name, position }, action) {
      const startedAt = now();
      const label = `${position} ${name}`;
      let shownAt = startedAt;
      let shown = '';
      /** @param {string} progress */
      const report = (progress) => {
        silent = false;
        const time = now();
        const kind = progress.replace(/\d+/g, '#');
        const due = time - shownAt >= (rewrites ? TERMINAL_PROGRESS_EVERY_MS : LOG_PROGRESS_EVERY_MS);
        if (kind === shown && !due) return;
        shown = kind;
        shownAt = time;
        const text = `${label}: ${progress} (${formatElapsed(time - startedAt)})`;
        stream.write(rewrites ? `${clear}${text.slice(0, (stream.columns || 80) - 1)}` : `${text}\n`);
      };
      if (rewrites && !silent) report('checking');
      try {
        const { result } = await action(report);
        if (!silent) stream.write(`${clear}${label}: ${result} (${formatElapsed(now() - startedAt)})\n`);
      } catch (error) {
        stream.write(`${clear}${label}: failed (${formatElapsed(now() - startedAt)})\n`);
        throw error;
      }
    },
  };
}
