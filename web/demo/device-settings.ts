import { canChooseSpeaker, fillDeviceSelect, listDevices } from './device-list';
import { element, iconButton } from './dom';
import { SHORTCUTS } from './shortcuts';

export interface DevicesInUse {
  cameraId: string | undefined;
  microphoneId: string | undefined;
  speakerId: string | undefined;
}

export interface DeviceSettingsOptions {
  inUse: () => DevicesInUse;
  shortcuts: boolean;
  onCamera: (deviceId: string) => void;
  onMicrophone: (deviceId: string) => void;
  onSpeaker: (deviceId: string) => void;
  onShortcuts: (enabled: boolean) => void;
}

/** The dialog for devices and keys, while in the room. */
export class DeviceSettings {
  readonly root: HTMLDialogElement;
  readonly #options: DeviceSettingsOptions;
  readonly #camera = element('select', { 'aria-label': 'Camera', 'data-testid': 'settings-camera' });
  readonly #microphone = element('select', {
    'aria-label': 'Microphone',
    'data-testid': 'settings-microphone',
  });
  readonly #speaker = element('select', { 'aria-label': 'Speaker', 'data-testid': 'settings-speaker' });
  readonly #onDeviceChange = () => void this.#fill();

  constructor(options: DeviceSettingsOptions) {
    this.#options = options;
    this.#camera.addEventListener('change', () => options.onCamera(this.#camera.value));
    this.#microphone.addEventListener('change', () => options.onMicrophone(this.#microphone.value));
    this.#speaker.addEventListener('change', () => options.onSpeaker(this.#speaker.value));
    const shortcuts = element('input', { type: 'checkbox', 'data-testid': 'settings-shortcuts' });
    shortcuts.checked = options.shortcuts;
    shortcuts.addEventListener('change', () => options.onShortcuts(shortcuts.checked));
    this.root = element(
      'dialog',
      { class: 'dialog', 'aria-label': 'Devices and settings', 'data-testid': 'settings-dialog' },
      element(
        'header',
        { class: 'panel-head' },
        element('h2', {}, 'Devices and settings'),
        iconButton({
          icon: 'close',
          label: 'Close settings',
          testId: 'settings-close',
          onClick: () => this.root.close(),
        }),
      ),
      row('Camera', this.#camera),
      row('Microphone', this.#microphone),
      canChooseSpeaker() ? row('Speaker', this.#speaker) : undefined,
      element('label', { class: 'check' }, shortcuts, element('span', {}, 'Keyboard shortcuts')),
      element('dl', { class: 'keys' }, ...SHORTCUTS.map(({ key, text }) => keyRow(key, text))),
    );
    // A press outside of the dialog's box lands on the dialog element itself.
    this.root.addEventListener('click', (event) => {
      if (event.target === this.root) this.root.close();
    });
    if ('mediaDevices' in navigator) {
      navigator.mediaDevices.addEventListener('devicechange', this.#onDeviceChange);
    }
  }

  open(): void {
    if (this.root.open) return;
    this.root.showModal();
    void this.#fill();
  }

  /** Idempotent. */
  close(): void {
    if ('mediaDevices' in navigator) {
      navigator.mediaDevices.removeEventListener('devicechange', this.#onDeviceChange);
    }
    this.root.remove();
  }

  async #fill(): Promise<void> {
    const devices = await listDevices();
    const inUse = this.#options.inUse();
    fillDeviceSelect(this.#camera, devices.cameras, inUse.cameraId);
    fillDeviceSelect(this.#microphone, devices.microphones, inUse.microphoneId);
    fillDeviceSelect(this.#speaker, devices.speakers, inUse.speakerId);
  }
}

function row(label: string, select: HTMLSelectElement): HTMLElement {
  return element('label', { class: 'field' }, element('span', {}, label), select);
}

function keyRow(key: string, text: string): HTMLElement {
  return element('div', {}, element('dt', {}, element('kbd', {}, key)), element('dd', {}, text));
}
