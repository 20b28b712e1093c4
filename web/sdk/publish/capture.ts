import { FleetClientError, type LocalErrorCode } from '../errors';
import type {
  CameraOptions,
  MicrophoneOptions,
  Resolution,
  ResolutionName,
  ScreenShareOptions,
} from '../types';

const RESOLUTIONS: Record<ResolutionName, Resolution> = {
  '180p': { width: 320, height: 180 },
  '360p': { width: 640, height: 360 },
  '720p': { width: 1280, height: 720 },
  '1080p': { width: 1920, height: 1080 },
};
const DEFAULT_CAMERA_FRAME_RATE = 30;
const DEFAULT_SCREEN_FRAME_RATE = 15;

/** @throws FleetClientError NO_CAMERA, PERMISSION_DENIED, DEVICE_IN_USE, DEVICE_NOT_FOUND, … */
export async function captureCamera(options: CameraOptions): Promise<MediaStreamTrack> {
  const { deviceId, resolution = '720p' } = options;
  const { width, height, frameRate } = typeof resolution === 'string' ? RESOLUTIONS[resolution] : resolution;
  const track = await capture('camera', {
    video: {
      ...(deviceId !== undefined && { deviceId: { exact: deviceId } }),
      width: { ideal: width },
      height: { ideal: height },
      frameRate: { ideal: frameRate ?? DEFAULT_CAMERA_FRAME_RATE },
    },
  });
  track.contentHint = 'motion';
  return track;
}

/** @throws FleetClientError NO_MICROPHONE, PERMISSION_DENIED, DEVICE_IN_USE, DEVICE_NOT_FOUND, … */
export function captureMicrophone(options: MicrophoneOptions): Promise<MediaStreamTrack> {
  const { deviceId, echoCancellation = true, noiseSuppression = true, autoGainControl = true } = options;
  return capture('microphone', {
    audio: {
      ...(deviceId !== undefined && { deviceId: { exact: deviceId } }),
      echoCancellation,
      noiseSuppression,
      autoGainControl,
    },
  });
}

/** The picture, and the sound if asked for and offered. @throws FleetClientError SCREEN_SHARE_CANCELLED, … */
export async function captureScreen(options: ScreenShareOptions): Promise<MediaStreamTrack[]> {
  const { audio = false, frameRate = DEFAULT_SCREEN_FRAME_RATE, contentHint = 'detail' } = options;
  const devices = mediaDevices();
  // Older type libraries and phones' browsers differ on whether it is there.
  if (typeof devices.getDisplayMedia !== 'function') {
    throw new FleetClientError('NOT_SUPPORTED', 'this browser can not share a screen');
  }
  let stream: MediaStream;
  try {
    stream = await devices.getDisplayMedia({ video: { frameRate: { ideal: frameRate } }, audio });
  } catch (error) {
    throw captureError('screen', error);
  }
  for (const track of stream.getVideoTracks()) track.contentHint = contentHint;
  return stream.getTracks();
}

async function capture(
  kind: 'camera' | 'microphone',
  constraints: MediaStreamConstraints,
): Promise<MediaStreamTrack> {
  let stream: MediaStream;
  try {
    stream = await mediaDevices().getUserMedia(constraints);
  } catch (error) {
    throw captureError(kind, error);
  }
  const track = stream.getTracks()[0];
  if (!track) throw captureError(kind, new DOMException('no track', 'NotFoundError'));
  return track;
}

function mediaDevices(): MediaDevices {
  if (!window.isSecureContext) {
    throw new FleetClientError('INSECURE_CONTEXT', 'cameras and microphones need https or localhost');
  }
  const devices: MediaDevices | undefined = navigator.mediaDevices;
  if (!devices) throw new FleetClientError('NOT_SUPPORTED', 'this browser gives no media devices');
  return devices;
}

/** The typed form of what getUserMedia and getDisplayMedia throw (Media Capture and Streams §10.2). */
export function captureError(kind: 'camera' | 'microphone' | 'screen', error: unknown): FleetClientError {
  if (error instanceof FleetClientError) return error;
  const name = error instanceof Error ? error.name : '';
  const message = error instanceof Error ? error.message : '';
  const withCode = (code: LocalErrorCode, text: string) => new FleetClientError(code, text, { cause: error });
  switch (name) {
    case 'NotFoundError':
    case 'DevicesNotFoundError':
      if (kind === 'camera') return withCode('NO_CAMERA', 'no camera is connected');
      if (kind === 'microphone') return withCode('NO_MICROPHONE', 'no microphone is connected');
      return withCode('NOT_SUPPORTED', 'there is no screen to share');
    case 'NotAllowedError':
    case 'SecurityError':
      // Chromium and Safari throw the same for "cancel" in the picker and for a policy; the text tells.
      return kind === 'screen' && !/system|policy/i.test(message)
        ? withCode('SCREEN_SHARE_CANCELLED', 'no screen was chosen')
        : withCode('PERMISSION_DENIED', `the ${kind} is not allowed`);
    case 'NotReadableError':
    case 'TrackStartError':
    case 'AbortError':
      return withCode('DEVICE_IN_USE', `the ${kind} is in use or can not be opened`);
    case 'OverconstrainedError':
      return withCode('DEVICE_NOT_FOUND', `the ${kind} with this deviceId is not there`);
    default:
      return withCode('DEVICE_IN_USE', `the ${kind} can not be opened: ${message || name}`);
  }
}
