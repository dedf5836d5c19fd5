import {
  KserveError,
  type KserveModelMetadata as ModelMetadata,
  KserveModelMetadata,
  KserveServerMetadata,
} from '@collimator/shared/contracts/kserve-v2';
import { ok, type Result } from '@collimator/shared/result';
import type { FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify';
import { apiCallerOf } from '../access.ts';
import { readOwnBodies } from '../own-body.ts';
import type { KserveDeps } from './deps.ts';
import { createInferHandler, type InferTarget } from './infer-handler.ts';
import { findModel, metadataOf, stageModels } from './models.ts';
import { programOf } from './program-access.ts';
import { type KserveRefusal, refusalAnswer } from './refusal.ts';

export type KserveRoutesOptions = {
  readonly kserve: KserveDeps;
  readonly ownHost: string;
  readonly agentVersion: string;
};

/** What is spoken beside the protocol itself, by Triton's name. */
const extensions = ['binary_tensor_data'];

/**
 * Inference for other programs: the Open Inference Protocol (KServe v2) with the binary tensor data extension. Nothing
 * here changes anything or tells of a study.
 */
export const kserveRoutes: FastifyPluginCallback<KserveRoutesOptions> = (
  app,
  { kserve, ownHost, agentVersion },
  done,
) => {
  const inference = createInferHandler(kserve, ownHost);
  const ownBody = readOwnBodies(app, {
    onFault: (error) => kserve.onEvent({ type: 'fault', error }),
    onClosed: () => inference.close(),
  });

  app.setNotFoundHandler((_request, reply) =>
    answer(reply, { http: 404, code: 'kserve-not-found', why: 'it is none of this protocol' }),
  );

  app.get('/', { schema: { summary: 'KServe v2: server metadata', response: { 200: KserveServerMetadata } } }, () => ({
    ...{ name: 'collimator', version: agentVersion, extensions },
  }));

  for (const path of ['/models/:name', '/models/:name/versions/:version']) {
    app.get<{ Params: InferTarget }>(
      path,
      {
        schema: {
          summary: 'KServe v2: metadata of a model',
          response: { 200: KserveModelMetadata, '4xx': KserveError },
        },
      },
      (request, reply) => {
        const metadata = metadataFor(request);
        return metadata.ok ? reply.send(metadata.value) : answer(reply, metadata.error);
      },
    );

    app.post<{ Params: InferTarget }>(
      `${path}/infer`,
      { schema: { summary: 'KServe v2: inference' }, config: { ownBody: true } },
      (request, reply) => ownBody(request, reply, (raw, response) => inference.handle(raw, response, request.params)),
    );
  }
  done();

  function metadataFor({ raw, params }: FastifyRequest<{ Params: InferTarget }>): Result<ModelMetadata, KserveRefusal> {
    const caller = apiCallerOf(raw);
    const program = programOf(caller, raw, kserve.programs, ownHost);
    if (!program.ok) {
      kserve.onEvent({ type: 'refused', address: caller.address, refusal: program.error });
      return program;
    }
    const all = stageModels(kserve.engine.models(), program.value.releases);
    const model = findModel(all, params.name, params.version);
    return model.ok ? ok(metadataOf(model.value, all)) : model;
  }
};

function answer(reply: FastifyReply, refusal: KserveRefusal): FastifyReply {
  const { status, headers, body } = refusalAnswer(refusal);
  return reply.code(status).headers(headers).serializer(String).send(body);
}
