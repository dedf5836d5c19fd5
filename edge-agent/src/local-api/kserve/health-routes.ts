import { KserveLive, KserveModelReady, KserveReady } from '@collimator/shared/contracts/kserve-v2';
import type { FastifyPluginCallback } from 'fastify';
import Type from 'typebox';

export type KserveHealth = {
  readonly ready: () => boolean;
  /** Undefined for a model that is unknown. */
  readonly modelReady: (name: string, version: string | undefined) => boolean | undefined;
};

const ModelParams = Type.Object({ name: Type.String(), version: Type.Optional(Type.String()) });

/** KServe's v2 health questions, for probes: nobody has to prove anything. */
export const kserveHealthRoutes: FastifyPluginCallback<{ readonly health: KserveHealth }> = (app, { health }, done) => {
  app.get('/v2/health/live', { schema: { summary: 'KServe v2: live', response: { 200: KserveLive } } }, () => ({
    live: true,
  }));

  app.get(
    '/v2/health/ready',
    { schema: { summary: 'KServe v2: ready', response: { 200: KserveReady, 503: KserveReady } } },
    (_request, reply) => {
      const ready = health.ready();
      return reply.code(ready ? 200 : 503).send({ ready });
    },
  );

  for (const path of ['/v2/models/:name/ready', '/v2/models/:name/versions/:version/ready'])
    app.get<{ Params: { name: string; version?: string } }>(
      path,
      {
        schema: {
          summary: 'KServe v2: a release with this name is active',
          params: ModelParams,
          response: { 200: KserveModelReady, 404: KserveModelReady, 503: KserveModelReady },
        },
      },
      (request, reply) => {
        const { name, version } = request.params;
        const ready = health.modelReady(name, version);
        const status = ready === undefined ? 404 : ready ? 200 : 503;
        return reply.code(status).send({ name, ready: ready ?? false });
      },
    );
  done();
};
