import { storeStatuses } from '@collimator/shared/dicom/statuses';

const { success, elementsDiscarded, outOfResources, dataSetDoesNotMatchSopClass, cannotUnderstand } = storeStatuses;

/** All that the sink answers an object with. What a fault of ours is answered with (0110H) is the DICOM library's. */
export const storeAnswers = {
  success,
  elementsDiscarded,
  outOfResources,
  dataSetDoesNotMatchSopClass,
  cannotUnderstand,
} as const;

export type StoreAnswer = keyof typeof storeAnswers;
