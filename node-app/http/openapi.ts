import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { ERRORS, type ErrorCode } from '../../core/errors';
import { webhookEventSchema } from '../webhooks/webhook-event';
import { COMMON_ERRORS, OPERATOR_OPERATIONS, type OperatorOperation } from './operator-contract';
import {
  capacityVectorSchema,
  closedRoomSchema,
  errorSchema,
  eventListSchema,
  eventSchema,
  liveRoomSchema,
  nodeListSchema,
  nodeSchema,
  nodeStateSchema,
  removedPeerSchema,
  roomMoveSchema,
  roomPageSchema,
  roomSchema,
  roomWithDetailSchema,
} from './operator-schemas';

/** As much of OpenAPI 3.1 as the operator API uses. */
export interface OpenApiDocument {
  openapi: '3.1.0';
  info: { title: string; version: string; description: string };
  servers: { url: string }[];
  security: Record<string, string[]>[];
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, OpenApiOperation>>;
  webhooks: Record<string, Record<string, object>>;
  components: { schemas: Record<string, JsonSchema>; securitySchemes: Record<string, object> };
}

export interface OpenApiOperation {
  operationId: string;
  summary: string;
  description?: string;
  tags: string[];
  security?: Record<string, string[]>[];
  parameters: {
    name: string;
    in: 'path' | 'query';
    required: boolean;
    schema: JsonSchema;
    description?: string;
  }[];
  requestBody?: object;
  responses: Record<string, OpenApiResponse>;
}

interface OpenApiResponse {
  description: string;
  headers?: Record<string, object>;
  content: Record<string, { schema: JsonSchema }>;
}

type JsonSchema = Record<string, unknown>;

const DOCUMENT_PATH = '/v1/openapi.json';
const SECURITY_SCHEME = 'operatorToken';

export interface OpenApiRoutesOptions {
  release: string;
}

/** Fastify plugin: the document itself. It needs no token: it is the same for every fleet of a release. */
export async function openApiRoutes(app: FastifyInstance, options: OpenApiRoutesOptions): Promise<void> {
  const body = JSON.stringify(openApiDocument(options.release));
  app.get(DOCUMENT_PATH, async (_request, reply) =>
    reply.type('application/json; charset=utf-8').header('cache-control', 'no-cache').send(body),
  );
}

/** The operator API and the webhooks as OpenAPI 3.1, generated from the schemas that the routes parse with. */
export function openApiDocument(release: string): OpenApiDocument {
  const paths: OpenApiDocument['paths'] = {};
  for (const [operationId, operation] of Object.entries<OperatorOperation>(OPERATOR_OPERATIONS)) {
    (paths[operation.path] ??= {})[operation.method.toLowerCase()] = describeOperation(
      operationId,
      operation,
    );
  }
  paths[DOCUMENT_PATH] = { get: describeDocumentRoute() };
  return {
    openapi: '3.1.0',
    info: {
      title: 'mediasoup-fleet operator API',
      version: release,
      description: 'Every node answers for the whole fleet. Ids in paths are percent-encoded.',
    },
    servers: [{ url: '/' }],
    security: [{ [SECURITY_SCHEME]: [] }],
    tags: [
      { name: 'nodes', description: 'The SFU processes of the fleet.' },
      { name: 'rooms', description: 'Rooms and the peers in them.' },
      { name: 'events', description: 'What happened to the fleet as a whole.' },
      { name: 'meta', description: 'About this API.' },
    ],
    paths,
    webhooks: { roomEvent: { post: describeWebhook() } },
    components: {
      schemas: componentSchemas(),
      securitySchemes: {
        [SECURITY_SCHEME]: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'An operator token. A fleet with `auth: open` needs none over loopback.',
        },
      },
    },
  };
}

