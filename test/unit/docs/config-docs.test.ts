import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { fleetConfigSchema } from '../../../core/deployment/fleet-config-schema';
import { configTable } from '../../../scripts/docs/config-table';
import { replaceGenerated } from '../../../scripts/docs/generated-section';

const page = readFileSync(join(resolve(__dirname, '../../..'), 'docs', 'configuration.md'), 'utf8');

test('the page has the table of the schema as it is (out of date: npm run docs:config)', () => {
  expect(page).toBe(replaceGenerated(page, configTable(fleetConfigSchema)));
});

test('a changed table changes the page, and nothing outside of the marks', () => {
  const changed = replaceGenerated(page, 'another table');
  expect(changed).not.toBe(page);
  expect(replaceGenerated(changed, configTable(fleetConfigSchema))).toBe(page);
});

test('a page without the marks is refused, and so is one with a mark twice', () => {
  expect(() => replaceGenerated('# No marks', 'table')).toThrow('two lines, once each');
  expect(() => replaceGenerated(page + page, 'table')).toThrow('two lines, once each');
});

describe('the table', () => {
  const cells = (schema: z.ZodType): string[][] =>
    configTable(schema)
      .split('\n')
      .slice(2)
      .map((line) =>
        line
          .slice(1, -1)
          .split(/(?<!\\)\|/)
          .map((cell) => cell.trim()),
      );

  test('says default, range and meaning of each key', () => {
    const schema = z.strictObject({
      size: z.number().int().min(2).max(9).default(3).describe('How many.'),
      name: z.string().describe('Its name.'),
      place: z.string().optional().describe('Where. @default here'),
    });
    expect(cells(schema)).toEqual([
      ['`size`', 'integer', '`3`', '2 to 9', 'How many.'],
      ['`name`', 'string', '**required**', '', 'Its name.'],
      ['`place`', 'string', 'here', '', 'Where.'],
    ]);
  });

  test('goes into lists, records and optional parts', () => {
    const port = z.strictObject({ port: z.number().describe('A port.') });
    const schema = z.strictObject({
      list: z.array(port).min(1).describe('Ports.'),
      byType: z.record(z.string(), port).default({}).describe('Ports by type.'),
      maybe: port.optional().describe('A port, or none.'),
    });
    expect(cells(schema).map(([key, type, value]) => [key, type, value])).toEqual([
      ['`list`', 'list of object', '**required**'],
      ['`list[].port`', 'number', '**required**'],
      ['`byType`', 'object by name', '`{}`'],
      ['`byType.<type>.port`', 'number', '**required**'],
      ['`maybe`', 'object', 'none'],
      ['`maybe.port`', 'number', '**required**'],
    ]);
  });

  test('a bar in a pattern does not end the cell', () => {
    const schema = z.strictObject({
      id: z
        .string()
        .regex(/^(a|b)$/)
        .describe('One of two.'),
    });
    expect(cells(schema)).toEqual([['`id`', 'string', '**required**', '`^(a\\|b)$`', 'One of two.']]);
  });

  test('a key that nobody described is an error', () => {
    expect(() => configTable(z.strictObject({ size: z.number() }))).toThrow('size has no description');
  });
});
