import type { Release, Stage } from '@collimator/shared/contracts/release';
import type { DeviceSpec } from '../../protocol.ts';
import type { Faults } from '../faults.ts';
import { readReleaseFile } from '../load-release.ts';
import type { ModelSession } from '../model-session.ts';
import { openOrtSession } from '../ort-session.ts';

/**
 * Loads the model of a stage into this process, from the bytes whose digest release.json gives.
 *
 * @throws CodedError `inference-model-unloadable`, `inference-release-altered`
 */
export const openLocalSession = async (
  folder: string,
  release: Release,
  stage: Stage,
  device: DeviceSpec,
  faults?: Faults,
): Promise<ModelSession> => openOrtSession(await readReleaseFile(folder, release, stage.model), stage, device, faults);
