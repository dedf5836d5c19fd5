import type { Code } from '@collimator/shared/contracts/release';
import { dcm, own, sct } from '../elements/code.ts';

const ucum = (code: string, meaning: string): Code => ({ scheme: 'UCUM', code, meaning });

/** What a model's numbers are called, where the release does not say. */
export const valueConcepts = {
  probability: { concept: own('probability', 'Probability by the algorithm'), unit: ucum('1', 'no units') },
  score: { concept: own('detection-score', 'Detection score'), unit: ucum('1', 'no units') },
  width: { concept: sct('103355008', 'Width'), unit: ucum('mm', 'mm') },
  height: { concept: dcm('121207', 'Height'), unit: ucum('mm', 'mm') },
} as const;

/** Of lengths on an image that does not say what a pixel is of the patient. */
export const pixelUnit = ucum('{pixels}', 'pixels');

/** A statement that is neither that something is there nor that it is not. */
export const indeterminate = sct('82334004', 'Indeterminate');
