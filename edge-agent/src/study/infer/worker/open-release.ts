import type { Release } from '@collimator/shared/contracts/release';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { systemAfter } from '../../../timers.ts';
import type { RemoteOrigin } from '../../result/result-context.ts';
import type { DeviceSpec } from '../protocol.ts';
import type { Faults } from './faults.ts';
import { goldenDifference } from './golden.ts';
import type { ModelSession } from './model-session.ts';
import { openLocalSession } from './pipeline/local-session.ts';
import { createModelBatches } from './pipeline/model-batches.ts';
import { openRemoteRelease } from './remote/remote-release.ts';

/** The models of a release, one session for each stage, and whose they are where another server has them. */
export type OpenedRelease = {
  readonly sessions: readonly ModelSession[];
  readonly origins?: readonly RemoteOrigin[];
  /** Why it is not attested. */
  readonly why?: string;
};

type Verified = { readonly folder: string; readonly sha256: string; readonly release: Release };
type Open = (verified: Verified, device: DeviceSpec, faults?: Faults) => Promise<OpenedRelease>;

/** Loads each model into this process and runs each batch size once. */
const openLocal: Open = async ({ folder, release }, device, faults) => {
  const sessions: ModelSession[] = [];
  for (const stage of release.stages) {
    const session = await openLocalSession(folder, release, stage, device, faults);
    await createModelBatches(stage, session).warm();
    sessions.push(session);
  }
  const difference = await goldenDifference(folder, release, sessions);
  if (difference <= release.golden.tolerance_abs) return { sessions };
  throw new CodedError(
    'golden-mismatch',
    `largest difference ${difference.toExponential(2)}, allowed ${release.golden.tolerance_abs}`,
  );
};

const openRemote: Open = async ({ folder, sha256, release }, { name, remote }) => {
  if (remote === undefined) throw new Error(`${name} has no server`);
  return openRemoteRelease(
    remote,
    { sha256, release },
    {
      ...{ after: systemAfter, now: () => Date.now() },
      golden: (sessions) => goldenDifference(folder, release, sessions),
    },
  );
};

/** How each kind of device opens a release. */
const openers: Readonly<Record<DeviceSpec['kind'], Open>> = { cpu: openLocal, gpu: openLocal, remote: openRemote };

/**
 * Opens a release on a device. What a device computes from the golden inputs is compared before it computes anything
 * else.
 *
 * @throws CodedError `golden-mismatch`, `inference-model-unloadable`, `inference-release-altered`, and those of a server
 */
export const openRelease: Open = (verified, device, faults) => openers[device.kind](verified, device, faults);
