import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import { ProblemResponse } from '@collimator/shared/contracts/http-api';
import { formatProblems, validator } from '@collimator/shared/contracts/validate';
import { CodedError } from '@collimator/shared/errors/coded-error';
import type { Log } from '@collimator/shared/observe/log';
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import type { TSchema } from 'typebox';
import Value from 'typebox/value';
import { apiRoutes } from './api-routes.ts';
import { bearerCheck } from './bearer.ts';
import { problemOf } from './problem.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answered without the operator token. */
    readonly public?: boolean;
  }
}

export type ServerDeps = {
  readonly tls: { readonly certificate: string; readonly key: string };
  readonly operatorToken: string;
  readonly version: string;
  readonly log: Log;
  readonly requestsPerMinute?: number;
  readonly onRequest?: (route: string, method: string, status: number, seconds: number) => void;
};

export const httpBounds = {
  bodyBytesMax: 1024 * 1024,
  requestMs: 60_000,
  connectionsMax: 2_000,
  /** Requests of one address in a minute, all routes together. */
  requestsPerMinute: 6_000,
  addressesRemembered: 10_000,
} as const;

/** The HTTPS server with everything that all routes share; the routes are registered by its owner. */
export async function createServer(deps: ServerDeps): Promise<FastifyInstance> {
  const app: FastifyInstance = Fastify({
    https: { cert: deps.tls.certificate, key: deps.tls.key, minVersion: 'TLSv1.2' },
    bodyLimit: httpBounds.bodyBytesMax,
    requestTimeout: httpBounds.requestMs,
    connectionTimeout: httpBounds.requestMs,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 128 },
    exposeHeadRoutes: false,
  });
  app.server.maxConnections = httpBounds.connectionsMax;

  const checkBearer = bearerCheck(deps.operatorToken);
  // After the rate limit, which is an onRequest hook, so that wrong tokens are counted too; before the body is read.
  app.addHook('preParsing', async (request) => {
    // By the route that was matched: an address can be spelled in more ways than one (/%761/devices).
    const { url = request.url, config } = request.routeOptions;
    if (!isApi(url) || config.public === true) return;
    if (!checkBearer(request.headers.authorization)) {
      throw new CodedError('operator-unauthorized', `${request.method} ${routeOf(request)}`);
    }
  });
  await app.register(rateLimit, {
    global: true,
    max: deps.requestsPerMinute ?? httpBounds.requestsPerMinute,
    timeWindow: 60_000,
    cache: httpBounds.addressesRemembered,
  });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Collimator hub', version: deps.version },
      components: { securitySchemes: { operator: { type: 'http', scheme: 'bearer' } } },
    },
  });

  app.addHook('onRoute', (route) => {
    if (!isApi(route.url)) return;
    const api = apiRoutes[`${String(route.method)} ${route.url}`];
    if (api === undefined) throw new Error(`${String(route.method)} ${route.url} is not in api-routes.ts`);
    const isPublic = route.config?.public === true;
    route.schema = {
      summary: api.summary,
      ...(api.params !== undefined && { params: api.params }),
      ...(api.query !== undefined && { querystring: api.query }),
      ...(api.body !== undefined && { body: api.body }),
      ...(!isPublic && { security: [{ operator: [] }] }),
      response: {
        [api.status]: api.ok ?? { description: 'Done, or bytes' },
        default: ProblemResponse,
      },
    };
  });
  app.setValidatorCompiler(({ schema, httpPart }) => checkPart(schema as TSchema, httpPart ?? 'body'));
  // What we answer is typed; it is not checked or reshaped again on its way out.
  app.setSerializerCompiler(() => (value) => JSON.stringify(value));

  app.setErrorHandler(async (error, request, reply) => {
    const problem = problemOf(error);
    if (problem.ours) {
      const reason = error instanceof Error ? error.message : String(error);
      deps.log.event('hub-request-failed', { method: request.method, route: routeOf(request), reason });
    }
    return reply.code(problem.status).type('application/json').send(JSON.stringify(problem.body));
  });
  app.setNotFoundHandler(() => {
    throw new CodedError('route-unknown', 'see /openapi.json');
  });
  app.addHook('onResponse', async (request, reply) => {
    deps.onRequest?.(routeOf(request), request.method, reply.statusCode, reply.elapsedTime / 1000);
  });
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
  return app;
}

/** The pattern of the route, never the address as it was asked: a metric must not grow with what clients send. */
const routeOf = (request: FastifyRequest): string => request.routeOptions.url ?? 'unknown';

const isApi = (url: string): boolean => url.startsWith('/v1/');

/** The schema of the contract checks the request: every problem at once, under the part of the request it is in. */
function checkPart(schema: TSchema, part: string) {
  const check = validator(schema);
  return (value: unknown) => {
    // What stands in an address is text; numbers in it are read as such.
    const result = check.check(part === 'body' ? value : Value.Convert(schema, value));
    if (result.ok) return { value: result.value };
    return { error: new CodedError('request-invalid', `${part}: ${formatProblems(result.error)}`) };
  };
}
