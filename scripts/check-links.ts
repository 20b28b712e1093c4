import { resolve } from 'node:path';
import { findBrokenLinks } from './docs/markdown-links';

// Part of `npm run lint`: fails when a Markdown file links to a file or heading that is not there.
const broken = findBrokenLinks(resolve(__dirname, '..'));
for (const { file, line, target, problem } of broken) {
  console.error(`${file}:${line}: ${target}: ${problem}`);
}
process.exitCode = broken.length > 0 ? 1 : 0;
