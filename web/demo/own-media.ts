import { FleetClientError, type FleetClient } from '../sdk';
import type { ControlBar, ControlName } from './control-bar';
import type { EntryChoice } from './entry-view';
import { wordsForDevice, type DeviceKind } from './messages-for-errors';
import type { Switches } from './remembered';
import type { Toasts } from './toasts';

export interface OwnMediaOptions {
  client: FleetClient;
  controls: ControlBar;
  toasts: Toasts;
  choice: EntryChoice;
  /** The person turned something on or off. */
  onSwitches: (change: Switches) => void;
}

/** What this person sends: turns it on and off, one thing at a time, and says in the page what doesn't work. */
export class OwnMedia {
  readonly #options: OwnMediaOptions;
  readonly #busy = new Set<ControlName>();
  readonly #stops: (() => void)[] = [];
  #cameraId: string | undefined;
  #microphoneId: string | undefined;

  constructor(options: OwnMediaOptions) {
    this.#options = options;
    this.#cameraId = options.choice.cameraId;
    this.#microphoneId = options.choice.microphoneId;
    const { client, toasts } = options;
    this.#stops.push(
      client.on('localTrackAdded', () => this.#show()),
      client.on('localTrackChanged', () => this.#show()),
      client.on('localTrackRemoved', ({ track, reason }) => {
        this.#show();
        if (reason !== 'ended' || track.source === 'custom') return;
        if (track.source === 'screen') toasts.info('Your screen is no longer shared');
        else toasts.problem(`Your ${track.source} was disconnected.`);
      }),
    );
    this.#show();
  }

  get devices(): { cameraId: string | undefined; microphoneId: string | undefined } {
    const { client } = this.#options;
    return {
      cameraId: client.camera?.mediaStreamTrack.getSettings().deviceId ?? this.#cameraId,
      microphoneId: client.microphone?.mediaStreamTrack.getSettings().deviceId ?? this.#microphoneId,
    };
  }

  /** Publishes what was on when the person joined. Never rejects. */
  async start(): Promise<void> {
    const { microphoneOn, cameraOn } = this.#options.choice;
    await Promise.all([
      microphoneOn ? this.#switchMicrophone() : undefined,
      cameraOn ? this.#switchCamera() : undefined,
    ]);
  }

  /** Off means muted: the microphone stays open, so that coming back cuts off no syllable. */
  async toggleMicrophone(): Promise<void> {
    await this.#switchMicrophone();
    this.#options.onSwitches({ microphone: this.#microphoneOn });
  }

  /** Off means closed: the camera's light goes out. */
  async toggleCamera(): Promise<void> {
    await this.#switchCamera();
    this.#options.onSwitches({ camera: this.#options.client.camera !== undefined });
  }

  async #switchMicrophone(): Promise<void> {
    await this.#once('mute', 'microphone', async () => {
      const { client } = this.#options;
      const { microphone } = client;
      if (!microphone) {
        await withDevice(this.#microphoneId, (options) => client.enableMicrophone(options));
      } else if (microphone.muted) await client.unmute(microphone);
      else await client.mute(microphone);
    });
  }

  async #switchCamera(): Promise<void> {
    await this.#once('camera', 'camera', async () => {
      const { client } = this.#options;
      if (client.camera) await client.disableCamera();
      else await withDevice(this.#cameraId, (options) => client.enableCamera(options));
    });
  }

  async toggleScreen(): Promise<void> {
    await this.#once('screen', 'screen', async () => {
      const { client } = this.#options;
      if (client.screen) await client.stopScreenShare();
      else await client.startScreenShare({ audio: true });
    });
  }

  async switchCamera(deviceId: string): Promise<void> {
    this.#cameraId = deviceId;
    const { client } = this.#options;
    if (client.camera) await this.#once('camera', 'camera', () => client.switchCamera(deviceId));
  }

  async switchMicrophone(deviceId: string): Promise<void> {
    this.#microphoneId = deviceId;
    const { client } = this.#options;
    if (client.microphone) await this.#once('mute', 'microphone', () => client.switchMicrophone(deviceId));
  }

  /** Idempotent. */
  close(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }

  get #microphoneOn(): boolean {
    const { microphone } = this.#options.client;
    return microphone !== undefined && !microphone.muted;
  }

  async #once(control: ControlName, kind: DeviceKind, action: () => Promise<unknown>): Promise<void> {
    if (this.#busy.has(control)) return;
    const { controls, toasts } = this.#options;
    this.#busy.add(control);
    controls.setBusy(control, true);
    try {
      await action();
    } catch (error) {
      const { code } = FleetClientError.from(error);
      if (code === 'SCREEN_SHARE_CANCELLED') toasts.info(wordsForDevice(kind, code));
      else if (code !== 'CLOSED') toasts.problem(wordsForDevice(kind, code));
    } finally {
      this.#busy.delete(control);
      controls.setBusy(control, false);
      this.#show();
    }
  }

  #show(): void {
    const { client, controls } = this.#options;
    controls.setOn('mute', this.#microphoneOn);
    controls.setOn('camera', client.camera !== undefined && !client.camera.muted);
    controls.setOn('screen', client.screen !== undefined);
  }
}

/** Opens the chosen device; one that is no longer connected gives way to the browser's own choice. */
async function withDevice(
  deviceId: string | undefined,
  open: (options?: { deviceId: string }) => Promise<unknown>,
): Promise<void> {
  if (deviceId === undefined) {
    await open();
    return;
  }
  try {
    await open({ deviceId });
  } catch (error) {
    if (FleetClientError.from(error).code !== 'DEVICE_NOT_FOUND') throw error;
    await open();
  }
}
