import { NormalizedSchema } from '@smithy/core/schema';
import type { SchemaRef } from '@smithy/types';

/** An output as JSON protocols carry it: times as seconds since 1970, bytes as Base64. */
export function writeJson(schema: SchemaRef, value: unknown): unknown {
  return toJson(NormalizedSchema.of(schema), value);
}

function toJson(schema: NormalizedSchema, value: unknown): unknown {
  if (value === undefined || value === null) return undefined;
  if (schema.isStructSchema()) {
    const struct = value as Record<string, unknown>;
    const json: Record<string, unknown> = {};
    for (const [name, member] of schema.structIterator()) {
      const written = toJson(member, struct[name]);
      if (written !== undefined) json[name] = written;
    }
    return json;
  }
  if (schema.isListSchema()) {
    const member = schema.getValueSchema();
    return (value as unknown[]).map((item) => toJson(member, item));
  }
  if (schema.isMapSchema()) {
    const member = schema.getValueSchema();
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toJson(member, item)]));
  }
  if (value instanceof Date) return value.getTime() / 1_000;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return value;
}

/** An output as the XML of the query protocol, without the element around it. */
export function writeXml(schema: SchemaRef, value: unknown): string {
  return toXml(NormalizedSchema.of(schema), value);
}

function toXml(schema: NormalizedSchema, value: unknown): string {
  if (value === undefined || value === null) return '';
  if (schema.isStructSchema()) {
    const struct = value as Record<string, unknown>;
    let xml = '';
    for (const [name, member] of schema.structIterator()) {
      if (struct[name] === undefined || struct[name] === null) continue;
      const wireName = member.getMergedTraits().xmlName ?? name;
      xml += element(wireName, toXml(member, struct[name]));
    }
    return xml;
  }
  if (schema.isListSchema()) {
    const member = schema.getValueSchema();
    const name = member.getMergedTraits().xmlName ?? 'member';
    return (value as unknown[]).map((item) => element(name, toXml(member, item))).join('');
  }
  if (schema.isMapSchema()) {
    const member = schema.getValueSchema();
    return Object.entries(value)
      .map(([key, item]) =>
        element('entry', element('key', escapeXml(key)) + element('value', toXml(member, item))),
      )
      .join('');
  }
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  // A string, a number or a boolean.
  return escapeXml(typeof value === 'string' ? value : JSON.stringify(value));
}

export function element(name: string, content: string): string {
  return content === '' ? `<${name}/>` : `<${name}>${content}</${name}>`;
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

export function escapeXml(text: string): string {
  return (
    text
      .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character)
      // What XML 1.0 can not carry at all.
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '\ufffd')
  );
}
