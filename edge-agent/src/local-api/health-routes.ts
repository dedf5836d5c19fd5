import { ReleaseName, strict } from '@collimator/shared/contracts/common';
import { KserveLive, KserveModelReady, KserveReady, Readiness } from '@collimator/shared/contracts/local-api';
import type { FastifyPluginCallback } from 'fastify';
import Type from 'typebox';
import type { LocalApiSources } from './sources.ts';

const Live = strict({ live: Type.Boolean() });
const ModelParams = strict({ name: ReleaseName });

/** Probes of service managers and load balancers, and KServe's v2 health questions. */
export const healthRoutes: FastifyPluginCallback<{ readonly sources: LocalApiSources }> = (app, { sources }, done) => {
  app.get('/livez', { schema: { summary: 'The process answers', response: { 200: Live } } }, () => ({ live: true }));

  app.get(
    '/readyz',
    { schema: { summary: 'Images can be taken', response: { 200: Readiness, 503: Readiness } } },
    (_request, reply) => {
      const readiness = sources.readiness();
      return reply.code(readiness.ready ? 200 : 503).send(readiness);
    },
  );

  app.get('/v2/health/live', { schema: { summary: 'KServe v2: live', response: { 200: KserveLive } } }, () => ({
    live: true,
  }));

  app.get(
    '/v2/health/ready',
    { schema: { summary: 'KServe v2: ready', response: { 200: KserveReady, 503: KserveReady } } },
    (_request, reply) => {
      const { ready } = sources.readiness();
      return reply.code(ready ? 200 : 503).send({ ready });
    },
  );

  app.get<{ Params: { name: string } }>(
    '/v2/models/:name/ready',
    {
      schema: {
        summary: 'KServe v2: a release with this name is active',
        params: ModelParams,
        response: { 200: KserveModelReady, 404: KserveModelReady, 503: KserveModelReady },
      },
    },
    (request, reply) => {
      const { name } = request.params;
      const release = sources.releases().find((r) => r.name === name);
      if (release === undefined) return reply.code(404).send({ name, ready: false });
      const ready = release.active !== null;
      return reply.code(ready ? 200 : 503).send({ name, ready });
    },
  );
  done();
};
