/** One request to a receiver. Never rejects: whatever goes wrong is an answer too. */
export type PostWebhook = (request: WebhookRequest) => Promise<WebhookAnswer>;

export interface WebhookRequest {
  url: URL;
  headers: Record<string, string>;
  body: string;
  signal: AbortSignal;
}

export type WebhookAnswer =
  | { taken: true }
  | {
      taken: false;
      /** For the log: `status 500`, `ECONNREFUSED`, `timeout`. */
      failure: string;
      /** What the receiver asked for, milliseconds. */
      retryAfterMs?: number | undefined;
    };

/**
 * Posts by HTTP. A status of 2xx takes the event. Redirects are not followed: only the configured addresses are
 * ever called, whatever a receiver says.
 */
export const postWebhook: PostWebhook = async ({ url, headers, body, signal }) => {
  try {
    const response = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' });
    await skipBody(response);
    if (response.ok) return { taken: true };
    const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
    const retryAfterMs = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined;
    return { taken: false, failure: `status ${response.status}`, retryAfterMs };
  } catch (error) {
    return { taken: false, failure: signal.aborted ? 'timeout' : failureName(error) };
  }
};

/** A receiver's answer has a short body or none. */
const MAX_BODY_BYTES = 16_384;

/**
 * The status is all that counts. A short body is read to its end, so that the connection serves the next event
 * too; a longer one is cut off, and one that breaks takes nothing back.
 */
async function skipBody(response: Response): Promise<void> {
  try {
    let bytes = 0;
    // Leaving the loop early cancels the body.
    for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array> | []) {
      bytes += chunk.byteLength;
      if (bytes > MAX_BODY_BYTES) return;
    }
  } catch {
    return;
  }
}

/** fetch hides the system's error code in the cause. */
function failureName(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  return error instanceof Error ? error.name : 'unknown';
}
