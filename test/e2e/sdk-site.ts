import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buildWeb } from '../../scripts/build-web';

const WEB_ROOT = join(__dirname, '..', '..', 'dist', 'web');
const PAGE =
  '<!doctype html><meta charset="utf-8"><body style="margin:0"><script src="/fleet-sdk.js"></script>';

/** A web site that isn't the fleet's own: an empty page that loads the SDK by a script tag. */
export class SdkSite {
  private constructor(private readonly server: Server) {}

  static async start(): Promise<SdkSite> {
    await buildWeb({ outDir: WEB_ROOT });
    const sdk = await readFile(join(WEB_ROOT, 'fleet-sdk.js'));
    const server = createServer((request, response) => {
      const isSdk = request.url === '/fleet-sdk.js';
      response.setHeader('content-type', isSdk ? 'text/javascript' : 'text/html');
      response.end(isSdk ? sdk : PAGE);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new SdkSite(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
