import { ERRORS } from '../../../core/errors';
import type { OpenApiDocument, OpenApiOperation } from '../../../node-app/http/openapi';
import { type RunningNode, TOKEN_ACCESS, startNode } from './operator-fixture';

let node: RunningNode;
let document: OpenApiDocument;
beforeAll(async () => {
  node = await startNode(TOKEN_ACCESS);
  document = (await (await fetch(`${node.url}/v1/openapi.json`)).json()) as OpenApiDocument;
});
afterAll(() => node.close());

function operations(): [name: string, operation: OpenApiOperation][] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, OpenApiOperation] => [
      `${method.toUpperCase()} ${path}`,
      operation,
    ]),
  );
}

/** Every value under the key `$ref`, anywhere. */
function references(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === '$ref' && typeof inner === 'string' ? [inner] : references(inner),
  );
}

describe('/v1/openapi.json', () => {
  it('has every /v1 route that the node serves, and no other', () => {
    const served = node.routes
      .filter((route) => route.includes(' /v1/') && !route.startsWith('HEAD '))
      .map((route) => route.replaceAll(/:(\w+)/g, '{$1}'));

    expect(operations().map(([name]) => name)).toEqual(expect.arrayContaining(served));
    expect(served).toHaveLength(operations().length);
  });

  it('is OpenAPI 3.1 with a unique operation id, a summary and a known tag for each operation', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(document.info).toMatchObject({ title: expect.any(String) as string, version: '0.1.0' });
    const tags = document.tags.map(({ name }) => name);
    const ids = operations().map(([, { operationId }]) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, operation] of operations()) {
      expect(operation.summary).not.toBe('');
      expect(tags).toEqual(expect.arrayContaining(operation.tags));
    }
  });

  it('declares each parameter of each path', () => {
    for (const [name, operation] of operations()) {
      const inPath = [...name.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter);
      const declared = operation.parameters.filter((parameter) => parameter.in === 'path');
      expect(declared.map((parameter) => parameter.name)).toEqual(inPath);
      expect(declared.every(({ required }) => required)).toBe(true);
    }
  });

  it('refers to nothing that it does not define, and defines nothing that it does not refer to', () => {
    const defined = Object.keys(document.components.schemas).map((id) => `#/components/schemas/${id}`);
    expect([...new Set(references(document))].sort()).toEqual(defined.sort());
  });

  it('wants the operator token everywhere but for itself', () => {
    expect(document.security).toEqual([{ operatorToken: [] }]);
    expect(document.components.securitySchemes).toHaveProperty('operatorToken.scheme', 'bearer');
    const free = operations().filter(([, { security }]) => security !== undefined);
    expect(free.map(([name]) => name)).toEqual(['GET /v1/openapi.json']);
  });

  it('names for each status exactly codes that have it, and refusals for lack of a token on every guarded route', () => {
    for (const [name, { responses }] of operations()) {
      if (name === 'GET /v1/openapi.json') continue;
      expect(Object.keys(responses)).toEqual(expect.arrayContaining(['200', '400', '401', '403', '500']));
      for (const [status, { description }] of Object.entries(responses)) {
        const codes = description.match(/FLEET_ERR_[A-Z_]+/g) ?? [];
        expect(status === '200' || codes.length > 0).toBe(true);
        for (const code of codes) expect(ERRORS[code as keyof typeof ERRORS].status).toBe(Number(status));
      }
    }
  });

  it('describes the webhooks too', () => {
    expect(references(document.webhooks)).toEqual(['#/components/schemas/WebhookEvent']);
    expect(JSON.stringify(document.components.schemas.WebhookEvent)).toContain('peerLeft');
  });
});
