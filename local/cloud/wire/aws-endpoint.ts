import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { AwsService, ServiceProtocol } from './aws-service';
import { element, escapeXml, writeJson, writeXml } from './model-writer';
import { readJson, readQuery } from './model-reader';
import type { Operation } from './operation';
import { ServiceError } from './service-error';

export interface AwsEndpointOptions {
  /** May be filled after the start: services need its address to be made. */
  services: readonly AwsService[];
  /** Loopback: whoever reaches it may do everything. @default 127.0.0.1 */
  host?: string;
  /** 0 takes a free one. @default 0 */
  port?: number;
  /** Called with what no service understood or a service failed at unexpectedly. */
  onUnexpected: (problem: { service: string; operation: string; error: unknown }) => void;
}

/** The largest request of the services that are played (PutMetricData: 1 MiB, compressed or not), with room. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

const unzip = promisify(gunzip);

/** How one request is understood. */
interface Route {
  service: AwsService;
  protocol: ServiceProtocol;
  operation: Operation;
  input: unknown;
}

/**
 * One address for all services, as `AWS_ENDPOINT_URL` gives it to SDK clients and the AWS CLI. A request names its
 * operation as its protocol does (a header, or a form), and its service by what it was signed for; signatures are not
 * checked, since only this machine reaches the address.
 */
export class AwsEndpoint {
  private readonly server: Server;

  private constructor(private readonly options: AwsEndpointOptions) {
    this.server = createServer((request, response) => {
      this.answer(request, response).catch((error: unknown) => {
        response.destroy(error instanceof Error ? error : undefined);
      });
    });
  }

  static async start(options: AwsEndpointOptions): Promise<AwsEndpoint> {
    const endpoint = new AwsEndpoint(options);
    endpoint.server.listen(options.port ?? 0, options.host ?? '127.0.0.1');
    await once(endpoint.server, 'listening');
    return endpoint;
  }

  /** For `AWS_ENDPOINT_URL`. */
  get url(): string {
    const address = this.server.address();
    if (typeof address !== 'object' || !address) throw new Error('the endpoint is closed');
    return `http://${address.address}:${address.port}`;
  }

  /** Idempotent. */
  async close(): Promise<void> {
    if (!this.server.listening) return;
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const requestId = randomUUID();
    let protocol: ServiceProtocol | undefined;
    try {
      // No SDK sends an origin, and every browser does: a page that somebody visits must not scale their fleet.
      if (request.headers.origin !== undefined) {
        throw new ServiceError('AccessDeniedException', 'not for browsers', 403);
      }
      const body = await readBody(request);
      const route = this.route(request, body, (known) => (protocol = known));
      const output = await this.perform(route);
      send(response, requestId, 200, success(route, output, requestId));
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      send(response, requestId, error.status, failure(protocol, error, requestId));
    }
  }

  private async perform({ service, operation, input }: Route): Promise<unknown> {
    try {
      return (await operation.handle(input)) ?? {};
    } catch (error) {
      if (error instanceof ServiceError) throw error;
      this.options.onUnexpected({ service: service.signingName, operation: nameOf(operation), error });
      throw new ServiceError('InternalFailure', 'the local cloud failed: see its log', 500);
    }
  }

