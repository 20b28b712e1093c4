import { z } from 'zod';

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** One row of the table, its cells as Markdown. */
interface Row {
  key: string;
  type: string;
  default: string;
  allowed: string;
  meaning: string;
}

const HEAD: Row = { key: 'key', type: 'type', default: 'default', allowed: 'allowed', meaning: 'meaning' };
const COLUMNS = ['key', 'type', 'default', 'allowed', 'meaning'] as const satisfies readonly (keyof Row)[];

/** Parts a description from the default that a schema can not express, since something else decides it. */
const DEFAULT_TAG = ' @default ';

/**
 * A config schema as a Markdown table with one row for each key, in the schema's order and as prettier lays it out.
 * `[]` in a key stands for each entry of a list, `<type>` for each key of a record.
 *
 * @throws Error when a key has no description: the table is where its user looks first
 */
export function configTable(schema: z.ZodType): string {
  const rows = [HEAD, ...rowsBelow('', z.toJSONSchema(schema, { io: 'input' }))];
  const widths = COLUMNS.map((column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const [head = '', ...body] = rows.map((row) =>
    line(COLUMNS.map((column, index) => row[column].padEnd(widths[index] ?? 0))),
  );
  return [head, line(widths.map((width) => '-'.repeat(width))), ...body].join('\n');
}

function rowsBelow(path: string, schema: JsonSchema): Row[] {
  const required = new Set(schema.required);
  const rows = Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    if (typeof property === 'boolean') return [];
    const key = path === '' ? name : `${path}.${name}`;
    return [rowOf(key, property, required.has(name)), ...rowsBelow(key, property)];
  });
  const { items, additionalProperties } = schema;
  if (isSchema(items)) rows.push(...rowsBelow(`${path}[]`, items));
  if (isSchema(additionalProperties)) rows.push(...rowsBelow(`${path}.<type>`, additionalProperties));
  return rows;
}

function rowOf(key: string, schema: JsonSchema, isRequired: boolean): Row {
  if (schema.description === undefined) throw new Error(`${key} has no description`);
  const [meaning = '', elsewhere = 'none'] = schema.description.split(DEFAULT_TAG);
  const own = schema.default === undefined ? elsewhere : code(JSON.stringify(schema.default));
  return {
    key: code(key),
    type: typeOf(schema),
    default: isRequired ? '**required**' : own,
    allowed: allowed(schema),
    meaning: meaning.replaceAll('|', '\\|'),
  };
}

function typeOf(schema: JsonSchema): string {
  const { items, additionalProperties, anyOf } = schema;
  if (schema.type === 'array' && isSchema(items)) return `list of ${typeOf(items)}`;
  if (isSchema(additionalProperties)) return `${typeOf(additionalProperties)} by name`;
  const first = anyOf?.[0];
  if (schema.type === undefined) return first ? typeOf(first) : 'any';
  return [schema.type].flat().join(' or ');
}

/** What a value has to be beside its type. */
function allowed(schema: JsonSchema): string {
  const { items, anyOf, format, pattern } = schema;
  const values = schema.enum ?? anyOf?.flatMap((entry) => (entry.const === undefined ? [] : [entry.const]));
  const parts = [
    schema.exclusiveMinimum === undefined ? '' : `above ${schema.exclusiveMinimum}`,
    range(schema.minimum, schema.maximum),
    schema.multipleOf === undefined ? '' : `multiples of ${schema.multipleOf}`,
    range(schema.minItems, schema.maxItems, ' entries'),
    range(schema.minLength, schema.maxLength, ' characters'),
    values === undefined ? '' : values.map((value) => code(String(value))).join(', '),
    // The pattern of a known format says less than its name.
    format ?? (pattern === undefined ? '' : code(pattern.replaceAll('\\/', '/'))),
    isSchema(items) && items.type !== 'object' ? allowed(items) : '',
  ];
  return parts.filter((part) => part !== '').join('; ');
}

function range(min: number | undefined, max: number | undefined, unit = ''): string {
  if (min !== undefined && max !== undefined) return `${min} to ${max}${unit}`;
  if (min !== undefined) return `at least ${min}${unit}`;
  return max === undefined ? '' : `at most ${max}${unit}`;
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A bar would end the cell, in code too. */
function code(text: string): string {
  return `\`${text.replaceAll('|', '\\|')}\``;
}
