// Applies our patches. Neither `patch` nor git is on every machine, and both guess where a context doesn't fit; a
// worker must rather not be built than be built with a half-fitting patch.

/**
 * @param {string} diff one or more files in unified format, free text before the first header
 * @returns {{ file: string, hunks: { start: number, before: string[], after: string[] }[] }[]}
 */
export function parseUnifiedDiff(diff) {
  const files = [];
  let file;
  let hunk;
  for (const line of diff.split('\n')) {
    const header = /^@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@/.exec(line);
    if (hunk && (hunk.beforeLeft > 0 || hunk.afterLeft > 0)) {
      const kind = line[0] ?? ' ';
      if (kind !== '+') {
        hunk.before.push(line.slice(1));
        hunk.beforeLeft -= 1;
      }
      if (kind !== '-') {
        hunk.after.push(line.slice(1));
        hunk.afterLeft -= 1;
      }
    } else if (line.startsWith('+++ ')) {
      file = { file: line.slice(4).replace(/^b\//, '').trim(), hunks: [] };
      files.push(file);
    } else if (header && file) {
      hunk = {
        start: Number(header[1]) - 1,
        before: [],
        after: [],
        beforeLeft: Number(header[2] ?? 1),
        afterLeft: Number(header[3] ?? 1),
      };
      file.hunks.push(hunk);
    }
  }
  return files.map(({ file: name, hunks }) => ({
    file: name,
    hunks: hunks.map(({ start, before, after }) => ({ start, before, after })),
  }));
}

/**
 * @param {string} text
 * @param {{ file: string, hunks: { start: number, before: string[], after: string[] }[] }} patch
 */
export function applyPatch(text, { file, hunks }) {
  const lines = text.split('\n');
  let shift = 0;
  for (const { start, before, after } of hunks) {
    const at = start + shift;
    if (before.some((line, index) => lines[at + index] !== line)) {
      throw new Error(`the patch of ${file} does not fit at line ${start + 1}: was mediasoup updated?`);
    }
    lines.splice(at, before.length, ...after);
    shift += after.length - before.length;
  }
  return lines.join('\n');
}
