/** What a key does in the room. */
export type RoomAction = 'mute' | 'camera' | 'screen' | 'chat' | 'details' | 'settings' | 'close-panel';

/** Letters, for the help text in the settings; the keys themselves are matched without case. */
export const SHORTCUTS: readonly { key: string; action: RoomAction; text: string }[] = [
  { key: 'M', action: 'mute', text: 'Microphone on or off' },
  { key: 'V', action: 'camera', text: 'Camera on or off' },
  { key: 'S', action: 'screen', text: 'Share or stop sharing the screen' },
  { key: 'C', action: 'chat', text: 'Chat' },
  { key: 'D', action: 'details', text: 'Connection details' },
  { key: 'Esc', action: 'close-panel', text: 'Close the panel' },
];

export interface KeyPress {
  key: string;
  ctrlKey: boolean;
  altKey: boolean;
  metaKey: boolean;
  repeat: boolean;
  /** The focus is in a field where letters are text. */
  typing: boolean;
}

/** The action of a key press, or undefined when the page must leave the key alone. */
export function actionFor(press: KeyPress): RoomAction | undefined {
  if (press.ctrlKey || press.altKey || press.metaKey || press.repeat) return undefined;
  if (press.key === 'Escape') return 'close-panel';
  if (press.typing) return undefined;
  return SHORTCUTS.find((shortcut) => shortcut.key === press.key.toUpperCase())?.action;
}
