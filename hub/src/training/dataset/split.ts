import type { RunSpec } from '@collimator/shared/contracts/run-spec';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { err, ok, type Result } from '@collimator/shared/result';

/** A slice of the dataset: which item, and its index in that item's volume. */
export type SliceRef = { readonly item: number; readonly index: number };

export type Split = {
  readonly train: readonly SliceRef[];
  readonly validation: readonly SliceRef[];
  readonly test: readonly SliceRef[];
};

type Extent = { readonly firstSlice: number; readonly slices: number };

/**
 * Splits every item by blocks of slice numbers, [first, end). All that lies in no block is trained on.
 * Every problem is reported: an empty block, one that leaves an image, two that overlap, nothing left to train on.
 */
export function splitByBlock(items: readonly Extent[], split: RunSpec['split']): Result<Split, readonly string[]> {
  const problems: string[] = [];
  const blocks = [
    ['validation', split.validation.slices],
    ['test', split.test.slices],
  ] as const;
  for (const [name, [first, end]] of blocks) {
    if (end <= first) problems.push(`split.${name}.slices [${first}, ${end}) is empty`);
    for (const [i, item] of items.entries()) {
      const itemEnd = item.firstSlice + item.slices;
      if (end > first && (first < item.firstSlice || end > itemEnd))
        problems.push(
          `split.${name}.slices [${first}, ${end}) leaves item ${i}, which has [${item.firstSlice}, ${itemEnd})`,
        );
    }
  }
  const [validation, test] = [split.validation.slices, split.test.slices];
  if (validation[0] < test[1] && test[0] < validation[1]) problems.push('split.validation and split.test overlap');
  if (problems.length > 0) return err(problems);

  const result = { train: [] as SliceRef[], validation: [] as SliceRef[], test: [] as SliceRef[] };
  for (const [item, { firstSlice, slices }] of items.entries()) {
    for (let index = 0; index < slices; index++) {
      const number = firstSlice + index;
      const side = inside(number, validation) ? result.validation : inside(number, test) ? result.test : result.train;
      side.push({ item, index });
    }
  }
  return result.train.length === 0 ? err(['split leaves no slice to train on']) : ok(result);
}

const inside = (number: number, [first, end]: readonly [number, number]): boolean => number >= first && number < end;

/** @throws CodedError `split-invalid` with every problem */
export function splitOrThrow(items: readonly Extent[], split: RunSpec['split']): Split {
  const result = splitByBlock(items, split);
  if (!result.ok) throw new CodedError('split-invalid', result.error.join('; '));
  return result.value;
}
