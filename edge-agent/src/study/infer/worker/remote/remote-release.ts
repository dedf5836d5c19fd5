import type { RemoteServer } from '@collimator/shared/contracts/agent-config';
import type { Release } from '@collimator/shared/contracts/release';
import { CodedError } from '@collimator/shared/errors/coded-error';
import type { After } from '../../../../timers.ts';
import type { RemoteOrigin } from '../../../result/result-context.ts';
import type { ModelSession } from '../model-session.ts';
import { createDirectSession } from './direct-session.ts';
import { openTransport } from './https-transport.ts';
import { createKServeV2Model } from './kserve-v2-model.ts';
import { requireFit } from './model-fit.ts';
import { watchModels } from './model-watch.ts';
import type { RemoteModel } from './remote-model.ts';
import { createServerExchange, type ServerExchange } from './server-exchange.ts';
import { createTfServingModel } from './tf-serving-model.ts';
import { createTorchServeModel } from './torchserve-model.ts';
import { createWatchedSession } from './watched-session.ts';

export type RemoteReleaseDeps = {
  readonly after: After;
  readonly now: () => number;
  /**
   * Runs the golden cases of the release on these sessions, one for each stage.
   *
   * @returns largest difference from the golden outputs; not a number or infinite where one is no number
   */
  readonly golden: (sessions: readonly ModelSession[]) => Promise<number>;
};

/** A release whose models are behind a server. */
export type RemoteRelease = {
  /** One for each stage. A session that throws `remote-model-changed` does so for ever: open the release anew. */
  readonly sessions: readonly ModelSession[];
  /** What results say of the server, one for each model. */
  readonly origins: readonly RemoteOrigin[];
  /** Why it is not attested. */
  readonly why?: string;
};

/**
 * Opens a release on a model server: asks for its models' metadata, runs the golden inputs through all that the release
 * declares, and says whether the models could be attested. Both are repeated before a run when the connection broke, when
 * the server says something else of a model than before, and every so often.
 *
 * @throws CodedError `golden-mismatch`, `remote-model-unfit`, `remote-model-missing`, and those of the transport
 */
export async function openRemoteRelease(
  server: RemoteServer,
  { sha256, release }: { readonly sha256: string; readonly release: Release },
  deps: RemoteReleaseDeps,
): Promise<RemoteRelease> {
  const served = server.models[release.name];
  if (served === undefined) throw new CodedError('remote-model-missing', `no model is named for ${release.name}`);
  const exchange = createServerExchange(server, openTransport(server, deps.after), deps);
  const models = release.stages.map(({ name }) => createModel(server, served.stages?.[name] ?? served, exchange));
  const direct = release.stages.map((stage, i) => createDirectSession(stage, models[i] as RemoteModel));
  /** What each model called its version when it was tested. */
  const versions = new Map<number, string | undefined>();
  const tested = direct.map((session, i): ModelSession => {
    return {
      provider: server.protocol,
      attested: false,
      async run(inputs, outputs) {
        const { tensors, version } = await session(inputs, outputs);
        versions.set(i, version);
        return tensors;
      },
      close: async () => undefined,
    };
  });
  try {
    const watch = await watchModels({
      models,
      releaseSha256: sha256,
      toleranceAbs: release.golden.tolerance_abs,
      every_ms: server.attest_every_s * 1000,
      now: deps.now,
      breaks: () => exchange.breaks(),
      requireFit: (facts) => {
        for (const [i, stage] of release.stages.entries()) requireFit(models[i]?.name ?? '', facts[i] ?? {}, stage);
      },
      golden: () => deps.golden(tested),
    });
    const { attestation, facts } = watch;
    const { attested } = attestation;
    const sessions = direct.map((session, i) =>
      createWatchedSession(
        server.protocol,
        watch,
        session,
        () => versions.get(i),
        () => exchange.close(),
      ),
    );
    const origins = models.map(({ name }, i): RemoteOrigin => {
      const version = printable(versions.get(i) ?? facts[i]?.versions?.at(-1));
      return {
        ...{ protocol: server.protocol, server: new URL(server.url).host, model: name, attested },
        ...(version !== undefined && { version }),
      };
    });
    return { sessions, origins, ...(!attestation.attested && { why: attestation.why }) };
  } catch (error) {
    await exchange.close();
    throw error;
  }
}

/** A version goes into objects of ours, and the server may call it whatever it likes. */
const printable = (version: string | undefined): string | undefined =>
  version !== undefined && /^[\x21-\x5b\x5d-\x7e]{1,64}$/.test(version) ? version : undefined;

function createModel(
  server: RemoteServer,
  named: { readonly model: string; readonly version?: string | undefined },
  exchange: ServerExchange,
): RemoteModel {
  if (server.protocol === 'kserve-v2') return createKServeV2Model(server, named, exchange);
  if (server.protocol === 'tf-serving') return createTfServingModel(server, named, exchange);
  return createTorchServeModel(server, named, exchange);
}