function describeOperation(operationId: string, operation: OperatorOperation): OpenApiOperation {
  return {
    operationId,
    summary: operation.summary,
    ...(operation.description === undefined ? {} : { description: operation.description }),
    tags: [operation.path.split('/')[2] ?? ''],
    parameters: [...parameters('path', operation.params), ...parameters('query', operation.query)],
    ...(operation.body === undefined
      ? {}
      : { requestBody: { required: false, content: json(schemaOf(operation.body, 'input')) } }),
    responses: {
      200: { description: operation.summary, content: json(schemaOf(operation.response, 'output')) },
      ...errorResponses([...operation.errors, ...COMMON_ERRORS]),
    },
  };
}

function describeDocumentRoute(): OpenApiOperation {
  const summary = 'This document';
  return {
    operationId: 'getOpenApiDocument',
    summary,
    tags: ['meta'],
    security: [],
    parameters: [],
    responses: { 200: { description: summary, content: json({ type: 'object' }) } },
  };
}

function describeWebhook(): object {
  return {
    summary: 'Something happened to a room or a peer',
    description:
      'Sent to each configured address. `Fleet-Signature: t=<seconds>,v1=<hex>` is HMAC-SHA256 over `<t>.<body>`. At least once, in order per room: use `id` to drop repetitions.',
    requestBody: { required: true, content: json(schemaOf(webhookEventSchema, 'output')) },
    responses: { '2XX': { description: 'Taken. Any other answer is tried again later.' } },
  };
}

/** One response per status, which names the codes that share it. */
function errorResponses(codes: readonly ErrorCode[]): Record<string, OpenApiResponse> {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of new Set(codes)) {
    const { status } = ERRORS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const responses: Record<string, OpenApiResponse> = {};
  for (const [status, sharing] of byStatus) {
    responses[status] = {
      description: sharing.map((code) => `\`${code}\`: ${ERRORS[code].message}`).join('; '),
      ...(status === 503
        ? { headers: { 'Retry-After': { description: 'Seconds.', schema: { type: 'integer' } } } }
        : {}),
      content: json(schemaOf(errorSchema, 'output')),
    };
  }
  return responses;
}

function parameters(where: 'path' | 'query', schema: z.ZodObject): OpenApiOperation['parameters'] {
  return Object.entries<z.core.$ZodType>(schema.shape).map(([name, property]) => {
    const { description, ...described } = schemaOf(property, 'input');
    return {
      name,
      in: where,
      required: where === 'path',
      schema: described,
      ...(typeof description === 'string' ? { description } : {}),
    };
  });
}

function json(schema: JsonSchema): Record<string, { schema: JsonSchema }> {
  return { 'application/json': { schema } };
}

/** A reference when the schema has an id (then it is a component), else the schema itself. */
function schemaOf(schema: z.core.$ZodType, io: 'input' | 'output'): JsonSchema {
  const id = z.globalRegistry.get(schema)?.id;
  if (id !== undefined) return { $ref: componentUri(id) };
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io });
  return rest;
}

function componentUri(id: string): string {
  return `#/components/schemas/${id}`;
}

/** The schemas that others refer to by their id, every one of them. */
const COMPONENTS = [
  capacityVectorSchema,
  closedRoomSchema,
  errorSchema,
  eventListSchema,
  eventSchema,
  liveRoomSchema,
  nodeListSchema,
  nodeSchema,
  nodeStateSchema,
  removedPeerSchema,
  roomMoveSchema,
  roomPageSchema,
  roomSchema,
  roomWithDetailSchema,
  webhookEventSchema,
];

function componentSchemas(): Record<string, JsonSchema> {
  const components = z.registry<{ id: string }>();
  for (const schema of COMPONENTS) {
    const id = z.globalRegistry.get(schema)?.id;
    if (id !== undefined) components.add(schema, { id });
  }
  const { schemas } = z.toJSONSchema(components, {
    io: 'output',
    uri: componentUri,
    // A later release may add fields to its answers: a client generated from this must let them pass.
    override: ({ jsonSchema }) => {
      delete jsonSchema.additionalProperties;
    },
  });
  return Object.fromEntries(
    Object.entries<JsonSchema>(schemas).map(([id, { $schema: _dialect, $id: _uri, ...schema }]) => [
      id,
      schema,
    ]),
  );
}
