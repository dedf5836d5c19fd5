import type { AddressInfo } from 'node:net';
import swagger from '@fastify/swagger';
import { CodedError } from '@collimator/shared/errors/coded-error';
import type { Log } from '@collimator/shared/observe/log';
import Fastify, { type FastifyInstance } from 'fastify';
import { codeOf, placeOf } from '../observe/code-of.ts';
import { healthRoutes } from './health-routes.ts';
import { quarantineRoutes } from './quarantine-routes.ts';
import type { LocalApiSources } from './sources.ts';
import { statusRoutes } from './status-routes.ts';
import { studyActions } from './study-actions.ts';

export type LocalApiOptions = { readonly host: string; readonly port: number; readonly log: Log };

export interface LocalApi {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Requests are small questions; nothing that is sent here is longer. */
const bodyBytesMax = 16_384;
const requestMs = 10_000;

/** The appliance's own HTTP API, for people on site and for probes; by default on the loopback address only. */
export async function startLocalApi(sources: LocalApiSources, options: LocalApiOptions): Promise<LocalApi> {
  const app = await buildLocalApi(sources, options.log, options.host);
  try {
    await app.listen({ host: options.host, port: options.port });
  } catch (error) {
    await app.close();
    const why = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw new CodedError('listen-failed', `local_api ${options.host}:${options.port} (${why})`, { cause: error });
  }
  const { address, port } = app.server.address() as AddressInfo;
  return { host: address, port, close: () => app.close() };
}

/** The routes without a socket, as tests call them. */
export async function buildLocalApi(
  sources: LocalApiSources,
  log: Log,
  ownHost = '127.0.0.1',
): Promise<FastifyInstance> {
  const app = Fastify({ bodyLimit: bodyBytesMax, requestTimeout: requestMs, forceCloseConnections: true });
  await app.register(swagger, {
    openapi: { info: { title: 'Collimator appliance, local API', version: sources.agentVersion } },
  });
  app.setErrorHandler((error: Error & { statusCode?: number; code?: string }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status < 500) {
      return reply
        .code(status)
        .send({ code: error.code ?? 'bad-request', message: error.message, remedy: 'See /openapi.json' });
    }
    const code = codeOf(error);
    log.event('local-api-error', { route: request.routeOptions.url ?? 'unknown', code, reason: placeOf(error) });
    return reply.code(status).send({ code, message: 'The request failed', remedy: 'See the log of the agent' });
  });
  await app.register(healthRoutes, { sources });
  await app.register(statusRoutes, { sources });
  await app.register(studyActions, { sources, ownHost });
  await app.register(quarantineRoutes, { desk: sources.quarantine, ownHost });
  await app.ready();
  return app;
}
