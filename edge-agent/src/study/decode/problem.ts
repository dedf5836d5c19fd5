import type { studyErrors } from '@collimator/shared/errors/study';

/** Why an image or a series cannot be used. `detail` names file positions, sizes and millimetres, never a patient or a UID. */
export type Problem = { readonly code: keyof typeof studyErrors; readonly detail: string };
