/** What a person can do about it; the room page turns this into buttons. */
export type Remedy =
  /** Counts down `retryAfterMs` and tries again by itself; the person may try at once or give up. */
  | 'retry-countdown'
  /** The same try may work, but not by itself. */
  | 'retry'
  /** Another name, room or link is needed: back to the entry. */
  | 'back'
  /** Nothing to do on this page. */
  | 'none';

export interface Words {
  title: string;
  text: string;
  remedy: Remedy;
}

const TOKEN_TAIL = 'Ask whoever invited you for a new link.';

/** Codes of the fleet's error registry that a browser can be sent. */
export const WORDS_BY_CODE: Readonly<Record<string, Words>> = {
  FLEET_ERR_NO_CAPACITY: {
    title: 'The fleet is full right now',
    text: 'Every media node is busy. More room usually opens within a minute.',
    remedy: 'retry-countdown',
  },
  FLEET_ERR_PLACEMENT_UNAVAILABLE: {
    title: 'We can’t find a place for you right now',
    text: 'The service that hands out places is catching its breath. Calls that are running go on.',
    remedy: 'retry-countdown',
  },
  FLEET_ERR_ROOM_MOVED: {
    title: 'This room has just moved',
    text: 'It lives on another media node now. We follow it in a moment.',
    remedy: 'retry-countdown',
  },
  FLEET_ERR_NODE_UNREACHABLE: {
    title: 'The room’s media node can’t be reached',
    text: 'It may be restarting. The room gets a new place if it doesn’t come back.',
    remedy: 'retry-countdown',
  },
  FLEET_ERR_SHUTTING_DOWN: {
    title: 'This server is restarting',
    text: 'Another one takes over in a moment.',
    remedy: 'retry-countdown',
  },
  FLEET_ERR_WORKER_DIED: {
    title: 'The media server of this room stopped',
    text: 'The room is being rebuilt elsewhere; everybody in it comes back by themselves.',
    remedy: 'retry-countdown',
  },
  FLEET_ERR_RATE_LIMITED: {
    title: 'Too much, too fast',
    text: 'The server asked for a short pause.',
    remedy: 'retry-countdown',
  },
  FLEET_ERR_TOKEN_MISSING: {
    title: 'You need an invitation',
    text: `This room only lets people in with a personal link. ${TOKEN_TAIL}`,
    remedy: 'back',
  },
  FLEET_ERR_TOKEN_INVALID: {
    title: 'This invitation isn’t valid',
    text: `The link may be incomplete or made for another service. ${TOKEN_TAIL}`,
    remedy: 'back',
  },
  FLEET_ERR_TOKEN_EXPIRED: {
    title: 'This invitation has expired',
    text: TOKEN_TAIL,
    remedy: 'back',
  },
  FLEET_ERR_TOKEN_WRONG_ROOM: {
    title: 'This invitation is for another room',
    text: `Check the room’s name. ${TOKEN_TAIL}`,
    remedy: 'back',
  },
  FLEET_ERR_TOKEN_WRONG_PEER: {
    title: 'This invitation is for somebody else',
    text: TOKEN_TAIL,
    remedy: 'back',
  },
  FLEET_ERR_FORBIDDEN: {
    title: 'Your invitation doesn’t allow that',
    text: 'You can stay and take part in what it does allow.',
    remedy: 'back',
  },
  FLEET_ERR_LIMIT_EXCEEDED: {
    title: 'That’s more than one person may share here',
    text: 'Stop sharing something else first.',
    remedy: 'back',
  },
  FLEET_ERR_PEER_EXISTS: {
    title: 'You are already in this room',
    text: 'Leave it in the other tab or on the other device first.',
    remedy: 'retry',
  },
  FLEET_ERR_PEER_REPLACED: {
    title: 'You joined from another tab',
    text: 'The call goes on there. Come back here and the other tab lets go.',
    remedy: 'retry',
  },
  FLEET_ERR_PEER_REMOVED: {
    title: 'You were removed from the room',
    text: 'Somebody who runs this service ended your part in the call.',
    remedy: 'back',
  },
  FLEET_ERR_ROOM_CLOSED: {
    title: 'The room was closed',
    text: 'Somebody who runs this service ended the call for everybody.',
    remedy: 'back',
  },
  FLEET_ERR_SESSION_GONE: {
    title: 'You were away for too long',
    text: 'Your place was given up. Join again to take a new one.',
    remedy: 'retry',
  },
  FLEET_ERR_NOT_JOINED: {
    title: 'You are not in the room yet',
    text: 'Join again.',
    remedy: 'retry',
  },
  FLEET_ERR_ALREADY_JOINED: {
    title: 'You are already in this room',
    text: 'Join again to start afresh.',
    remedy: 'retry',
  },
  FLEET_ERR_NOT_FOUND: {
    title: 'That is no longer there',
    text: 'It ended before the server could answer.',
    remedy: 'retry',
  },
  FLEET_ERR_BAD_REQUEST: {
    title: 'The server didn’t accept this name or room',
    text: 'Try a shorter or simpler one.',
    remedy: 'back',
  },
  FLEET_ERR_BAD_MESSAGE: {
    title: 'This page and the server don’t understand each other',
    text: 'Reload the page; it may be older than the server.',
    remedy: 'retry',
  },
  FLEET_ERR_UNKNOWN_METHOD: {
    title: 'This page and the server don’t understand each other',
    text: 'Reload the page; it may be newer than the server.',
    remedy: 'retry',
  },
  FLEET_ERR_MESSAGE_TOO_LARGE: {
    title: 'That message is too long',
    text: 'Send it in smaller parts.',
    remedy: 'retry',
  },
  FLEET_ERR_INTERNAL: {
    title: 'Something went wrong on the server',
    text: 'It was written down there. Trying again often helps.',
    remedy: 'retry',
  },
};

