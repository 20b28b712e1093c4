import type { DeviceInfo, Grants, TrackSource, TrackStats } from './vocabulary';

/**
 * - `idle`: before `join()`
 * - `connecting`: opening the WebSocket
 * - `joining`: the session is open; transports are being made
 * - `connected`: in the room
 * - `reconnecting`: the connection was lost or the room moves; media may still flow
 * - `closed`: after `leave()` or `close()`
 * - `failed`: refused for good, or given up; see the `failed` event for the reason
 */
export type ConnectionState =
  'idle' | 'connecting' | 'joining' | 'connected' | 'reconnecting' | 'closed' | 'failed';

/** `180p` is 320×180, `360p` 640×360, `720p` 1280×720, `1080p` 1920×1080. */
export type ResolutionName = '180p' | '360p' | '720p' | '1080p';

export interface Resolution {
  /** Pixels. */
  width: number;
  /** Pixels. */
  height: number;
  /** Frames per second. @default 30 */
  frameRate?: number;
}

/** Where the SDK writes what it does; `console` fits. Never gets tokens, keys or SDP. */
export interface Logger {
  debug(message: string, details?: Record<string, unknown>): void;
  warn(message: string, details?: Record<string, unknown>): void;
}

export interface ReconnectOptions {
  /**
   * How long the client goes on trying after the connection was lost, milliseconds; then it is `failed`.
   * @default 300000
   */
  giveUpAfterMs?: number;
  /** How often `join()` tries before it throws, when the server can't be reached or can't take the peer now. @default 3 */
  joinAttempts?: number;
}

export interface FleetClientOptions {
  /** Any gateway, or what spreads connections over them: `wss://sfu.example.com`, or with `https:`, `ws:`, `http:`. */
  url: string;
  /** 1–256 characters. */
  roomId: string;
  /** 1–256 characters, unique in the room: a second peer with the same id replaces the first. @default random */
  peerId?: string;
  /** Access token (JWT). For one that expires before the call ends, use `getToken`. */
  token?: string;
  /** Called before each new session (not on a resume); wins over `token`. */
  getToken?: () => Promise<string>;
  /** @default the peerId */
  displayName?: string;
  device?: DeviceInfo;
  /** How many people are expected in the room, so that it gets a node with place for all of them. */
  expectedPeers?: number;
  /** `false`: never publishes; its node reserves less. @default true */
  produce?: boolean;
  /** `false`: receives nothing. @default true */
  consume?: boolean;
  /** STUN or TURN servers of your own, added to those that the server gives. */
  iceServers?: RTCIceServer[];
  /** `relay` to use TURN only. @default 'all' */
  iceTransportPolicy?: RTCIceTransportPolicy;
  /** How long a request may take, milliseconds. @default 15000 */
  requestTimeoutMs?: number;
  /** How often `speakingLevels` comes, milliseconds; 0 for never. @default 250 */
  speakingLevelsIntervalMs?: number;
  reconnect?: ReconnectOptions;
  /** @default none */
  logger?: Logger;
}

export interface CameraOptions {
  /** From `navigator.mediaDevices.enumerateDevices()`. @default the browser's choice */
  deviceId?: string;
  /** What is asked of the camera, which may give less. @default '720p' */
  resolution?: ResolutionName | Resolution;
  /** Three simulcast layers (200, 700, 2500 kbit/s at most). `false` sends one. @default true */
  simulcast?: boolean;
}

export interface MicrophoneOptions {
  /** From `navigator.mediaDevices.enumerateDevices()`. @default the browser's choice */
  deviceId?: string;
  /** @default true */
  echoCancellation?: boolean;
  /** @default true */
  noiseSuppression?: boolean;
  /** @default true */
  autoGainControl?: boolean;
}

export interface ScreenShareOptions {
  /** Also share the sound of the tab or system, where the browser offers it. @default false */
  audio?: boolean;
  /** Frames per second. @default 15 */
  frameRate?: number;
  /** `detail` keeps text sharp, `motion` keeps video fluent. @default 'detail' */
  contentHint?: 'detail' | 'motion';
}

export interface PublishTrackOptions {
  /** @default 'custom' */
  source?: TrackSource;
  /** Tells several tracks of one source apart. @default none */
  name?: string;
  /** Three simulcast layers. Video only. @default true, but for the source 'screen' */
  simulcast?: boolean;
  /** Bits per second of the top layer. Video only. @default 2500000 */
  maxBitrateBps?: number;
  /** Stop the track when it is unpublished. @default false: it is the caller's track */
  stopOnUnpublish?: boolean;
}

export interface DataChannelOptions {
  /** 1–64 characters. `chat` is what `sendMessage` uses. */
  label: string;
  /** @default true; false when delivery is limited by one of the others */
  ordered?: boolean;
  /** How often a lost message is sent again; leaves delivery unreliable. @default reliable */
  maxRetransmits?: number;
  /** Milliseconds that a message may be sent again. Not with `maxRetransmits`. @default reliable */
  maxPacketLifeTime?: number;
}

export interface AttachOptions {
  /**
   * Choose the simulcast layer by the element's size on the screen, and pause the track while it isn't visible.
   * `false` leaves layers and pausing to you. @default true
   */
  adaptive?: boolean;
}

/** Which parts of the fleet serve this client. Changes when it resumes through another gateway or is moved. */
export interface SessionInfo {
  sessionId: string;
  /** Node id of the gateway: where the WebSocket ends. */
  gatewayNodeId: string;
  /** Node id of the media node: where audio and video go. */
  mediaNodeId: string;
  grants: Grants;
}

export interface ChatMessage {
  /** Sender; this client's own peerId never appears here. */
  peerId: string;
  displayName: string;
  text: string;
  receivedAt: Date;
}

export interface DataMessage {
  peerId: string;
  label: string;
  data: string | ArrayBuffer;
}

export interface FleetStats {
  session: SessionInfo | undefined;
  /** Round trip between the browser and the media node, milliseconds; undefined until measured. */
  rttMs: number | undefined;
  sendBitrateBps: number;
  receiveBitrateBps: number;
  /** What the browser believes its uplink carries, bits per second. */
  availableSendBps: number | undefined;
  /** `udp` or `tcp`; undefined before media is connected. */
  protocol: string | undefined;
  tracks: TrackStats[];
}