  /** @param onProtocol told as soon as it is known, so that even a refusal is in the caller's protocol */
  private route(
    request: IncomingMessage,
    body: string,
    onProtocol: (protocol: ServiceProtocol) => void,
  ): Route {
    const target = request.headers['x-amz-target'];
    if (typeof target === 'string') {
      const dot = target.lastIndexOf('.');
      const found = this.find(
        (protocol) => protocol.kind === 'json' && protocol.target === target.slice(0, dot),
      );
      if (!found) throw this.unknown('', target);
      onProtocol(found.protocol);
      const operation = this.operationOf(found.service, target.slice(dot + 1));
      return { ...found, operation, input: readJson(operation.model[4], parseJson(body)) };
    }
    const form = new URLSearchParams(body || new URL(request.url ?? '/', 'http://localhost').search);
    const signedFor = /Credential=[^/,]*\/\d+\/[^/]+\/([^/]+)\//.exec(
      request.headers.authorization ?? '',
    )?.[1];
    const found = this.find(
      (protocol, service) =>
        protocol.kind === 'query' &&
        (signedFor === undefined
          ? form.get('Version') === protocol.version
          : service.signingName === signedFor),
    );
    if (!found) throw this.unknown(signedFor ?? '', form.get('Action') ?? '');
    onProtocol(found.protocol);
    const operation = this.operationOf(found.service, form.get('Action') ?? '');
    return { ...found, operation, input: readQuery(operation.model[4], form) };
  }

  private find(
    fits: (protocol: ServiceProtocol, service: AwsService) => boolean,
  ): { service: AwsService; protocol: ServiceProtocol } | undefined {
    for (const service of this.options.services) {
      const protocol = service.protocols.find((candidate) => fits(candidate, service));
      if (protocol) return { service, protocol };
    }
    return undefined;
  }

  private operationOf(service: AwsService, name: string): Operation {
    const operation = service.operations.find((candidate) => nameOf(candidate) === name);
    if (!operation) throw this.unknown(service.signingName, name);
    return operation;
  }

  private unknown(service: string, operation: string): ServiceError {
    const error = new ServiceError(
      'UnknownOperationException',
      `the local cloud does not play ${service ? `${service}:` : ''}${operation || 'a request without an action'}`,
    );
    this.options.onUnexpected({ service, operation, error });
    return error;
  }
}

function nameOf(operation: Operation): string {
  return operation.model[2];
}

interface Answer {
  contentType: string;
  headers?: Record<string, string>;
  body: string;
}

function success({ protocol, operation }: Route, output: unknown, requestId: string): Answer {
  if (protocol.kind === 'json') return json(protocol.version, writeJson(operation.model[5], output));
  const name = nameOf(operation);
  const result = element(`${name}Result`, writeXml(operation.model[5], output));
  const metadata = element('ResponseMetadata', element('RequestId', requestId));
  return {
    contentType: 'text/xml',
    body: `<${name}Response xmlns="${protocol.xmlNamespace}">${result}${metadata}</${name}Response>`,
  };
}

function failure(protocol: ServiceProtocol | undefined, error: ServiceError, requestId: string): Answer {
  const type = error.status < 500 ? 'Sender' : 'Receiver';
  if (protocol?.kind === 'query') {
    const parts = { Type: type, Code: error.code, Message: error.message };
    const inner = Object.entries(parts).map(([name, text]) => element(name, escapeXml(text)));
    return {
      contentType: 'text/xml',
      body: `<ErrorResponse xmlns="${protocol.xmlNamespace}">${element('Error', inner.join(''))}${element('RequestId', requestId)}</ErrorResponse>`,
    };
  }
  return {
    ...json(protocol?.version ?? '1.1', { __type: error.code, message: error.message }),
    ...(protocol?.queryErrors && { headers: { 'x-amzn-query-error': `${error.code};${type}` } }),
  };
}

function json(version: string, value: unknown): Answer {
  return { contentType: `application/x-amz-json-${version}`, body: JSON.stringify(value ?? {}) };
}

function send(response: ServerResponse, requestId: string, status: number, answer: Answer): void {
  if (response.destroyed) return;
  response.writeHead(status, {
    'content-type': answer.contentType,
    'x-amzn-requestid': requestId,
    ...answer.headers,
  });
  response.end(answer.body);
}

/** @throws ServiceError when it is too long or not what it says */
async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > MAX_BODY_BYTES) throw tooLarge();
    chunks.push(chunk as Buffer);
  }
  const body = Buffer.concat(chunks);
  const encoding = request.headers['content-encoding'];
  if (encoding === undefined || encoding === 'aws-chunked') return body.toString();
  if (encoding !== 'gzip') {
    throw new ServiceError('SerializationException', `content-encoding ${encoding} is not known`);
  }
  try {
    return (await unzip(body, { maxOutputLength: MAX_BODY_BYTES })).toString();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge();
    throw new ServiceError('SerializationException', 'the body is not gzip');
  }
}

function tooLarge(): ServiceError {
  return new ServiceError('RequestEntityTooLarge', `more than ${MAX_BODY_BYTES} bytes`, 413);
}

function parseJson(text: string): unknown {
  if (text === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    throw new ServiceError('SerializationException', 'the body is not JSON');
  }
}
