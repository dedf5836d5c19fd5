import { strict } from '@collimator/shared/contracts/common';
import { Prioritize, Prioritized, Retried } from '@collimator/shared/contracts/local-api';
import { errorCatalogue } from '@collimator/shared/errors/catalogue';
import type { FastifyPluginCallback } from 'fastify';
import Type from 'typebox';
import { whyForeign } from './same-origin.ts';
import type { LocalApiSources } from './sources.ts';

const Refusal = strict({ code: Type.String(), message: Type.String(), remedy: Type.String() });
type Refused = 'study-unknown' | 'request-foreign';
const refusal = (code: Refused) => ({
  code,
  message: errorCatalogue[code].what,
  remedy: errorCatalogue[code].remedy,
});

/** What people on site may change: every route here is behind `whyForeign`. */
export const studyActions: FastifyPluginCallback<{ readonly sources: LocalApiSources; readonly ownHost: string }> = (
  app,
  { sources, ownHost },
  done,
) => {
  app.addHook('onRequest', async (request, reply) => {
    const why = whyForeign(request.headers, ownHost, request.raw.socket);
    if (why === undefined) return;
    const refused = refusal('request-foreign');
    await reply.code(403).send({ ...refused, message: `${refused.message}: ${why}` });
  });

  app.post<{ Params: { key: number } }>(
    '/v1/studies/:key/retry',
    {
      schema: {
        summary: 'Takes up again what has failed for good in a study: jobs, deliveries, storage commitments',
        params: strict({ key: Type.Integer({ minimum: 1 }) }),
        body: strict({}),
        response: { 200: Retried, 403: Refusal, 404: Refusal },
      },
    },
    async (request, reply) =>
      (await sources.retry(request.params.key)) ?? reply.code(404).send(refusal('study-unknown')),
  );

  app.post<{ Params: { key: number }; Body: Prioritize }>(
    '/v1/studies/:key/prioritize',
    {
      schema: {
        summary: 'Gives the queued jobs of a study another priority, at once',
        params: strict({ key: Type.Integer({ minimum: 1 }) }),
        body: Prioritize,
        response: { 200: Prioritized, 403: Refusal, 404: Refusal },
      },
    },
    async (request, reply) =>
      (await sources.prioritize(request.params.key, request.body.priority)) ??
      reply.code(404).send(refusal('study-unknown')),
  );
  done();
};
