import { join } from 'node:path';
import { loadDataset } from '@collimator/hub/training/dataset/load-dataset';
import { readResult } from '../demo/result-objects.ts';
import { checkout } from '../demo/checkout.ts';

/** The test block of hub/docs/examples/run.yaml, by the numbers of the original volume: [first, end). */
const testBlock = { first: 75, end: 105 };
/** Colin-27 as mricron ships it: slice i lies at z = i − 71 mm (its affine). */
const originMm = -71;
const voxelMl = 1 / 1000;

/** Voxels of the mask in each frame of a binary SEG, with the frame's position along z in mm. */
export type MaskFrame = { readonly z_mm: number; readonly voxels: number };

export function readMask(path: string): MaskFrame[] {
  const { dataSet } = readResult(path);
  const element = dataSet.elements['x7fe00010'];
  const size = (dataSet.uint16('x00280010') ?? 0) * (dataSet.uint16('x00280011') ?? 0);
  const perFrame = dataSet.elements['x52009230']?.items ?? [];
  return perFrame.map(({ dataSet: frame }, number) => {
    const position = frame?.elements['x00209113']?.items?.[0]?.dataSet;
    let voxels = 0;
    for (let bit = number * size; bit < (number + 1) * size; bit += 1) {
      const byte = dataSet.byteArray[(element?.dataOffset ?? 0) + (bit >> 3)] ?? 0;
      voxels += (byte >> (bit & 7)) & 1;
    }
    return { z_mm: position?.floatString('x00200032', 2) ?? Number.NaN, voxels };
  });
}

/** The mask's volume on the test block, and that of the brain as the data set's label has it. */
export async function testBlockVolumes(
  frames: readonly MaskFrame[],
): Promise<{ readonly found_ml: number; readonly truth_ml: number }> {
  const inBlock = (slice: number): boolean => slice >= testBlock.first && slice < testBlock.end;
  const found = frames.filter((frame) => inBlock(Math.round(frame.z_mm - originMm)));
  const [item] = (await loadDataset(join(checkout, 'test', 'fixtures', 'brain-t1'))).items;
  if (item === undefined) throw new Error('the data set is empty');
  const size = item.image.rows * item.image.columns;
  const block = item.label.subarray(
    (testBlock.first - item.firstSlice) * size,
    (testBlock.end - item.firstSlice) * size,
  );
  const truth = block.reduce((sum, voxel) => sum + voxel, 0);
  return { found_ml: found.reduce((sum, frame) => sum + frame.voxels, 0) * voxelMl, truth_ml: truth * voxelMl };
}
