import {
  type ModelSummary,
  type RolloutRequest,
  RolloutRequest as RolloutRequestSchema,
  type TargetsSubmission,
  TargetsSubmission as TargetsSubmissionSchema,
} from '@collimator/shared/contracts/http-api';
import { validator } from '@collimator/shared/contracts/validate';
import { CodedError } from '@collimator/shared/errors/coded-error';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { byteRange } from './byte-range.ts';
import type { RegisteredRelease, Registry } from './registry/registry.ts';
import type { Rollouts } from './rollout/rollouts.ts';
import type { Trust } from './sign/trust.ts';

export type ReleaseRoutesDeps = {
  readonly registry: Registry;
  readonly trust: Trust;
  readonly rollouts: Rollouts;
};

/** HTTP status of each coded error of these routes; everything else is the error handler's business. */
export const releaseStatusCodes: Readonly<Record<string, number>> = {
  'release-unknown': 404,
  'rollout-unknown': 404,
  'release-not-signed': 409,
  'release-already-signed': 409,
  'rollout-device-unknown': 422,
  'rollout-nothing-before': 409,
  'targets-out-of-date': 409,
  'targets-changed': 403,
  'target-mismatch': 403,
  'metadata-malformed': 400,
  'metadata-key-unknown': 403,
  'metadata-signature-invalid': 403,
  'metadata-signatures-too-few': 403,
  'metadata-expired': 403,
};

/** Targets that name tens of thousands of releases fit in this. */
const submissionBytesMax = 16 * 1024 * 1024;
/** What one answer holds in memory; a longer object is given in parts (status 206). */
const answerBytesMax = 16 * 1024 * 1024;

const targetsSubmission = validator(TargetsSubmissionSchema);
const rolloutRequest = validator(RolloutRequestSchema);

/**
 * The release part of the hub's HTTP interface (shared/src/contracts/http-api.ts), as a Fastify plugin that its owner
 * mounts behind authentication. Errors are thrown as CodedErrors for the owner's error handler.
 */
export function releaseRoutes({ registry, trust, rollouts }: ReleaseRoutesDeps) {
  const summary = (release: RegisteredRelease): ModelSummary => ({
    ...release.ref,
    bytes: release.bytes,
    state: trust.isSigned(release.ref) ? 'signed' : 'candidate',
    run: release.run,
    metrics: { ...release.metrics },
    created: release.created,
  });

  return async (app: FastifyInstance): Promise<void> => {
    app.get('/v1/models', () => registry.list().map(summary));

    app.get<{ Querystring: { add?: string } }>('/v1/trust/draft', ({ query }) => {
      const [name = '', version = ''] = (query.add ?? '').split('@');
      const release = registry.get(name, version);
      if (release === undefined) throw new CodedError('release-unknown', query.add ?? '(none named)');
      return trust.draft({ ...release.ref, length: release.length });
    });

    app.post<{ Body: TargetsSubmission }>(
      '/v1/trust/targets',
      { bodyLimit: submissionBytesMax },
      async (req, reply) => {
        await trust.submitTargets(targetsSubmission.parse(req.body, 'targets'));
        return reply.code(204).send();
      },
    );

    app.get<{ Params: { file: string } }>('/v1/trust/:file', async ({ params }, reply) => {
      const bytes = await trust.file(params.file);
      if (bytes === undefined) return notFound(reply, params.file);
      return reply.type('application/json').send(bytes);
    });

    app.post<{ Body: RolloutRequest }>('/v1/rollouts', async (req, reply) => {
      const created = await rollouts.create(rolloutRequest.parse(req.body, 'roll-out'));
      return reply.code(201).send(created);
    });
    app.get('/v1/rollouts', () => rollouts.list());
    app.get<{ Params: { id: string } }>('/v1/rollouts/:id', ({ params }) => {
      const rollout = rollouts.get(Number(params.id));
      if (rollout === undefined) throw new CodedError('rollout-unknown', params.id);
      return rollout;
    });
    app.post<{ Params: { id: string } }>('/v1/rollouts/:id/undo', async ({ params }, reply) =>
      reply.code(201).send(await rollouts.undo(Number(params.id))),
    );

    app.get<{ Params: { sha256: string } }>('/v1/chunks/:sha256', async ({ params, headers }, reply) => {
      const { sha256 } = params;
      const whole = await registry.readRange(sha256, 0, 0);
      if (whole === undefined) return notFound(reply, sha256);
      const range = byteRange(headers.range, whole.total, answerBytesMax);
      if (range === undefined) return reply.code(416).header('content-range', `bytes */${whole.total}`).send();
      const part = await registry.readRange(sha256, range.offset, range.length);
      if (part === undefined) return notFound(reply, sha256);
      reply.header('accept-ranges', 'bytes').header('etag', `"${sha256}"`).type('application/octet-stream');
      // The raw bytes have the digest; what travels may be zipped, as the file list of the release says.
      reply.header('x-collimator-encoding', part.encoding);
      if (range.partial)
        reply
          .code(206)
          .header('content-range', `bytes ${range.offset}-${range.offset + range.length - 1}/${whole.total}`);
      return reply.send(part.payload);
    });
  };
}

const notFound = (reply: FastifyReply, what: string) =>
  reply.code(404).send({ code: 'release-unknown', message: `${what} is not here`, remedy: 'Check the name' });
