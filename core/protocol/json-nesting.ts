/**
 * Levels of arrays and objects in a client's message. The deepest of the protocol, rtpParameters inside a request,
 * has 7; Node's JSON.parse reads any depth, but its JSON.stringify runs out of stack at some thousands.
 */
export const MAX_JSON_NESTING = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Whether JSON text in UTF-8 nests deeper than `limit`. Looks at each byte once, and never fails on what is not JSON. */
export function nestsDeeperThan(json: Uint8Array, limit: number): boolean {
  let depth = 0;
  let inText = false;
  for (let at = 0; at < json.length; at += 1) {
    const byte = json[at];
    if (inText) {
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) inText = false;
    } else if (byte === QUOTE) inText = true;
    else if (byte === 0x5b || byte === 0x7b) {
      depth += 1;
      if (depth > limit) return true;
    } else if (byte === 0x5d || byte === 0x7d) depth -= 1;
  }
  return false;
}
