import { element, iconButton, setIcon, type IconName } from './dom';
import { badgeText } from './format';
import type { RoomAction } from './shortcuts';

export type ControlName = 'mute' | 'camera' | 'screen' | 'chat' | 'details' | 'settings' | 'leave';

interface Control {
  name: ControlName;
  /** Shown while the thing is on, respectively off. */
  icons: { on: IconName; off: IconName };
  /** What a press does while it is on, respectively off. */
  labels: { on: string; off: string };
  shortcut?: string;
}

const CONTROLS: readonly Control[] = [
  {
    name: 'mute',
    icons: { on: 'mic', off: 'mic-off' },
    labels: { on: 'Turn microphone off', off: 'Turn microphone on' },
    shortcut: 'm',
  },
  {
    name: 'camera',
    icons: { on: 'camera', off: 'camera-off' },
    labels: { on: 'Turn camera off', off: 'Turn camera on' },
    shortcut: 'v',
  },
  {
    name: 'screen',
    icons: { on: 'screen', off: 'screen' },
    labels: { on: 'Stop sharing your screen', off: 'Share your screen' },
    shortcut: 's',
  },
  {
    name: 'chat',
    icons: { on: 'chat', off: 'chat' },
    labels: { on: 'Close chat', off: 'Open chat' },
    shortcut: 'c',
  },
  {
    name: 'details',
    icons: { on: 'details', off: 'details' },
    labels: { on: 'Close connection details', off: 'Open connection details' },
    shortcut: 'd',
  },
  {
    name: 'settings',
    icons: { on: 'settings', off: 'settings' },
    labels: { on: 'Devices and settings', off: 'Devices and settings' },
  },
  {
    name: 'leave',
    icons: { on: 'leave', off: 'leave' },
    labels: { on: 'Leave the room', off: 'Leave the room' },
  },
];

const TEST_IDS: Partial<Record<ControlName, string>> = { chat: 'chat-open', details: 'details-open' };

export interface ControlBarOptions {
  onPress: (action: Exclude<RoomAction, 'close-panel'> | 'leave') => void;
  /** False where the browser can't capture a screen (phones). */
  canShareScreen: boolean;
}

/** The row of buttons under the stage. */
export class ControlBar {
  readonly root: HTMLElement;
  readonly #buttons = new Map<ControlName, HTMLButtonElement>();
  readonly #badge = element('span', { class: 'badge', 'data-testid': 'chat-badge', hidden: true });

  constructor(options: ControlBarOptions) {
    this.root = element('nav', { class: 'controls', 'aria-label': 'Call controls' });
    for (const control of CONTROLS) {
      if (control.name === 'screen' && !options.canShareScreen) continue;
      const button = iconButton({
        icon: control.icons.off,
        label: control.labels.off,
        class: `control control-${control.name}`,
        testId: TEST_IDS[control.name] ?? control.name,
        onClick: () => options.onPress(control.name),
      });
      if (control.shortcut) button.setAttribute('aria-keyshortcuts', control.shortcut);
      this.#buttons.set(control.name, button);
      this.root.append(button);
    }
    this.#buttons.get('chat')?.append(this.#badge);
    for (const name of ['mute', 'camera', 'screen', 'chat', 'details'] as const) this.setOn(name, false);
  }

  setOn(name: ControlName, on: boolean): void {
    const button = this.#buttons.get(name);
    const control = CONTROLS.find((one) => one.name === name);
    if (!button || !control) return;
    const label = on ? control.labels.on : control.labels.off;
    button.setAttribute('aria-label', label);
    if (button.getAttribute('aria-disabled') === 'true') return;
    button.title = control.shortcut ? `${label} (${control.shortcut.toUpperCase()})` : label;
    button.dataset.on = on ? '1' : '0';
    const drawing = button.querySelector('svg');
    if (drawing) setIcon(drawing, on ? control.icons.on : control.icons.off);
    if (name === 'chat' || name === 'details') button.setAttribute('aria-expanded', String(on));
  }

  /** Shows a control as one that this person has no right to, and why. A press then only says so. */
  setForbidden(name: ControlName, why: string): void {
    const button = this.#buttons.get(name);
    if (!button) return;
    button.setAttribute('aria-disabled', 'true');
    button.title = why;
  }

  /** While a device starts or stops, another press of its button would only confuse. */
  setBusy(name: ControlName, busy: boolean): void {
    const button = this.#buttons.get(name);
    if (!button) return;
    button.setAttribute('aria-busy', String(busy));
    button.classList.toggle('is-busy', busy);
  }

  setUnread(count: number): void {
    this.#badge.hidden = count === 0;
    this.#badge.textContent = badgeText(count);
    this.#badge.setAttribute('aria-label', `${count} unread`);
  }

  focus(name: ControlName): void {
    this.#buttons.get(name)?.focus();
  }
}
