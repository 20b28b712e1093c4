import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBrokenLinks, readPage } from '../../../scripts/docs/markdown-links';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'links-'));
  mkdirSync(join(root, 'docs'));
  writeFileSync(join(root, 'docs', 'other.md'), '# Other page\n\n## `code` & *more*\n\n<a id="old"></a>\n');
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

const brokenIn = (markdown: string): string[] => {
  writeFileSync(join(root, 'README.md'), markdown);
  return findBrokenLinks(root).map(
    ({ file, line, target, problem }) => `${file}:${line} ${target} ${problem}`,
  );
};

test('links that lead somewhere are left alone, and so is code', () => {
  const text = [
    '[a](docs/other.md) [b](docs/other.md#other-page) [c](docs/other.md#code--more) [d](docs/other.md#old)',
    '[web](https://example.org/nothing) [folder](docs/) [here](#here) ![x](/docs/other.md)',
    '`[not](nowhere.md)`',
    '```md\n[not](nowhere.md)\n```',
    '# Here',
  ];
  expect(brokenIn(text.join('\n'))).toEqual([]);
});

test('a missing file, heading or reference is named with its line', () => {
  expect(brokenIn('[a](docs/nowhere.md)\n[b](docs/other.md#nothing)\n\n[c]: ./gone.png\n')).toEqual([
    'README.md:1 docs/nowhere.md no such file',
    'README.md:2 docs/other.md#nothing no such heading',
    'README.md:4 ./gone.png no such file',
  ]);
});

test('headings of the same words are numbered', () => {
  expect([...readPage('# One\n## One\n# One').anchors]).toEqual(['one', 'one-1', 'one-2']);
});
