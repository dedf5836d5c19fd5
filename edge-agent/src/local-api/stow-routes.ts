import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ErrorCode } from '@collimator/shared/errors/catalogue';
import { CodedError } from '@collimator/shared/errors/coded-error';
import type { FastifyPluginCallback } from 'fastify';
import type { ProgressLimits, StoreSink } from '../dimse/index.ts';
import type { MultipartLimits } from '../study/receive/stow/multipart-parser.ts';
import { type ReceivedParts, receiveParts } from '../study/receive/stow/receive-parts.ts';
import { httpStatusOf, isStored, storeInstancesResponse } from '../study/receive/stow/store-instances-response.ts';
import type { Every } from '../timers.ts';
import { type ApiCaller, apiCallerOf, identify, type Listed } from './access.ts';
import { answerEarly, type EarlyAnswer } from './early-answer.ts';
import { readOwnBodies, sayContinue } from './own-body.ts';
import { createRequestLoad, type LoadLimit } from './request-load.ts';
import { ANSWER_TYPE, readStowRequest, type StowRefusal } from './stow-request.ts';
import { watchedBody } from './watched-body.ts';

/** Who may post: what an AE title is to a C-STORE. */
export type StowSource = Listed & { readonly requestsMax: number };
/** Which bound was reached: a name for the metric. */
export type StowLimit = 'congestion' | LoadLimit;

export type StowLimits = MultipartLimits &
  ProgressLimits & { readonly bytesMax: number; readonly commitsMax: number; readonly requestsMax: number };

/** What becomes of requests, for the log and the metrics. */
export type StowEvent =
  | {
      readonly type: 'refused';
      readonly address: string;
      readonly calling: string | undefined;
      readonly refusal: StowRefusal;
      readonly limit: StowLimit | undefined;
    }
  | { readonly type: 'begun' }
  | { readonly type: 'limit'; readonly limit: 'idle' | 'progress' | 'request-size' }
  | {
      readonly type: 'finished' | 'cut-off';
      readonly calling: string;
      readonly address: string;
      readonly associationId: string;
      readonly http: number;
      readonly stored: number;
      /** Statuses of what was not. */
      readonly refused: readonly number[];
      readonly bytes: number;
      readonly duration_ms: number;
      readonly why: string | undefined;
    }
  | { readonly type: 'fault'; readonly error: unknown };

export type StowDeps = {
  readonly sink: StoreSink;
  readonly sources: readonly StowSource[];
  readonly calledAeTitle: string;
  readonly takesSopClass: (uid: string) => boolean;
  readonly takesTransferSyntax: (uid: string) => boolean;
  readonly limits: StowLimits;
  /** Why nothing should come now, or undefined. */
  readonly congested: () => string | undefined;
  readonly onEvent: (event: StowEvent) => void;
  readonly now_ms: () => number;
  readonly every: Every;
};

export const STOW_PREFIX = '/dicom-web/';
/** When to come again, s. */
const RETRY_AFTER_S = 30;

/**
 * Store Transaction of the Studies Service (PS3.18 §10.5). Whoever may not send, and whatever cannot be taken, is
 * answered before the body is read.
 */
