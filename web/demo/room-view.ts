import { FleetClientError, type FleetClient } from '../sdk';
import { AudioOutlet } from './audio-outlet';
import { Chat } from './chat';
import { ControlBar } from './control-bar';
import { DetailsPanel } from './details-panel';
import { DeviceSettings } from './device-settings';
import { element, icon, iconButton } from './dom';
import type { EntryChoice } from './entry-view';
import { grantWords } from './grant-words';
import { OwnMedia } from './own-media';
import { wordsForCode } from './messages-for-errors';
import { People } from './people';
import { RoomStatus } from './room-status';
import { actionFor, type RoomAction } from './shortcuts';
import type { Switches } from './remembered';
import { Stage } from './stage';
import type { Toasts } from './toasts';

export interface RoomViewOptions {
  /** In the room already. */
  client: FleetClient;
  choice: EntryChoice;
  /** Brings others here; undefined when everybody needs an invitation of their own. */
  link: string | undefined;
  shortcuts: boolean;
  toasts: Toasts;
  onSwitches: (change: Switches) => void;
  onShortcuts: (enabled: boolean) => void;
  onDevice: (kind: 'cameraId' | 'microphoneId' | 'speakerId', deviceId: string) => void;
  onLeave: () => void;
}

type PanelName = 'chat' | 'details';

/** The call: stage, controls, panels; and what keys and the fleet's events do to them. */
export class RoomView {
  readonly root: HTMLElement;
  readonly #options: RoomViewOptions;
  readonly #stage = new Stage();
  readonly #audio: AudioOutlet;
  readonly #people: People;
  readonly #media: OwnMedia;
  readonly #status: RoomStatus;
  readonly #chat: Chat;
  readonly #details: DetailsPanel;
  readonly #settings: DeviceSettings;
  readonly #controls: ControlBar;
  readonly #count = element('span', { 'data-testid': 'people-count' }, '1');
  readonly #alone = element('div', { class: 'alone', 'data-testid': 'alone' });
  readonly #stops: (() => void)[] = [];
  readonly #onKey = (event: KeyboardEvent) => this.#handleKey(event);
  #shortcuts: boolean;
  #panel: PanelName | undefined;

