import { CodedError } from '@collimator/shared/errors/coded-error';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { type ExportOptions, exportOnnx } from './export-onnx.ts';
import { type Batch, measureParity, type Parity } from './parity.ts';
import { seededBatch } from './seeded-batch.ts';

/** The largest difference from the trained model that a release may have. */
export const PARITY_ABS_MAX_DEFAULT = 1e-5;

/** Size of an unknown spatial axis in generated inputs, pixels. Odd, so that SAME padding is not symmetric. */
const UNKNOWN_SIZE_DEFAULT = 33;

export type CheckedOptions = ExportOptions & {
  /** What to compare on: real inputs of the model. Two generated batches (of 3 and of 1) when absent. */
  readonly batches?: readonly Batch[];
  /** For the generated batches. */
  readonly seed?: number;
};

export type CheckedExport = { readonly onnx: Uint8Array; readonly parity: Parity };

/**
 * Exports and compares with ONNX Runtime before anything is handed out.
 * Throws what exportOnnx throws, export-rejected, or export-parity naming the worst output.
 */
export async function exportChecked(
  model: LayersModel,
  options: CheckedOptions,
  parityAbsMax: number = PARITY_ABS_MAX_DEFAULT,
): Promise<CheckedExport> {
  const onnx = exportOnnx(model, options);
  return { onnx, parity: await requireParity(model, onnx, options, parityAbsMax) };
}

/** Compares a file with the model it should be. Throws export-rejected or export-parity. */
export async function requireParity(
  model: LayersModel,
  onnx: Uint8Array,
  options: Pick<CheckedOptions, 'batches' | 'seed'>,
  parityAbsMax: number = PARITY_ABS_MAX_DEFAULT,
): Promise<Parity> {
  const batches = options.batches ?? generatedBatches(model, options.seed ?? 1);
  const parity = await measureParity({ model, onnx, batches });
  const [worst] = [...parity.per_output].sort((a, b) => b.max_abs_diff - a.max_abs_diff);
  // Negated, so that a NaN on either side fails.
  if (worst !== undefined && !(worst.max_abs_diff <= parityAbsMax)) {
    const figures = `differs by ${worst.max_abs_diff.toExponential(3)}, at most ${parityAbsMax.toExponential(3)} allowed`;
    throw new CodedError('export-parity', `output "${worst.name}" ${figures}`);
  }
  return parity;
}

function generatedBatches(model: LayersModel, seed: number): readonly Batch[] {
  return [3, 1].map((size, index) => {
    const shapes = model.inputs.map((input) => [
      size,
      ...input.shape.slice(1).map((dim) => dim ?? UNKNOWN_SIZE_DEFAULT),
    ]);
    return seededBatch(shapes, seed + index);
  });
}