/** Codes of the registry that never leave a server. */
export const CODES_NO_CLIENT_SEES: readonly string[] = [
  'FLEET_ERR_CONFIG',
  'FLEET_ERR_LINK_REFUSED',
  'FLEET_ERR_PIPE_CLOSED',
  'FLEET_ERR_PIPE_FULL',
  'FLEET_ERR_PIPE_SILENT',
];

/** Codes of the browser SDK itself that end a call or keep it from starting. */
const WORDS_BY_LOCAL_CODE: Readonly<Record<string, Words>> = {
  NOT_SUPPORTED: {
    title: 'This browser can’t make calls',
    text: 'It lacks WebRTC, or none of its video formats fit this room. Use a current Chrome, Edge, Firefox or Safari.',
    remedy: 'none',
  },
  INSECURE_CONTEXT: {
    title: 'This page needs a secure address',
    text: 'Browsers only allow calls on https:// pages and on localhost. Open this page by its https address.',
    remedy: 'none',
  },
  CONNECTION_LOST: {
    title: 'The connection was lost',
    text: 'We tried to get it back and couldn’t. Check your network, then try again.',
    remedy: 'retry-countdown',
  },
  TIMEOUT: {
    title: 'The server doesn’t answer',
    text: 'Check your network. If it is fine, the service may be down.',
    remedy: 'retry-countdown',
  },
  NOT_CONNECTED: {
    title: 'Not connected right now',
    text: 'Try again once the connection is back.',
    remedy: 'retry',
  },
  PROTOCOL_ERROR: {
    title: 'This page and the server don’t understand each other',
    text: 'Reload the page; it may be older than the server.',
    remedy: 'retry',
  },
  MEDIA_FAILED: {
    title: 'Your browser couldn’t send it',
    text: 'Try again; if that doesn’t help, reload the page.',
    remedy: 'retry',
  },
  BAD_MESSAGE: {
    title: 'That message is too long',
    text: 'Send it in smaller parts.',
    remedy: 'retry',
  },
};

/** Words for a code of the registry or the SDK; for one that this page doesn't know, the server's own message. */
export function wordsForCode(code: string, serverMessage = ''): Words {
  for (const words of [WORDS_BY_CODE, WORDS_BY_LOCAL_CODE]) {
    const known = Object.hasOwn(words, code) ? words[code] : undefined;
    if (known) return known;
  }
  return {
    title: 'That didn’t work',
    text: serverMessage === '' ? `The server answered ${code}.` : `The server says: ${serverMessage}.`,
    remedy: 'retry',
  };
}

export type DeviceKind = 'camera' | 'microphone' | 'screen';

/** Words for a device that doesn't start, by the code of the SDK's error. */
export function wordsForDevice(kind: DeviceKind, code: string): string {
  switch (code) {
    case 'NO_CAMERA':
      return 'No camera found.';
    case 'NO_MICROPHONE':
      return 'No microphone found.';
    case 'PERMISSION_DENIED':
      return kind === 'screen'
        ? 'Your system doesn’t let this browser share the screen.'
        : `No permission for the ${kind}. Allow it beside the address of this page, then try again.`;
    case 'DEVICE_IN_USE':
      return `The ${kind} is in use by another program.`;
    case 'DEVICE_NOT_FOUND':
      return `That ${kind} is no longer connected.`;
    case 'SCREEN_SHARE_CANCELLED':
      return 'Your screen is not shared.';
    case 'NOT_SUPPORTED':
      return kind === 'screen' ? 'This browser can’t share a screen.' : `This browser gives no ${kind}.`;
    case 'INSECURE_CONTEXT':
      return `Browsers only give the ${kind} to https:// pages and to localhost.`;
    case 'FLEET_ERR_FORBIDDEN':
      return `Your invitation doesn’t allow you to share a ${kind}.`;
    default:
      return `The ${kind} can’t be shared: ${wordsForCode(code).title.toLowerCase()}.`;
  }
}

/** The SDK's code for what getUserMedia threw, for devices that this page opens before there is a client. */
export function deviceErrorCode(kind: 'camera' | 'microphone', errorName: string): string {
  switch (errorName) {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'PERMISSION_DENIED';
    case 'NotFoundError':
      return kind === 'camera' ? 'NO_CAMERA' : 'NO_MICROPHONE';
    case 'OverconstrainedError':
      return 'DEVICE_NOT_FOUND';
    case 'NotReadableError':
    case 'AbortError':
      return 'DEVICE_IN_USE';
    default:
      return 'NOT_SUPPORTED';
  }
}
