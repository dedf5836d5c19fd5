import { configErrors } from './config.ts';
import { deliveryErrors } from './delivery.ts';
import { demoErrors } from './demo.ts';
import { dicomErrors } from './dicom.ts';
import { imagingErrors } from './imaging.ts';
import { engineErrors } from './engine.ts';
import { kserveErrors } from './kserve.ts';
import { linkErrors } from './link.ts';
import { modelErrors } from './model.ts';
import { priorErrors } from './priors.ts';
import { provisioningErrors } from './provisioning.ts';
import { releaseErrors } from './release.ts';
import { remoteErrors } from './remote.ts';
import { storeErrors } from './store.ts';
import { stowErrors } from './stow.ts';
import { studyErrors } from './study.ts';
import { trainingErrors } from './training.ts';

/** Every error a person can see, by code. `docs/errors.md` is generated from it. */
export const errorCatalogue = {
  ...configErrors,
  ...deliveryErrors,
  ...demoErrors,
  ...dicomErrors,
  ...imagingErrors,
  ...engineErrors,
  ...kserveErrors,
  ...linkErrors,
  ...modelErrors,
  ...priorErrors,
  ...provisioningErrors,
  ...releaseErrors,
  ...remoteErrors,
  ...storeErrors,
  ...stowErrors,
  ...studyErrors,
  ...trainingErrors,
} as const;

export type ErrorCode = keyof typeof errorCatalogue;
