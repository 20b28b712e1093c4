/** What an access token says of its bearer. Not verified: the server does that, this page only prepares for it. */
export interface TokenHints {
  /** The peer id it is bound to; undefined for any. */
  peerId: string | undefined;
  /** False when camera, microphone and screen will be refused. */
  canPublish: boolean;
}

/** Reads the payload of a JWT. Of anything else nothing is known, and the server says what is wrong with it. */
export function tokenHints(token: string | undefined): TokenHints {
  const { peer, canPublish } = payloadOf(token ?? '');
  return {
    peerId: typeof peer === 'string' && peer !== '' ? peer : undefined,
    canPublish: canPublish !== false,
  };
}

function payloadOf(token: string): Record<string, unknown> {
  try {
    const base64 = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const payload: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof payload === 'object' && payload !== null ? { ...payload } : {};
  } catch {
    return {};
  }
}
