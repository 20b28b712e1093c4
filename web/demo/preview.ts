import { element, icon, iconButton, setIcon } from './dom';
import { MicMeter } from './mic-meter';
import type { Switches } from './remembered';
import { deviceErrorCode, wordsForDevice } from './messages-for-errors';

export interface PreviewOptions {
  /** False: neither device is ever opened. */
  mayPublish: boolean;
  /** What this tab's person chose before. */
  switches: Switches;
  onSwitches: (change: Switches) => void;
  cameraId: string | undefined;
  microphoneId: string | undefined;
  /** Devices were opened or failed: names of devices may be known now. */
  onDevicesOpened: () => void;
}

/**
 * The camera picture and the microphone level before joining. Each device is opened by itself, so that one
 * that is missing or refused doesn't take the other along.
 */
export class Preview {
  readonly root: HTMLElement;
  readonly #video = element('video', {
    class: 'preview-video',
    autoplay: true,
    playsinline: true,
    'aria-label': 'Your camera',
    'data-testid': 'preview',
  });
  readonly #cameraNote = element('p', { class: 'preview-note', 'data-testid': 'camera-note' });
  readonly #microphoneNote = element('p', { class: 'field-note', 'data-testid': 'microphone-note' });
  readonly #meter = element('div', {
    class: 'meter',
    role: 'meter',
    'aria-label': 'Microphone level',
    'aria-valuemin': 0,
    'aria-valuemax': 100,
  });
  readonly #microphoneButton: HTMLButtonElement;
  readonly #cameraButton: HTMLButtonElement;
  readonly #onDevicesOpened: () => void;
  readonly #onSwitches: PreviewOptions['onSwitches'];
  readonly #mayPublish: boolean;
  #cameraId: string | undefined;
  #microphoneId: string | undefined;
  #cameraTrack: MediaStreamTrack | undefined;
  #microphoneTrack: MediaStreamTrack | undefined;
  #micMeter: MicMeter | undefined;
  #cameraWanted: boolean;
  #microphoneWanted: boolean;
  #cameraFailed = false;
  #microphoneFailed = false;
  #closed = false;
  /** Rise with each opening: an answer that comes after a newer request is thrown away. */
  #cameraAttempt = 0;
  #microphoneAttempt = 0;

  constructor(options: PreviewOptions) {
    this.#cameraId = options.cameraId;
    this.#microphoneId = options.microphoneId;
    this.#onDevicesOpened = options.onDevicesOpened;
    this.#onSwitches = options.onSwitches;
    this.#mayPublish = options.mayPublish;
    this.#cameraWanted = options.mayPublish && options.switches.camera !== false;
    this.#microphoneWanted = options.mayPublish && options.switches.microphone !== false;
    this.#video.muted = true;
    this.#microphoneButton = iconButton({
      icon: 'mic',
      label: 'Turn microphone off',
      class: 'round-button',
      testId: 'preview-mute',
      onClick: () => {
        this.#onSwitches({ microphone: !this.#microphoneOn });
        void this.#setMicrophone(!this.#microphoneOn);
      },
    });
    this.#cameraButton = iconButton({
      icon: 'camera',
      label: 'Turn camera off',
      class: 'round-button',
      testId: 'preview-camera',
      onClick: () => {
        this.#onSwitches({ camera: !this.#cameraOn });
        void this.#setCamera(!this.#cameraOn);
      },
    });
    this.root = element(
      'div',
      { class: 'preview' },
      element(
        'div',
        { class: 'preview-frame' },
        this.#video,
        this.#cameraNote,
        options.mayPublish
          ? element('div', { class: 'preview-controls' }, this.#microphoneButton, this.#cameraButton)
          : undefined,
      ),
      options.mayPublish ? element('div', { class: 'meter-row' }, icon('mic'), this.#meter) : undefined,
      this.#microphoneNote,
    );
    this.#showCamera(
      options.mayPublish
        ? 'Starting your camera…'
        : 'Your invitation lets you watch and listen. Camera and microphone stay off.',
    );
  }

  /** Whether to join with the camera on: wanted, and not known to fail. One that is still starting counts. */
  get wantsCamera(): boolean {
    return this.#cameraWanted && !this.#cameraFailed;
  }

  get wantsMicrophone(): boolean {
    return this.#microphoneWanted && !this.#microphoneFailed;
  }

  /** Opens both devices. Never rejects: what doesn't work is said in the page. */
  async start(): Promise<void> {
    if (!this.#mayPublish) return;
    // A switched off microphone is opened all the same: it is muted, not closed, as in the room.
    await Promise.all([
      this.#cameraWanted ? this.#openCamera() : this.#setCamera(false),
      this.#openMicrophone(),
    ]);
  }

  async chooseCamera(deviceId: string): Promise<void> {
    this.#cameraId = deviceId;
    if (this.#cameraWanted) await this.#openCamera();
  }

  async chooseMicrophone(deviceId: string): Promise<void> {
    this.#microphoneId = deviceId;
    await this.#openMicrophone();
  }

  wake(): void {
    this.#micMeter?.wake();
  }

  /** Lets the devices go. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#micMeter?.close();
    this.#cameraTrack?.stop();
    this.#microphoneTrack?.stop();
    this.#video.srcObject = null;
  }

  get #cameraOn(): boolean {
    return this.#cameraWanted && this.#cameraTrack !== undefined;
  }

  get #microphoneOn(): boolean {
    return this.#microphoneWanted && this.#microphoneTrack !== undefined;
  }

  async #setCamera(wanted: boolean): Promise<void> {
    this.#cameraWanted = wanted;
    if (wanted) return this.#openCamera();
    this.#cameraAttempt += 1;
    this.#cameraTrack?.stop();
    this.#cameraTrack = undefined;
    this.#video.srcObject = null;
    this.#showCamera('Your camera is off');
    this.#labelButton(this.#cameraButton, false, 'camera');
  }

  async #setMicrophone(wanted: boolean): Promise<void> {
    this.#microphoneWanted = wanted;
    if (wanted && !this.#microphoneTrack) return this.#openMicrophone();
    this.#labelButton(this.#microphoneButton, wanted, 'mic');
  }

  async #openCamera(): Promise<void> {
    const attempt = ++this.#cameraAttempt;
    this.#cameraTrack?.stop();
    this.#cameraTrack = undefined;
    this.#showCamera('Starting your camera…');
    const opened = await openDevice('camera', this.#cameraId);
    if (this.#closed || attempt !== this.#cameraAttempt) {
      opened.track?.stop();
      return;
    }
    this.#cameraTrack = opened.track;
    this.#cameraFailed = opened.problem !== undefined;
    this.#video.srcObject = opened.track ? new MediaStream([opened.track]) : null;
    this.#showCamera(opened.problem && `${opened.problem} You can join without.`);
    this.#labelButton(this.#cameraButton, this.#cameraOn, 'camera');
    this.#onDevicesOpened();
  }

  async #openMicrophone(): Promise<void> {
    const attempt = ++this.#microphoneAttempt;
    this.#micMeter?.close();
    this.#micMeter = undefined;
    this.#microphoneTrack?.stop();
    this.#microphoneTrack = undefined;
    this.#showLevel(0);
    const opened = await openDevice('microphone', this.#microphoneId);
    if (this.#closed || attempt !== this.#microphoneAttempt) {
      opened.track?.stop();
      return;
    }
    this.#microphoneTrack = opened.track;
    this.#microphoneFailed = opened.problem !== undefined;
    this.#microphoneNote.textContent = opened.problem ? `${opened.problem} You can join and listen.` : '';
    if (opened.track) {
      this.#micMeter = new MicMeter(opened.track, (level) =>
        this.#showLevel(this.#microphoneWanted ? level : 0),
      );
    }
    this.#labelButton(this.#microphoneButton, this.#microphoneOn, 'mic');
    this.#onDevicesOpened();
  }

  #showCamera(note: string | undefined): void {
    this.#cameraNote.textContent = note ?? '';
    this.#cameraNote.hidden = note === undefined;
  }

  #showLevel(level: number): void {
    this.#meter.style.setProperty('--level', level.toFixed(2));
    this.#meter.setAttribute('aria-valuenow', String(Math.round(level * 100)));
  }

  #labelButton(button: HTMLButtonElement, on: boolean, name: 'camera' | 'mic'): void {
    const label = `Turn ${name === 'mic' ? 'microphone' : 'camera'} ${on ? 'off' : 'on'}`;
    button.setAttribute('aria-label', label);
    button.title = label;
    button.classList.toggle('is-off', !on);
    const drawing = button.querySelector('svg');
    if (drawing) setIcon(drawing, on ? name : `${name}-off`);
  }
}

/** Opens one device; a remembered one that is gone gives way to the browser's own choice. */
async function openDevice(
  kind: 'camera' | 'microphone',
  deviceId: string | undefined,
): Promise<{ track?: MediaStreamTrack; problem?: string }> {
  if (!('mediaDevices' in navigator)) return { problem: wordsForDevice(kind, 'INSECURE_CONTEXT') };
  const wanted: MediaTrackConstraints = {
    ...(kind === 'camera' ? { width: { ideal: 1280 }, height: { ideal: 720 } } : {}),
    ...(deviceId ? { deviceId: { ideal: deviceId } } : {}),
  };
  try {
    const stream = await navigator.mediaDevices.getUserMedia(
      kind === 'camera' ? { video: wanted } : { audio: wanted },
    );
    return { track: stream.getTracks()[0] };
  } catch (error) {
    const name = error instanceof DOMException ? error.name : 'UnknownError';
    return { problem: wordsForDevice(kind, deviceErrorCode(kind, name)) };
  }
}
