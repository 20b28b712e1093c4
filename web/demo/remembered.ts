/** What the page remembers on this device. Every field is optional: the browser may forget or refuse. */
export interface Remembered {
  name?: string;
  cameraId?: string;
  microphoneId?: string;
  speakerId?: string;
  /** @default true */
  shortcuts?: boolean;
}

const KEY = 'mediasoup-fleet-demo';

/** Reads what was remembered; empty where storage is refused (private windows, blocked cookies) or damaged. */
export function recall(): Remembered {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    if (typeof stored !== 'object' || stored === null) return {};
    const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
    const fields = stored as Record<string, unknown>;
    return {
      name: text(fields.name),
      cameraId: text(fields.cameraId),
      microphoneId: text(fields.microphoneId),
      speakerId: text(fields.speakerId),
      shortcuts: fields.shortcuts !== false,
    };
  } catch {
    return {};
  }
}

/** Adds to what is remembered; without effect where storage is refused. */
export function remember(change: Remembered): void {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...recall(), ...change }));
  } catch {
    // The call works without; the person types the name again next time.
  }
}

/** What this tab's person switched off or on last; a reload goes on with it. Undefined: never touched. */
export interface Switches {
  camera?: boolean;
  microphone?: boolean;
}

const SWITCHES_KEY = `${KEY}.switches`;

/** Empty where storage is refused or damaged. */
export function recallSwitches(): Switches {
  try {
    const stored: unknown = JSON.parse(sessionStorage.getItem(SWITCHES_KEY) ?? '{}');
    if (typeof stored !== 'object' || stored === null) return {};
    const flag = (value: unknown) => (typeof value === 'boolean' ? value : undefined);
    const fields = stored as Record<string, unknown>;
    return { camera: flag(fields.camera), microphone: flag(fields.microphone) };
  } catch {
    return {};
  }
}

/** Without effect where storage is refused. */
export function rememberSwitches(change: Switches): void {
  try {
    sessionStorage.setItem(SWITCHES_KEY, JSON.stringify({ ...recallSwitches(), ...change }));
  } catch {
    // A reload then begins with both on, as a first visit does.
  }
}

/**
 * This tab's peer id in a room. It survives a reload, which so takes over its own place instead of leaving a
 * ghost; a copied tab carries it too and takes over as well.
 */
export function tabPeerId(room: string, makeId: () => string): string {
  const key = `${KEY}.peer.${room}`;
  try {
    const known = sessionStorage.getItem(key);
    if (known) return known;
    const made = makeId();
    sessionStorage.setItem(key, made);
    return made;
  } catch {
    return makeId();
  }
}
