import { strict } from '@collimator/shared/contracts/common';
import {
  ApiRefusal,
  Decided,
  Decision,
  QuarantinedObject,
  QuarantineListing,
} from '@collimator/shared/contracts/quarantine-api';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { whyForeign } from './same-origin.ts';
import type { FastifyPluginCallback } from 'fastify';
import Type from 'typebox';
import type { QuarantineEntry } from '../store/sqlite-quarantine.ts';
import type { DeskRefusal, QuarantineDesk } from '../study/receive/quarantine/quarantine-desk.ts';

const entriesMax = 10_000;
const ListQuery = strict({ limit: Type.Integer({ minimum: 1, maximum: entriesMax, default: 100 }) });
const EntryParams = strict({ entry: Type.Integer({ minimum: 1 }) });

/** What was set aside, and what a person decides about it; what changes something is behind `whyForeign`. */
export const quarantineRoutes: FastifyPluginCallback<{ readonly desk: QuarantineDesk; readonly ownHost: string }> = (
  app,
  { desk, ownHost },
  done,
) => {
  app.addHook('onRequest', async (request, reply) => {
    const why = request.method === 'GET' ? undefined : whyForeign(request.headers, ownHost, request.raw.socket);
    if (why !== undefined) await reply.code(403).send(refusal({ code: 'request-foreign', detail: why }));
  });
  const told = (entry: QuarantineEntry): QuarantinedObject => ({
    entry: entry.entryId,
    state: entry.state,
    code: entry.code,
    why: entry.why,
    calling_ae_title: entry.callingAeTitle,
    called_ae_title: entry.calledAeTitle,
    address: entry.remoteAddress,
    bytes: entry.dataSetBytes,
    kept_at: new Date(entry.kept_ms).toISOString(),
    waits_for_decision: entry.acknowledged === 1 && entry.state === 'kept',
    studies: desk.holds(entry.entryId).map(String),
  });

  app.get<{ Querystring: { limit: number } }>(
    '/v1/quarantine',
    {
      schema: {
        summary: 'Objects that were set aside; those that wait for a decision first',
        querystring: ListQuery,
        response: { 200: QuarantineListing, 403: ApiRefusal },
      },
    },
    (request) => ({ objects: desk.kept(request.query.limit).map(told) }),
  );

  app.get<{ Params: { entry: number } }>(
    '/v1/quarantine/:entry',
    {
      schema: {
        summary: 'One object that was set aside',
        params: EntryParams,
        response: { 200: QuarantinedObject, 403: ApiRefusal, 404: ApiRefusal },
      },
    },
    (request, reply) => {
      const entry = desk.get(request.params.entry);
      if (entry !== undefined) return told(entry);
      return reply.code(404).send(refusal({ code: 'quarantine-entry-unknown', detail: `${request.params.entry}` }));
    },
  );

  for (const decision of ['released', 'discarded'] as const) {
    const act = decision === 'released' ? 'release' : 'discard';
    app.post<{ Params: { entry: number } }>(
      `/v1/quarantine/:entry/${act}`,
      {
        schema: {
          summary:
            decision === 'released'
              ? 'Takes the object in: of a conflict it replaces the stored one, else it is tried again'
              : 'Deletes the object: of a conflict the first one stays',
          params: EntryParams,
          body: Decision,
          response: { 200: Decided, 403: ApiRefusal, 404: ApiRefusal, 409: ApiRefusal },
        },
      },
      async (request, reply) => {
        const { entry } = request.params;
        const done = await desk[act](entry);
        if (done.ok) return { entry, decision };
        const status = done.error.code === 'quarantine-entry-unknown' ? 404 : 409;
        return reply.code(status).send(refusal(done.error));
      },
    );
  }
  done();
};

function refusal({ code, detail }: DeskRefusal): { code: string; message: string; remedy: string } {
  const { message, remedy } = new CodedError(code, detail);
  return { code, message, remedy };
}