export const stowRoutes: FastifyPluginCallback<{ readonly stow: StowDeps }> = (app, { stow }, done) => {
  const load = createRequestLoad(stow.limits);
  const ownBody = readOwnBodies(app, { onFault: (error) => stow.onEvent({ type: 'fault', error }) });

  for (const path of ['studies', 'studies/:study'])
    app.post<{ Params: { study?: string } }>(
      `${STOW_PREFIX}${path}`,
      {
        schema: { summary: 'STOW-RS: stores the objects of a multipart/related body', hide: true },
        config: { ownBody: true },
      },
      (request, reply) => ownBody(request, reply, (raw, response) => handle(raw, response, request.params.study)),
    );
  done();

  async function handle(request: IncomingMessage, response: ServerResponse, study: string | undefined): Promise<void> {
    const caller = apiCallerOf(request);
    const source = identify(caller, stow.sources);
    const refuse = (refusal: StowRefusal, limit?: StowLimit): void => {
      const calling = source.ok ? source.value.name : undefined;
      stow.onEvent({ type: 'refused', address: caller.address, calling, refusal, limit });
      answerEarly(request, response, refusalAnswer(refusal));
    };
    if (!source.ok) {
      const { http, why } = source.error;
      return refuse({ http, code: http === 401 ? 'stow-unauthorized' : 'stow-forbidden', why });
    }
    const { headers } = request;
    const read = readStowRequest(
      {
        contentType: headers['content-type'],
        contentEncoding: headers['content-encoding'],
        contentLength: headers['content-length'],
        accept: headers.accept,
        study,
      },
      stow.limits,
    );
    if (!read.ok) return refuse(read.error);
    const busy = (why: string, limit: StowLimit): void => refuse({ http: 503, code: 'stow-busy', why }, limit);
    const congested = stow.congested();
    if (congested !== undefined) return busy(congested, 'congestion');
    const entered = load.enter(source.value);
    if (!entered.ok) return busy(entered.error.why, entered.error.limit);
    try {
      sayContinue(request, response);
      await receive(request, response, { source: source.value, caller, study, boundary: read.value.boundary });
    } finally {
      entered.value();
    }
  }

  async function receive(
    request: IncomingMessage,
    response: ServerResponse,
    from: {
      readonly source: StowSource;
      readonly caller: ApiCaller;
      readonly study: string | undefined;
      readonly boundary: string;
    },
  ): Promise<void> {
    const begun_ms = stow.now_ms();
    const associationId = randomUUID();
    const { name: callingAeTitle } = from.source;
    const { address: remoteAddress } = from.caller;
    stow.onEvent({ type: 'begun' });
    let received: ReceivedParts = { outcomes: [], bytes: 0 };
    let answer: EarlyAnswer | undefined;
    try {
      received = await receiveParts(
        watchedBody(request, { ...stow, onLimit: (limit) => stow.onEvent({ type: 'limit', limit }) }),
        {
          sink: stow.sink,
          request: {
            ...{ callingAeTitle, remoteAddress, associationId, calledAeTitle: stow.calledAeTitle },
            ...(from.study !== undefined && { studyInstanceUid: from.study }),
          },
          boundary: from.boundary,
          takesSopClass: stow.takesSopClass,
          takesTransferSyntax: stow.takesTransferSyntax,
          limits: stow.limits,
          onFault: (error) => stow.onEvent({ type: 'fault', error }),
        },
      );
      answer = answerTo(received);
    } finally {
      const { outcomes, bytes, problem } = received;
      if (problem?.kind === 'too-large') stow.onEvent({ type: 'limit', limit: 'request-size' });
      stow.onEvent({
        type: problem?.kind === 'cut-off' ? 'cut-off' : 'finished',
        ...{ calling: callingAeTitle, address: remoteAddress, associationId, http: answer?.status ?? 500, bytes },
        stored: outcomes.filter(isStored).length,
        refused: outcomes.filter((outcome) => !isStored(outcome)).map(({ status }) => status),
        duration_ms: stow.now_ms() - begun_ms,
        why: problem?.why,
      });
    }
    if (received.problem?.kind === 'cut-off') return void response.destroy();
    if (received.problem !== undefined) return answerEarly(request, response, answer);
    response.writeHead(answer.status, { ...answer.headers, 'content-length': String(Buffer.byteLength(answer.body)) });
    response.end(answer.body);
  }
};

/** An answer that names objects wherever there is one to name: what was stored before the rest failed is stored. */
function answerTo({ outcomes, problem }: ReceivedParts): EarlyAnswer {
  if (outcomes.length === 0) {
    const tooLarge = problem?.kind === 'too-large';
    const why = problem?.why ?? 'there is no part in it';
    return refusalAnswer({ http: tooLarge ? 413 : 400, code: tooLarge ? 'stow-too-large' : 'stow-malformed', why });
  }
  const some = outcomes.some(isStored);
  const whole = httpStatusOf(outcomes);
  const broken = problem?.kind === 'too-large' ? 413 : 400;
  return {
    status: problem === undefined ? whole : some ? 202 : broken,
    headers: { 'content-type': ANSWER_TYPE },
    body: JSON.stringify(storeInstancesResponse(outcomes)),
  };
}

function refusalAnswer({ http, code, why }: { http: number; code: ErrorCode; why: string }): EarlyAnswer {
  // What is wrong with our own files is for our log.
  const { message, remedy } = new CodedError(code, http === 401 ? 'no valid credentials' : why);
  return {
    status: http,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      ...(http === 401 && { 'www-authenticate': 'Bearer realm="collimator"' }),
      ...(http === 503 && { 'retry-after': String(RETRY_AFTER_S) }),
    },
    body: JSON.stringify({ code, message, remedy }),
  };
}
