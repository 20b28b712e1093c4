import { FleetError } from '../../core/errors';
import {
  clientMethod,
  parseClientData,
  type ClientMessageForm,
  type ClientMethod,
} from '../../core/protocol/demo/client-messages';
import type { SignalledPeer } from './media-port';
import { clientHandlers } from './operations/client-handlers';
import type { Peer } from './peer';

/** A peer as its session sees it: every message is checked, and a bad one harms nobody but its sender. */
export class PeerSignalling implements SignalledPeer {
  readonly #peer: Peer;

  constructor(peer: Peer) {
    this.#peer = peer;
  }

  async handleRequest(method: string, data: unknown): Promise<unknown> {
    return this.#handle('request', method, data);
  }

  handleNotification(method: string, data: unknown): void {
    this.#handle('notification', method, data).catch((error: unknown) => {
      const { code, message } = FleetError.from(error);
      this.#peer.logger.debug(
        { method: method.slice(0, 100), code, reason: message },
        'notification dropped',
      );
    });
  }

  close(reason?: FleetError): void {
    this.#peer.close(reason);
  }

  async #handle(form: ClientMessageForm, name: string, data: unknown): Promise<unknown> {
    this.#peer.assertOpen();
    const method = clientMethod(name, form);
    this.#peer.observe({ form, method, data });
    try {
      return await run(this.#peer, method, data);
    } catch (error) {
      if (!(error instanceof FleetError)) this.#peer.logger.error({ err: error, method }, 'a handler failed');
      throw FleetError.from(error);
    }
  }
}

async function run<M extends ClientMethod>(peer: Peer, method: M, data: unknown): Promise<unknown> {
  return clientHandlers[method](peer, parseClientData(method, data));
}
