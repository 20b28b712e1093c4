import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(__dirname, '../../..');
const rows = readFileSync(join(root, 'docs', 'reliability.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .slice(2)
  .map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );

test('each of the sixteen has a promise', () => {
  expect(rows).toHaveLength(16);
  for (const [told, there, here, held] of rows)
    for (const cell of [told, there, here, held]) expect(cell).toBeTruthy();
});

test.each(
  rows.flatMap(([told = '', , , held = '']) =>
    held.split('<br>').map((test) => {
      const [, file = '', name = ''] = /^`([^`]+)`: (.*)$/.exec(test) ?? [];
      return [told, file, name.replaceAll('\\', '')] as const;
    }),
  ),
)('%s is held by a test: %s: %s', (_told, file, name) => {
  expect(existsSync(join(root, file))).toBe(true);
  const source = readFileSync(join(root, file), 'utf8');
  // As it is written there: in quotes, the first words of a call.
  const quoted = [`'${name}'`, `"${name}"`, `\`${name}\``];
  expect(quoted.some((text) => source.includes(`(${text}`) || source.includes(`(\n    ${text}`))).toBe(true);
});
