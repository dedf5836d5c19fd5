import type { AddressInfo } from 'node:net';
import { type SecureContextOptions, Server as TlsServer, type TlsOptions } from 'node:tls';
import swagger from '@fastify/swagger';
import { CodedError } from '@collimator/shared/errors/coded-error';
import type { Log } from '@collimator/shared/observe/log';
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { codeOf, placeOf } from '../observe/code-of.ts';
import { healthRoutes } from './health-routes.ts';
import type { KserveDeps } from './kserve/deps.ts';
import { type KserveHealth, kserveHealthRoutes } from './kserve/health-routes.ts';
import { kserveRoutes } from './kserve/kserve-routes.ts';
import { isReady, stageModels } from './kserve/models.ts';
import './own-body.ts';
import { quarantineRoutes } from './quarantine-routes.ts';
import type { LocalApiSources } from './sources.ts';
import { statusRoutes } from './status-routes.ts';
import { type StowDeps, stowRoutes } from './stow-routes.ts';
import { studyActions } from './study-actions.ts';

export type LocalApiOptions = {
  readonly host: string;
  readonly port: number;
  readonly log: Log;
  /** Connections at a time; any number when absent. */
  readonly connections?: number;
  /** https only, with these; http when absent. */
  readonly tls?: TlsOptions;
  /** Takes objects; there is no such route when absent. */
  readonly stow?: StowDeps;
  /** Answers inference requests of other programs; there are no such routes when absent. */
  readonly kserve?: KserveDeps;
};

export interface LocalApi {
  readonly host: string;
  readonly port: number;
  /** Other certificates for whoever connects from now on; only where there is `tls`. */
  setTls(tls: SecureContextOptions): void;
  close(): Promise<void>;
}

/** Requests are small questions; nothing that is sent here is longer. */
const bodyBytesMax = 16_384;
const requestMs = 10_000;

/** The appliance's own HTTP API, for people on site and for probes; by default on the loopback address only. */
export async function startLocalApi(sources: LocalApiSources, options: LocalApiOptions): Promise<LocalApi> {
  const app = await buildLocalApi(sources, options.log, options.host, options);
  try {
    await app.listen({ host: options.host, port: options.port });
  } catch (error) {
    await app.close();
    const why = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw new CodedError('listen-failed', `local_api ${options.host}:${options.port} (${why})`, { cause: error });
  }
  const { address, port } = app.server.address() as AddressInfo;
  return {
    host: address,
    port,
    setTls(tls) {
      if (app.server instanceof TlsServer) app.server.setSecureContext(tls);
    },
    close: () => app.close(),
  };
}

/** The routes without a socket, as tests call them. */
export async function buildLocalApi(
  sources: LocalApiSources,
  log: Log,
  ownHost = '127.0.0.1',
  { tls, stow, kserve, connections }: Pick<LocalApiOptions, 'tls' | 'stow' | 'kserve' | 'connections'> = {},
): Promise<FastifyInstance> {
  const common = { bodyLimit: bodyBytesMax, forceCloseConnections: true } as const;
  // How long a body may take is a matter of its route; see `boundTheBody`.
  const timeouts = { headersTimeout: requestMs, requestTimeout: 0 };
  const app: FastifyInstance =
    tls === undefined ? Fastify({ ...common, http: timeouts }) : Fastify({ ...common, https: { ...tls, ...timeouts } });
  if (connections !== undefined) app.server.maxConnections = connections;
  app.addHook('onRequest', boundTheBody);
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
  await app.register(kserveHealthRoutes, { health: kserveHealthOf(sources, kserve) });
  await app.register(statusRoutes, { sources });
  await app.register(studyActions, { sources, ownHost });
  await app.register(quarantineRoutes, { desk: sources.quarantine, ownHost });
  if (stow !== undefined) await app.register(stowRoutes, { stow });
  if (kserve !== undefined)
    await app.register(kserveRoutes, { prefix: '/v2', kserve, ownHost, agentVersion: sources.agentVersion });
  await app.ready();
  return app;
}

/** Ready: images can be taken, and where programs are served, every model answers. */
function kserveHealthOf({ readiness, releases }: LocalApiSources, kserve: KserveDeps | undefined): KserveHealth {
  if (kserve === undefined)
    return {
      ready: () => readiness().ready,
      modelReady(name, version) {
        const release = releases().find((one) => one.name === name);
        if (release === undefined || (version !== undefined && release.active?.version !== version)) return undefined;
        return release.active !== null;
      },
    };
  const { engine } = kserve;
  return {
    // A version that is warming takes nothing away while the one before it answers.
    ready: () =>
      readiness().ready &&
      engine.models().every((one, _, all) => all.some(({ name, ready }) => name === one.name && ready)),
    modelReady: (name, version) => isReady(stageModels(engine.models()), name, version),
  };
}

/** Small questions arrive at once or not at all; objects are bounded by their progress instead. */
async function boundTheBody({ raw, routeOptions }: FastifyRequest): Promise<void> {
  if (raw.complete || routeOptions.config.ownBody === true) return;
  const timer = setTimeout(() => {
    if (!raw.complete) raw.destroy();
  }, requestMs);
  timer.unref();
  raw.once('close', () => clearTimeout(timer));
}
