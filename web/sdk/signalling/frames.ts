import type { ProtooMessage } from '../../../core/protocol/protoo';

/** The frame in `text`, or undefined when it is not one of protoo's. Unknown fields are left alone. */
export function parseFrame(text: unknown): ProtooMessage | undefined {
  if (typeof text !== 'string') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value)) return undefined;
  const { seq, data } = value;
  if (seq !== undefined && !isPositiveInteger(seq)) return undefined;
  if (value.notification === true) {
    return typeof value.method === 'string'
      ? { notification: true, method: value.method, data, seq }
      : undefined;
  }
  if (!isId(value.id)) return undefined;
  if (value.request === true) {
    return typeof value.method === 'string'
      ? { request: true, id: value.id, method: value.method, data, seq }
      : undefined;
  }
  if (value.response !== true) return undefined;
  if (value.ok === true) return { response: true, id: value.id, ok: true, data, seq };
  if (value.ok !== false) return undefined;
  return {
    response: true,
    id: value.id,
    ok: false,
    errorCode: typeof value.errorCode === 'number' ? value.errorCode : 500,
    errorReason: typeof value.errorReason === 'string' ? value.errorReason : '',
    seq,
  };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isId(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isPositiveInteger(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}
