import { tokenHints } from './token-hints';

/** What the page's address says: who comes, where to, and for tests and kiosks whether to ask at all. */
export interface PageOptions {
  room: string | undefined;
  name: string | undefined;
  /** Access token; never part of a link that the page offers for sharing. */
  token: string | undefined;
  /** Of `?peer=`, else the one that the token is bound to. @default one per browser tab */
  peerId: string | undefined;
  /** False when the token says that it doesn't allow camera, microphone and screen. */
  mayPublish: boolean;
  /** Joins without the entry form, with what the address gives. */
  autojoin: boolean;
  /** With `autojoin`: whether to turn them on. @default true */
  camera: boolean;
  microphone: boolean;
}

/** Where people meet who were given no room: two who just open the page find each other. */
export const DEFAULT_ROOM = 'lobby';

/** The server takes 256 letters; nobody reads out that many. */
export const ROOM_MAX_LENGTH = 64;
export const NAME_MAX_LENGTH = 40;

export function readPageOptions(search: string): PageOptions {
  const query = new URLSearchParams(search);
  const token = query.get('token') || undefined;
  const hints = tokenHints(token);
  return {
    room: cleanRoom(query.get('room') ?? '') || undefined,
    name: cleanName(query.get('name') ?? '') || undefined,
    token,
    peerId: query.get('peer') || hints.peerId,
    mayPublish: hints.canPublish,
    autojoin: query.get('autojoin') === '1',
    camera: query.get('camera') !== '0',
    microphone: query.get('mic') !== '0',
  };
}

/**
 * One line, single spaces, bounded, without control characters and without the marks that turn the writing
 * direction around (they can make one name look like another). Empty when nothing is left.
 */
export function cleanName(text: string): string {
  return clean(text, NAME_MAX_LENGTH);
}

export function cleanRoom(text: string): string {
  return clean(text, ROOM_MAX_LENGTH);
}

function clean(text: string, maxLength: number): string {
  const line = text
    .replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, ' ')
    .replace(/\s+/gu, ' ')
    .trim();
  return Array.from(line).slice(0, maxLength).join('').trim();
}

/** The link that brings others into this room: without name and token, which are one person's own. */
export function shareLink(pageUrl: string, room: string): string {
  const url = new URL(pageUrl);
  url.search = new URLSearchParams({ room }).toString();
  url.hash = '';
  return url.toString();
}

const ADJECTIVES = ['amber', 'brisk', 'calm', 'clear', 'early', 'gentle', 'green', 'lucky', 'merry', 'quiet'];
const NOUNS = [
  'brook',
  'cedar',
  'falcon',
  'garden',
  'harbour',
  'heron',
  'lantern',
  'meadow',
  'otter',
  'summit',
];

/** A room name that can be said over the phone, e.g. `calm-otter-372`. */
export function inventRoom(random: () => number): string {
  const pick = (words: readonly string[]) => words[Math.floor(random() * words.length)] ?? 'room';
  return `${pick(ADJECTIVES)}-${pick(NOUNS)}-${100 + Math.floor(random() * 900)}`;
}
