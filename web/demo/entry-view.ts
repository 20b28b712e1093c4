import { canChooseSpeaker, fillDeviceSelect, listDevices } from './device-list';
import { element, icon, iconButton } from './dom';
import { lengthNote } from './length-note';
import { cleanName, cleanRoom, inventRoom, NAME_MAX_LENGTH, ROOM_MAX_LENGTH } from './page-options';
import { Preview } from './preview';
import type { Remembered, Switches } from './remembered';

/** What the person decided before joining. */
export interface EntryChoice {
  name: string;
  room: string;
  cameraOn: boolean;
  microphoneOn: boolean;
  cameraId: string | undefined;
  microphoneId: string | undefined;
  speakerId: string | undefined;
}

export interface EntryViewOptions {
  name: string;
  room: string;
  remembered: Remembered;
  /** False: the invitation allows no camera and microphone, so neither is turned on here. */
  mayPublish: boolean;
  switches: Switches;
  onSwitches: (change: Switches) => void;
  onJoin: (choice: EntryChoice) => void;
}

/** The first page: who you are, where to, and how you will look and sound. */
export class EntryView {
  readonly root: HTMLElement;
  readonly #options: EntryViewOptions;
  readonly #preview: Preview;
  readonly #name: HTMLInputElement;
  readonly #room: HTMLInputElement;
  readonly #problem = element('p', { class: 'field-problem', id: 'entry-problem', role: 'alert' });
  readonly #camera = element('select', { 'aria-label': 'Camera', 'data-testid': 'entry-camera' });
  readonly #microphone = element('select', { 'aria-label': 'Microphone', 'data-testid': 'entry-microphone' });
  readonly #speaker = element('select', { 'aria-label': 'Speaker', 'data-testid': 'entry-speaker' });
  readonly #join = element(
    'button',
    { type: 'submit', class: 'primary-button', 'data-testid': 'join' },
    'Join the room',
  );
  readonly #onDeviceChange = () => void this.#listDevices();

  constructor(options: EntryViewOptions) {
    this.#options = options;
    const { remembered, mayPublish, switches, onSwitches } = options;
    this.#preview = new Preview({
      mayPublish,
      switches,
      onSwitches,
      cameraId: remembered.cameraId,
      microphoneId: remembered.microphoneId,
      onDevicesOpened: this.#onDeviceChange,
    });
    this.#name = element('input', {
      id: 'entry-name',
      'data-testid': 'entry-name',
      autocomplete: 'name',
      maxlength: NAME_MAX_LENGTH,
      placeholder: 'What others see',
      'aria-describedby': 'entry-problem',
    });
    this.#name.value = options.name;
    this.#room = element('input', {
      id: 'entry-room',
      'data-testid': 'entry-room',
      autocomplete: 'off',
      autocapitalize: 'none',
      spellcheck: 'false',
      maxlength: ROOM_MAX_LENGTH,
      'aria-describedby': 'entry-problem',
    });
    this.#room.value = options.room;
    this.root = this.#build();
    this.#camera.addEventListener('change', () => void this.#preview.chooseCamera(this.#camera.value));
    this.#microphone.addEventListener(
      'change',
      () => void this.#preview.chooseMicrophone(this.#microphone.value),
    );
    if ('mediaDevices' in navigator) {
      navigator.mediaDevices.addEventListener('devicechange', this.#onDeviceChange);
    }
  }

  /** Starts the preview and puts the focus where the person goes on. */
  start(): void {
    (this.#name.value === '' ? this.#name : this.#join).focus();
    void this.#preview.start();
  }

  /** Lets the devices go. Idempotent. */
  close(): void {
    if ('mediaDevices' in navigator) {
      navigator.mediaDevices.removeEventListener('devicechange', this.#onDeviceChange);
    }
    this.#preview.close();
    this.root.remove();
  }

  #build(): HTMLElement {
    const form = element(
      'form',
      { class: 'entry-form', novalidate: true, 'aria-label': 'Join a room' },
      element('h1', {}, 'Ready to join?'),
      element('label', { for: 'entry-name' }, 'Your name'),
      this.#name,
      lengthNote(this.#name, NAME_MAX_LENGTH),
      element('label', { for: 'entry-room' }, 'Room'),
      element(
        'div',
        { class: 'input-with-button' },
        this.#room,
        iconButton({
          icon: 'dice',
          label: 'Suggest a new room name',
          testId: 'entry-invent',
          onClick: () => {
            this.#room.value = inventRoom(Math.random);
            this.#room.dispatchEvent(new Event('input'));
          },
        }),
      ),
      lengthNote(this.#room, ROOM_MAX_LENGTH),
      this.#problem,
      this.#join,
      element(
        'details',
        { class: 'entry-devices' },
        element('summary', {}, this.#options.mayPublish ? 'Camera, microphone, sound' : 'Sound'),
        this.#options.mayPublish ? field('Camera', this.#camera) : undefined,
        this.#options.mayPublish ? field('Microphone', this.#microphone) : undefined,
        canChooseSpeaker() ? field('Speaker', this.#speaker) : undefined,
      ),
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
    const root = element(
      'div',
      { class: 'entry' },
      element('header', { class: 'brand' }, icon('mark'), element('span', {}, 'mediasoup-fleet')),
      element('main', { class: 'entry-card' }, this.#preview.root, form),
      element(
        'p',
        { class: 'entry-foot' },
        'Everybody who enters the same room name meets there. Chat is seen only by those present. ',
        element('a', { href: '/console/', 'data-testid': 'console-link' }, 'Console'),
      ),
    );
    root.addEventListener('pointerdown', () => this.#preview.wake());
    root.addEventListener('keydown', () => this.#preview.wake());
    return root;
  }

  #submit(): void {
    const name = cleanName(this.#name.value);
    const room = cleanRoom(this.#room.value);
    const missing = name === '' ? this.#name : room === '' ? this.#room : undefined;
    this.#name.setAttribute('aria-invalid', String(missing === this.#name));
    this.#room.setAttribute('aria-invalid', String(missing === this.#room));
    if (missing) {
      this.#problem.textContent =
        missing === this.#name
          ? 'Enter a name, so that others know who you are.'
          : 'Enter the name of a room.';
      missing.focus();
      return;
    }
    this.#options.onJoin({
      name,
      room,
      cameraOn: this.#preview.wantsCamera,
      microphoneOn: this.#preview.wantsMicrophone,
      cameraId: this.#camera.value || this.#options.remembered.cameraId,
      microphoneId: this.#microphone.value || this.#options.remembered.microphoneId,
      speakerId: this.#speaker.value || this.#options.remembered.speakerId,
    });
  }

  async #listDevices(): Promise<void> {
    const { remembered } = this.#options;
    const devices = await listDevices();
    fillDeviceSelect(this.#camera, devices.cameras, this.#camera.value || remembered.cameraId);
    fillDeviceSelect(
      this.#microphone,
      devices.microphones,
      this.#microphone.value || remembered.microphoneId,
    );
    fillDeviceSelect(this.#speaker, devices.speakers, this.#speaker.value || remembered.speakerId);
  }
}

function field(label: string, select: HTMLSelectElement): HTMLElement {
  return element('label', { class: 'field' }, element('span', {}, label), select);
}
