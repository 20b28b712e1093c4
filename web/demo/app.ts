import { FleetClient, FleetClientError } from '../sdk';
import { EntryView, type EntryChoice } from './entry-view';
import { element } from './dom';
import { wordsForCode } from './messages-for-errors';
import { DEFAULT_ROOM, shareLink, type PageOptions } from './page-options';
import { RefusalView } from './refusal-view';
import { recall, recallSwitches, remember, rememberSwitches, tabPeerId } from './remembered';
import { RoomView } from './room-view';
import { Toasts } from './toasts';
import { WaitingView } from './waiting-view';

interface View {
  readonly root: HTMLElement;
  close(): void;
}

/** When the page tries again if the server named no time, milliseconds. */
const DEFAULT_RETRY_MS = 5_000;
/** Spread of the page's own retries, so that a crowd that was refused together doesn't come back together. */
const RETRY_JITTER = 0.2;

/** Goes from the entry over the fleet's answer into the room, and to clear words when something ends it. */
export class App {
  readonly #page: PageOptions;
  readonly #holder: HTMLElement;
  readonly #views = element('div', { class: 'views' });
  readonly #toasts = new Toasts();
  #view: View | undefined;
  #client: FleetClient | undefined;
  #name: string;
  #room: string;

  constructor(options: { holder: HTMLElement; page: PageOptions }) {
    this.#page = options.page;
    this.#holder = options.holder;
    this.#name = options.page.name ?? recall().name ?? '';
    this.#room = options.page.room ?? DEFAULT_ROOM;
  }

  start(): void {
    this.#holder.replaceChildren(this.#views, this.#toasts.root);
    // A closed tab leaves at once, rather than after the grace for lost connections.
    window.addEventListener('pagehide', () => this.#client?.close());
    const unfit = browserProblem();
    if (unfit) {
      this.#showRefusal(new FleetClientError(unfit, ''), 'page', () => location.reload());
    } else if (this.#page.autojoin) {
      const { cameraId, microphoneId, speakerId } = recall();
      const { mayPublish } = this.#page;
      const { camera = this.#page.camera, microphone = this.#page.microphone } = recallSwitches();
      this.#join({
        name: this.#name || 'Guest',
        room: this.#room,
        cameraOn: mayPublish && camera,
        microphoneOn: mayPublish && microphone,
        cameraId,
        microphoneId,
        speakerId,
      });
    } else {
      this.#showEntry();
    }
  }

  #showEntry(): void {
    const entry = new EntryView({
      name: this.#name,
      room: this.#room,
      remembered: recall(),
      mayPublish: this.#page.mayPublish,
      switches: recallSwitches(),
      onSwitches: rememberSwitches,
      onJoin: (choice) => {
        const { name, cameraId, microphoneId, speakerId } = choice;
        remember({ name, cameraId, microphoneId, speakerId });
        this.#join(choice);
      },
    });
    document.title = 'mediasoup-fleet';
    this.#show(entry);
    entry.start();
  }

  #join(choice: EntryChoice): void {
    this.#name = choice.name;
    this.#room = choice.room;
    this.#showRoomInAddress();
    const waiting = new WaitingView({ room: choice.room, onCancel: () => this.#backToEntry() });
    this.#show(waiting);
    waiting.focus();
    const retry = () => {
      this.#letGo();
      this.#join(choice);
    };
    try {
      const client = new FleetClient({
        url: location.origin,
        roomId: choice.room,
        peerId: this.#page.peerId ?? tabPeerId(choice.room, () => crypto.randomUUID()),
        token: this.#page.token,
        displayName: choice.name,
      });
      this.#client = client;
      client.on('failed', ({ error }) => this.#ended(client, error, retry));
      client.on('reconnecting', ({ retryInMs, reason }) => {
        // In the room its own banner tells; before, this page is all there is to see.
        if (this.#client !== client || this.#view instanceof RoomView) return;
        this.#showRefusal(reason, 'client', retry, retryInMs);
      });
      void this.#enter(client, choice, retry);
    } catch (error) {
      this.#showRefusal(FleetClientError.from(error), 'page', retry);
    }
  }

  async #enter(client: FleetClient, choice: EntryChoice, retry: () => void): Promise<void> {
    try {
      await client.join();
    } catch (error) {
      this.#ended(client, FleetClientError.from(error), retry);
      return;
    }
    if (this.#client !== client) return;
    const room = new RoomView({
      client,
      choice,
      // A token lets one person in: a link without it leads nowhere, and one with it isn't to be passed on.
      link: this.#page.token === undefined ? shareLink(location.href, choice.room) : undefined,
      shortcuts: recall().shortcuts !== false,
      toasts: this.#toasts,
      onSwitches: rememberSwitches,
      onShortcuts: (shortcuts) => remember({ shortcuts }),
      onDevice: (kind, deviceId) => remember({ [kind]: deviceId }),
      onLeave: () => this.#backToEntry(),
    });
    document.title = `${choice.room} · mediasoup-fleet`;
    this.#show(room);
    await room.start();
  }

  /** Both a rejected `join()` and the event `failed` come here; only the first of this client counts. */
  #ended(client: FleetClient, error: FleetClientError, retry: () => void): void {
    if (this.#client !== client) return;
    this.#letGo();
    this.#showRefusal(error, 'page', retry);
  }

  #showRefusal(
    error: FleetClientError,
    countedBy: 'page' | 'client',
    onRetry: () => void,
    retryInMs = (error.retryAfterMs ?? DEFAULT_RETRY_MS) * (1 + Math.random() * RETRY_JITTER),
  ): void {
    const refusal = new RefusalView({
      code: error.code,
      words: wordsForCode(error.code, error.message),
      retryInMs,
      countedBy,
      onRetry,
      onBack: () => this.#backToEntry(),
    });
    this.#show(refusal);
    refusal.focus();
  }

  #backToEntry(): void {
    this.#letGo();
    this.#showEntry();
  }

  #letGo(): void {
    const client = this.#client;
    this.#client = undefined;
    // The page goes on at once; leaving never rejects in a way that anybody could act on.
    client?.leave().catch(() => client.close());
  }

  #show(view: View): void {
    this.#view?.close();
    this.#toasts.close();
    this.#view = view;
    this.#views.replaceChildren(view.root);
  }

  /** The address always names the room one is in, so that it can be copied from there and survives a reload. */
  #showRoomInAddress(): void {
    const url = new URL(location.href);
    url.searchParams.set('room', this.#room);
    history.replaceState(null, '', url);
  }
}

/** Why this browser can't make calls at all, if so. */
function browserProblem(): 'INSECURE_CONTEXT' | 'NOT_SUPPORTED' | undefined {
  if (!window.isSecureContext) return 'INSECURE_CONTEXT';
  return typeof RTCPeerConnection === 'undefined' ? 'NOT_SUPPORTED' : undefined;
}
