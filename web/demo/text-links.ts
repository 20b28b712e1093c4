/** A piece of a message: plain text, or an address that may be followed. */
export interface TextPiece {
  text: string;
  /** An http or https address; nothing else is ever made a link. */
  href?: string;
}

const ADDRESS = /https?:\/\/[^\s<>"']+/giu;
/** What ends a sentence rather than an address. */
const TAIL = /[.,;:!?)\]}]+$/u;

/** Splits a message at its web addresses. The pieces put together are the message again. */
export function splitLinks(message: string): TextPiece[] {
  const pieces: TextPiece[] = [];
  let end = 0;
  for (const match of message.matchAll(ADDRESS)) {
    const address = match[0].replace(TAIL, '');
    if (!URL.canParse(address)) continue;
    if (match.index > end) pieces.push({ text: message.slice(end, match.index) });
    pieces.push({ text: address, href: address });
    end = match.index + address.length;
  }
  if (end < message.length) pieces.push({ text: message.slice(end) });
  return pieces;
}
