import { NormalizedSchema } from '@smithy/core/schema';
import type { SchemaRef } from '@smithy/types';
import { ServiceError } from './service-error';

/** Deeper than any input of a service. */
const MAX_DEPTH = 32;

/** Reads an input from JSON by its model. Unknown members are dropped, as services do. @throws ServiceError */
export function readJson(schema: SchemaRef, value: unknown): unknown {
  return fromJson(NormalizedSchema.of(schema), value, 'input', MAX_DEPTH);
}

function fromJson(schema: NormalizedSchema, value: unknown, path: string, depth: number): unknown {
  if (value === null || value === undefined) return undefined;
  if (depth === 0) throw wrongType(path, 'less deeply nested');
  if (schema.isStructSchema()) {
    if (!isRecord(value)) throw wrongType(path, 'an object');
    const struct: Record<string, unknown> = {};
    for (const [name, member] of schema.structIterator()) {
      const read = fromJson(member, value[name], `${path}.${name}`, depth - 1);
      if (read !== undefined) struct[name] = read;
    }
    return struct;
  }
  if (schema.isListSchema()) {
    if (!Array.isArray(value)) throw wrongType(path, 'a list');
    const member = schema.getValueSchema();
    return value.map((item, index) => fromJson(member, item, `${path}[${index}]`, depth - 1));
  }
  if (schema.isMapSchema()) {
    if (!isRecord(value)) throw wrongType(path, 'an object');
    const member = schema.getValueSchema();
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, fromJson(member, item, `${path}.${key}`, depth - 1)]),
    );
  }
  if (schema.isTimestampSchema()) {
    if (typeof value !== 'number' && typeof value !== 'string') throw wrongType(path, 'a time');
    const date = new Date(typeof value === 'number' ? value * 1_000 : value);
    if (Number.isNaN(date.getTime())) throw wrongType(path, 'a time');
    return date;
  }
  if (schema.isBlobSchema()) {
    if (typeof value !== 'string') throw wrongType(path, 'Base64');
    return Buffer.from(value, 'base64');
  }
  if (schema.isNumericSchema()) return toNumber(value, path);
  if (schema.isBooleanSchema()) {
    if (typeof value !== 'boolean') throw wrongType(path, 'true or false');
    return value;
  }
  if (schema.isStringSchema() && typeof value !== 'string') throw wrongType(path, 'a string');
  return value;
}

/** Reads an input from the form of the query protocol by its model. @throws ServiceError */
export function readQuery(schema: SchemaRef, form: URLSearchParams): unknown {
  return fromQuery(NormalizedSchema.of(schema), form, '', MAX_DEPTH);
}

function fromQuery(schema: NormalizedSchema, form: URLSearchParams, key: string, depth: number): unknown {
  if (depth === 0) throw wrongType(key, 'less deeply nested');
  if (schema.isStructSchema()) {
    const struct: Record<string, unknown> = {};
    for (const [name, member] of schema.structIterator()) {
      const wireName = textTrait(member, 'xmlName') ?? name;
      const memberKey = key === '' ? wireName : `${key}.${wireName}`;
      if (!hasKey(form, memberKey)) continue;
      struct[name] = fromQuery(member, form, memberKey, depth - 1);
    }
    return struct;
  }
  if (schema.isListSchema()) {
    const flat = schema.getMergedTraits().xmlFlattened !== undefined;
    const member = schema.getValueSchema();
    const base = flat ? key : `${key}.${textTrait(member, 'xmlName') ?? 'member'}`;
    const list: unknown[] = [];
    while (hasKey(form, `${base}.${list.length + 1}`)) {
      list.push(fromQuery(member, form, `${base}.${list.length + 1}`, depth - 1));
    }
    return list;
  }
  if (schema.isMapSchema()) {
    const map: Record<string, unknown> = {};
    for (let index = 1; hasKey(form, `${key}.entry.${index}`); index += 1) {
      const entry = `${key}.entry.${index}`;
      map[form.get(`${entry}.key`) ?? ''] = fromQuery(
        schema.getValueSchema(),
        form,
        `${entry}.value`,
        depth - 1,
      );
    }
    return map;
  }
  const text = form.get(key) ?? '';
  if (schema.isNumericSchema()) return toNumber(text.trim() === '' ? undefined : Number(text), key);
  if (schema.isBooleanSchema()) {
    if (text !== 'true' && text !== 'false') throw wrongType(key, 'true or false');
    return text === 'true';
  }
  if (schema.isTimestampSchema()) {
    const date = new Date(text);
    if (Number.isNaN(date.getTime())) throw wrongType(key, 'a time');
    return date;
  }
  if (schema.isBlobSchema()) return Buffer.from(text, 'base64');
  return text;
}

/** A parameter of this name, or one that begins with it and a dot. */
function hasKey(form: URLSearchParams, key: string): boolean {
  if (form.has(key)) return true;
  for (const name of form.keys()) if (name.startsWith(`${key}.`)) return true;
  return false;
}

function textTrait(schema: NormalizedSchema, trait: 'xmlName'): string | undefined {
  return schema.getMergedTraits()[trait];
}

function toNumber(value: unknown, path: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw wrongType(path, 'a number');
  return value;
}

function wrongType(path: string, what: string): ServiceError {
  return new ServiceError('SerializationException', `${path} must be ${what}`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
