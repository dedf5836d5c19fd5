import { makeMaskOnly, makeSliceMasker, probabilitiesOf } from '@collimator/shared/imaging/slice-mask';
import type { Plane } from '@collimator/shared/imaging/slice';
import type { FinishedMask, MaskWanted } from './protocol.ts';

const MASKERS_MAX = 8;

/** Finishes masks; what a masker holds (the weights of its resize) is kept for the next slices of a series. */
export function createFinisher(): (output: Plane, wanted: MaskWanted, into?: Uint8Array) => FinishedMask {
  const maskers = new Map<string, (output: Plane, into?: Uint8Array) => FinishedMask>();
  return (output, wanted, into) => {
    const key = JSON.stringify(wanted);
    const masker = maskers.get(key) ?? makeMasker(wanted);
    if (maskers.size >= MASKERS_MAX) maskers.clear();
    maskers.set(key, masker);
    return masker(output, into);
  };
}

function makeMasker({ ops, size, probabilities }: MaskWanted): (output: Plane, into?: Uint8Array) => FinishedMask {
  if (!probabilities) {
    const masked = makeMaskOnly(ops, size);
    return (output, into) => ({ mask: masked(output, into) });
  }
  const masked = makeSliceMasker(ops, size);
  return (output) => {
    const { mask, scores } = masked(output);
    return { mask, probabilities: probabilitiesOf(scores, ops) };
  };
}
