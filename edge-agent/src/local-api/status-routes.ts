import { strict } from '@collimator/shared/contracts/common';
import { AgentStatus, StudyList, StudyRouting, StudySummary } from '@collimator/shared/contracts/local-api';
import { errorCatalogue } from '@collimator/shared/errors/catalogue';
import type { FastifyPluginCallback } from 'fastify';
import Type from 'typebox';
import type { LocalApiSources } from './sources.ts';

const Refusal = strict({ code: Type.String(), message: Type.String(), remedy: Type.String() });
const studyUnknown = errorCatalogue['study-unknown'];
const studiesMax = 1_000;
const StudiesQuery = strict({ limit: Type.Integer({ minimum: 1, maximum: studiesMax, default: 100 }) });

/** What the agent does, for people (`collimator agent status`), pages and Prometheus. */
export const statusRoutes: FastifyPluginCallback<{ readonly sources: LocalApiSources }> = (app, { sources }, done) => {
  app.get('/v1/status', { schema: { summary: 'The whole state', response: { 200: AgentStatus } } }, () =>
    sources.status(),
  );

  app.get<{ Querystring: { limit: number } }>(
    '/v1/studies',
    { schema: { summary: 'Studies, newest first', querystring: StudiesQuery, response: { 200: StudyList } } },
    (request) => ({ studies: sources.studies(request.query.limit) }),
  );

  app.get<{ Params: { key: number } }>(
    '/v1/studies/:key',
    {
      schema: {
        summary: 'One study',
        params: strict({ key: Type.Integer({ minimum: 1 }) }),
        response: { 200: StudySummary, 404: Refusal },
      },
    },
    (request, reply) =>
      sources.study(request.params.key) ??
      reply.code(404).send({ code: 'study-unknown', message: studyUnknown.what, remedy: studyUnknown.remedy }),
  );

  app.get<{ Params: { key: number } }>(
    '/v1/studies/:key/routing',
    {
      schema: {
        summary: 'Why each route took each series of a study or left it',
        params: strict({ key: Type.Integer({ minimum: 1 }) }),
        response: { 200: StudyRouting, 404: Refusal },
      },
    },
    (request, reply) =>
      sources.routing(request.params.key) ??
      reply.code(404).send({ code: 'study-unknown', message: studyUnknown.what, remedy: studyUnknown.remedy }),
  );

  app.get(
    '/metrics',
    { schema: { summary: 'Prometheus text format', response: { 200: Type.String() } } },
    async (_request, reply) => reply.type(sources.metrics.contentType).send(await sources.metrics.text()),
  );

  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
  done();
};
