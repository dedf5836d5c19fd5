import { strict } from '@collimator/shared/contracts/common';
import { Readiness } from '@collimator/shared/contracts/local-api';
import type { FastifyPluginCallback } from 'fastify';
import Type from 'typebox';
import type { LocalApiSources } from './sources.ts';

const Live = strict({ live: Type.Boolean() });

/** Probes of service managers and load balancers. */
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
  done();
};
