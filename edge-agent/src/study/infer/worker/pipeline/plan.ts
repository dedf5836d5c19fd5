import type { FittedPreprocessing } from '@collimator/shared/imaging/preprocess';
import type { SeriesImages } from '../../../decode/series-images.ts';
import type { StageWork } from '../../tasks.ts';
import type { Given } from './given.ts';
import type { FrameAddress } from './slices/protocol.ts';

/** What is known of the images of a job before a pixel of them is looked at; the same for every worker and stage. */
export type SeriesPlan = {
  readonly images: Pick<SeriesImages, 'geometry' | 'slices' | 'localizersLeftOut'>;
  /** Where each of the images is, in their order. */
  readonly frames: readonly FrameAddress[];
  /** Whether an object or the outcome needs probabilities, not only the mask. */
  readonly probabilities: boolean;
  /** When the job was begun; milliseconds since 1970. */
  readonly begun_ms: number;
};

/** What one stage works on, and what its preprocessing found out of all of it. */
export type StagePlan = {
  readonly work: StageWork;
  readonly given: Given;
  /** Whether its outputs are the result. */
  readonly last: boolean;
  readonly states: FittedPreprocessing['states'];
  /** What it took to make the plan. */
  readonly decode_ms: number;
};
