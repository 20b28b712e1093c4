export interface DeviceList {
  cameras: MediaDeviceInfo[];
  microphones: MediaDeviceInfo[];
  /** Empty where the browser can't choose where sound comes out. */
  speakers: MediaDeviceInfo[];
}

/** The devices of this machine; their names are only known once the person allowed one of the kind. */
export async function listDevices(): Promise<DeviceList> {
  const none: DeviceList = { cameras: [], microphones: [], speakers: [] };
  if (!('mediaDevices' in navigator)) return none;
  try {
    const devices = await navigator.mediaDevices.enumerateDevices();
    const ofKind = (kind: MediaDeviceKind) => devices.filter((device) => device.kind === kind);
    return {
      cameras: ofKind('videoinput'),
      microphones: ofKind('audioinput'),
      speakers: canChooseSpeaker() ? ofKind('audiooutput') : [],
    };
  } catch {
    return none;
  }
}

export function canChooseSpeaker(): boolean {
  return typeof HTMLMediaElement.prototype.setSinkId === 'function';
}

/** Fills a select with devices, keeping `chosenId` chosen if it is there; hides its field when there is no choice. */
export function fillDeviceSelect(
  select: HTMLSelectElement,
  devices: readonly MediaDeviceInfo[],
  chosenId: string | undefined,
): void {
  const kindWord = select.getAttribute('aria-label') ?? 'Device';
  const options = devices.map((device, index) => {
    const option = document.createElement('option');
    option.value = device.deviceId;
    option.textContent = device.label || `${kindWord} ${index + 1}`;
    return option;
  });
  if (options.length === 0) {
    const option = document.createElement('option');
    option.value = '';
    option.textContent = `No ${kindWord.toLowerCase()} found`;
    options.push(option);
  }
  select.replaceChildren(...options);
  select.disabled = devices.length === 0;
  if (devices.some((device) => device.deviceId === chosenId)) select.value = chosenId ?? '';
}
