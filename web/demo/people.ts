import type { FleetClient, LocalTrack, RemotePeer, RemoteTrack } from '../sdk';
import type { AudioOutlet } from './audio-outlet';
import { layersFor, type LayerChoice } from './layer-choices';
import type { Stage } from './stage';
import { Tile, type Showable } from './tile';

export interface PeopleOptions {
  client: FleetClient;
  stage: Stage;
  audio: AudioOutlet;
  /** Number of people in the room, this one included, whenever it changes. */
  onCount: (count: number) => void;
  onLayerChoiceFailed: (error: unknown) => void;
}

/** Keeps one tile per person and per shared screen on the stage, after what the client tells. */
export class People {
  readonly #options: PeopleOptions;
  readonly #stops: (() => void)[] = [];
  readonly #layerChoices = new Map<RemoteTrack, LayerChoice>();
  #speaking = new Set<string>();
  #activeSpeaker: string | undefined;

  constructor(options: PeopleOptions) {
    this.#options = options;
    const { client } = options;
    this.#stops.push(
      client.on('peerJoined', ({ peer }) => this.#update(peer)),
      client.on('peerChanged', ({ peer }) => this.#update(peer)),
      client.on('trackAdded', ({ peer }) => this.#update(peer)),
      client.on('trackChanged', ({ peer }) => this.#update(peer)),
      client.on('trackRemoved', ({ peer, track }) => {
        this.#options.audio.remove(track);
        this.#layerChoices.delete(track);
        this.#update(peer);
      }),
      client.on('peerLeft', ({ peer }) => this.#remove(peer)),
      client.on('audienceChanged', () => this.#count()),
      client.on('localTrackAdded', () => this.#updateOwn()),
      client.on('localTrackChanged', () => this.#updateOwn()),
      client.on('localTrackRemoved', () => this.#updateOwn()),
      client.on('speakingLevels', ({ levels }) => this.#showLevels(levels)),
      client.on('activeSpeaker', ({ peerId }) => this.#showActiveSpeaker(peerId)),
    );
    this.#updateOwn();
    for (const peer of client.peers) this.#update(peer);
  }

  layerChoice(track: RemoteTrack): LayerChoice {
    return this.#layerChoices.get(track) ?? 'auto';
  }

  /** Receives a picture in the chosen simulcast layer, however large it is shown. */
  chooseLayer(peer: RemotePeer, track: RemoteTrack, choice: LayerChoice): void {
    if (choice === 'auto') this.#layerChoices.delete(track);
    else this.#layerChoices.set(track, choice);
    this.#update(peer);
    track.setPreferredLayers(layersFor(choice)).catch(this.#options.onLayerChoiceFailed);
  }

  /** Idempotent. Tiles and players are closed by their owners. */
  close(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }

  #update(peer: RemotePeer): void {
    if (this.#options.client.peer(peer.peerId) === undefined) return;
    const camera = peer.track('camera') ?? peer.track('custom', 'video');
    const microphone = peer.track('microphone') ?? peer.track('custom', 'audio');
    const tile = this.#tile(peer.peerId, peer.peerId, peer.displayName, 'person', false);
    tile.setName(peer.displayName);
    tile.show(camera?.muted ? undefined : camera, !camera || !this.#layerChoices.has(camera));
    tile.setMuted(!microphone || microphone.muted);
    const screenId = screenTileId(peer.peerId);
    const screen = peer.track('screen', 'video');
    if (screen) {
      const screenTile = this.#tile(screenId, peer.peerId, peer.displayName, 'screen', false);
      screenTile.show(screen, !this.#layerChoices.has(screen));
    } else {
      this.#options.stage.remove(screenId);
    }
    for (const track of peer.tracks) if (track.kind === 'audio') this.#options.audio.add(track);
    this.#count();
  }

  #remove(peer: RemotePeer): void {
    for (const track of peer.tracks) this.#options.audio.remove(track);
    this.#options.stage.remove(screenTileId(peer.peerId));
    this.#options.stage.remove(peer.peerId);
    this.#speaking.delete(peer.peerId);
    this.#count();
  }

  #updateOwn(): void {
    const { client, stage } = this.#options;
    const tile = this.#tile(client.peerId, client.peerId, client.displayName, 'person', true);
    tile.show(visible(client.camera));
    tile.setMuted(!client.microphone || client.microphone.muted);
    const screenId = screenTileId(client.peerId);
    if (client.screen) {
      this.#tile(screenId, client.peerId, client.displayName, 'screen', true).show(client.screen);
    } else {
      stage.remove(screenId);
    }
    this.#count();
  }

  #tile(id: string, peerId: string, name: string, kind: Tile['kind'], own: boolean): Tile {
    const { stage } = this.#options;
    const known = stage.get(id);
    if (known) return known;
    const tile = new Tile({ id, peerId, name, kind, own, onPin: () => stage.togglePin(id) });
    stage.add(tile);
    return tile;
  }

  #showLevels(levels: readonly { peerId: string; level: number }[]): void {
    const { stage } = this.#options;
    const now = new Set(levels.map(({ peerId }) => peerId));
    for (const peerId of this.#speaking) if (!now.has(peerId)) stage.get(peerId)?.setLevel(0);
    for (const { peerId, level } of levels) stage.get(peerId)?.setLevel(level);
    this.#speaking = now;
  }

  #showActiveSpeaker(peerId: string | undefined): void {
    const { stage } = this.#options;
    if (this.#activeSpeaker !== undefined) stage.get(this.#activeSpeaker)?.setActiveSpeaker(false);
    this.#activeSpeaker = peerId;
    if (peerId === undefined) return;
    stage.get(peerId)?.setActiveSpeaker(true);
    stage.noteSpeaker(peerId);
  }

  #count(): void {
    const { client, onCount } = this.#options;
    onCount(client.peers.length + client.audience + 1);
  }
}

function screenTileId(peerId: string): string {
  return `${peerId}/screen`;
}

function visible(track: LocalTrack | undefined): Showable | undefined {
  return track && !track.muted ? track : undefined;
}