  constructor(options: RoomViewOptions) {
    this.#options = options;
    this.#shortcuts = options.shortcuts;
    const { client, toasts } = options;
    this.#status = new RoomStatus({ client, toasts, onUnblock: () => this.#audio.unblock() });
    this.#audio = new AudioOutlet({ speakerId: options.choice.speakerId });
    this.#controls = new ControlBar({
      canShareScreen: 'mediaDevices' in navigator && 'getDisplayMedia' in navigator.mediaDevices,
      onPress: (action) => this.#act(action),
    });
    this.#media = new OwnMedia({
      client,
      controls: this.#controls,
      toasts,
      choice: options.choice,
      onSwitches: options.onSwitches,
    });
    this.#people = new People({
      client,
      stage: this.#stage,
      audio: this.#audio,
      onCount: (count) => this.#showCount(count),
      onLayerChoiceFailed: (error) => toasts.problem(wordsFor(error)),
    });
    this.#chat = new Chat({
      send: (text) => this.#sendMessage(text),
      wordsFor,
      onUnread: (count) => this.#controls.setUnread(count),
      onClose: () => this.#openPanel(undefined),
    });
    this.#details = new DetailsPanel({
      client,
      layerChoice: (track) => this.#people.layerChoice(track),
      onLayerChoice: (peer, track, choice) => this.#people.chooseLayer(peer, track, choice),
      onCopied: (words) => toasts.info(words, { icon: 'check' }),
      onClose: () => this.#openPanel(undefined),
    });
    this.#settings = this.#makeSettings();
    this.root = this.#build();
    this.#showGrants();
    this.#listen();
  }

  /** Publishes what the person chose on the entry page. Never rejects: problems are said in the page. */
  async start(): Promise<void> {
    this.#controls.focus(this.#mayPublish ? 'mute' : 'chat');
    this.#sayGrants();
    if (this.#mayPublish) await this.#media.start();
  }

  /** Leaves nothing behind but the client, which is its owner's. Idempotent. */
  close(): void {
    document.removeEventListener('keydown', this.#onKey);
    for (const stop of this.#stops.splice(0)) stop();
    this.#people.close();
    this.#media.close();
    this.#status.close();
    this.#details.close();
    this.#settings.close();
    this.#audio.close();
    this.#stage.close();
    this.root.remove();
  }

  #build(): HTMLElement {
    const { client, link } = this.#options;
    this.#alone.append(
      element('strong', {}, 'You are the only one here'),
      ...(link === undefined
        ? [element('span', {}, 'Everybody needs a link of their own: ask whoever invited you.')]
        : this.#invitation(link)),
    );
    return element(
      'div',
      { class: 'room', 'data-testid': 'room' },
      element(
        'header',
        { class: 'topbar' },
        icon('mark'),
        element('h1', { 'data-testid': 'room-name' }, client.roomId),
        link === undefined
          ? undefined
          : iconButton({
              icon: 'copy',
              label: 'Copy the link to this room',
              testId: 'copy-link',
              onClick: () => void this.#copyLink(link),
            }),
        element(
          'span',
          { class: 'people', title: 'People in the room' },
          icon('people'),
          this.#count,
          element('span', { class: 'sr-only' }, ' in the room'),
        ),
        this.#status.pill,
      ),
      this.#status.banner,
      element(
        'main',
        { class: 'stage-area', 'aria-label': 'People in the room' },
        this.#stage.root,
        this.#alone,
      ),
      this.#chat.root,
      this.#details.root,
      this.#controls.root,
      this.#settings.root,
      this.#audio.root,
    );
  }

  #invitation(link: string): HTMLElement[] {
    const invite = element('button', { type: 'button', class: 'quiet-button' }, 'Copy link');
    invite.addEventListener('click', () => void this.#copyLink(link));
    return [
      element('span', {}, 'Send this link to the others:'),
      element('code', { class: 'link' }, link),
      invite,
    ];
  }

  /** What the server says that this person may do; a session that goes on keeps it. */
  get #mayPublish(): boolean {
    return this.#options.client.session?.grants.canPublish !== false;
  }

  #sayGrants(): void {
    const { client, toasts } = this.#options;
    const words = client.session && grantWords(client.session.grants);
    if (words) toasts.info(words, { group: 'grants', long: true });
  }

  #showGrants(): void {
    const grants = this.#options.client.session?.grants;
    const words = grants && grantWords(grants);
    if (!words) return;
    if (!grants.canPublishData) this.#chat.forbid();
    if (grants.canPublish) return;
    for (const name of ['mute', 'camera', 'screen'] as const) this.#controls.setForbidden(name, words);
  }

  #listen(): void {
    const { client, toasts } = this.#options;
    document.addEventListener('keydown', this.#onKey);
    this.#stops.push(
      client.on('peerJoined', ({ peer }) => toasts.info(`${peer.displayName} joined`)),
      client.on('peerLeft', ({ peer }) => toasts.info(`${peer.displayName} left`)),
      client.on('message', ({ peerId, displayName, text, receivedAt }) => {
        this.#chat.add({ peerId, name: displayName, text, at: receivedAt, own: false });
        if (this.#panel !== 'chat') {
          toasts.info(`${displayName}: ${shorten(text)}`, { icon: 'chat', group: 'chat' });
        }
      }),
    );
  }

  #makeSettings(): DeviceSettings {
    const { choice, onDevice, onShortcuts } = this.#options;
    return new DeviceSettings({
      shortcuts: this.#shortcuts,
      inUse: () => ({ ...this.#media.devices, speakerId: this.#audio.speakerId ?? choice.speakerId }),
      onCamera: (deviceId) => {
        onDevice('cameraId', deviceId);
        void this.#media.switchCamera(deviceId);
      },
      onMicrophone: (deviceId) => {
        onDevice('microphoneId', deviceId);
        void this.#media.switchMicrophone(deviceId);
      },
      onSpeaker: (deviceId) => {
        onDevice('speakerId', deviceId);
        this.#audio.setSpeaker(deviceId);
      },
      onShortcuts: (enabled) => {
        this.#shortcuts = enabled;
        onShortcuts(enabled);
      },
    });
  }

  #handleKey(event: KeyboardEvent): void {
    if (this.#settings.root.open) return;
    const target = event.target instanceof HTMLElement ? event.target : undefined;
    const typing = target?.closest('input, textarea, select, [contenteditable]') !== null;
    const { key, ctrlKey, altKey, metaKey, repeat } = event;
    const action = actionFor({
      key,
      ctrlKey,
      altKey,
      metaKey,
      repeat,
      typing: target !== undefined && typing,
    });
    if (!action || (!this.#shortcuts && action !== 'close-panel')) return;
    event.preventDefault();
    this.#act(action);
  }

  #act(action: RoomAction | 'leave'): void {
    const publishes = action === 'mute' || action === 'camera' || action === 'screen';
    if (publishes && !this.#mayPublish) return this.#sayGrants();
    switch (action) {
      case 'mute':
        return void this.#media.toggleMicrophone();
      case 'camera':
        return void this.#media.toggleCamera();
      case 'screen':
        return void this.#media.toggleScreen();
      case 'chat':
      case 'details':
        return this.#openPanel(this.#panel === action ? undefined : action);
      case 'close-panel':
        return this.#openPanel(undefined);
      case 'settings':
        return this.#settings.open();
      case 'leave':
        return this.#options.onLeave();
    }
  }

  #openPanel(panel: PanelName | undefined): void {
    const before = this.#panel;
    if (before === panel) return;
    this.#panel = panel;
    this.root.dataset.panel = panel ?? 'none';
    if (panel === 'chat') this.#options.toasts.dropGroup('chat');
    this.#chat.setOpen(panel === 'chat');
    this.#details.setOpen(panel === 'details');
    this.#controls.setOn('chat', panel === 'chat');
    this.#controls.setOn('details', panel === 'details');
    if (panel === undefined && before !== undefined) this.#controls.focus(before);
  }

  async #sendMessage(text: string): Promise<void> {
    const { client } = this.#options;
    await client.sendMessage(text);
    this.#chat.add({ peerId: client.peerId, name: client.displayName, text, at: new Date(), own: true });
  }

  async #copyLink(link: string): Promise<void> {
    const { toasts } = this.#options;
    try {
      await navigator.clipboard.writeText(link);
      toasts.info('Link copied', { icon: 'check' });
    } catch {
      toasts.info(`The link to this room: ${link}`);
    }
  }

  #showCount(count: number): void {
    this.#count.textContent = String(count);
    this.#alone.hidden = count > 1;
  }
}

function shorten(text: string): string {
  const letters = Array.from(text);
  return letters.length > 80 ? `${letters.slice(0, 79).join('')}…` : text;
}

function wordsFor(error: unknown): string {
  const { code, message } = FleetClientError.from(error);
  const words = wordsForCode(code, message);
  return `${words.title}. ${words.text}`;
}
