import { CodedError } from '@collimator/shared/errors/coded-error';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { foldBatchNormalization } from './batchnorm-folding.ts';
import { type Graph, withoutUnusedInitializers } from './graph.ts';
import { loweringOf } from './layers/registry.ts';
import { type InterfaceNames, lower } from './lower.ts';
import { encodeModel } from './onnx-proto.ts';
import { readModel } from './tfjs-model.ts';
import { eliminateTransposes } from './transpose-elimination.ts';

/** The operator set that the lowerings are written for, and the IR version that came with it (ONNX 1.12). */
export const OPSET = 17;
const IR_VERSION = 8;

export type ExportOptions = {
  /** Only 17. */
  readonly opset: number;
  /** One per model input, in its order; `input`, or `input_1`, `input_2`, …, when absent. No slash. */
  readonly inputNames?: readonly string[];
  /** One per model output, in its order; `output`, or `output_1`, …, when absent. No slash. */
  readonly outputNames?: readonly string[];
  readonly producer: { readonly name: string; readonly version: string };
  /** Written as metadata_props, sorted by key. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Keep the graph channels first inside (default), or transpose around every image operator. */
  readonly eliminateTransposes?: boolean;
  /** Merge BatchNormalization into the Conv before it. Off by default: it rounds differently from the model. */
  readonly foldBatchNormalization?: boolean;
};

/**
 * A tfjs-layers model as an ONNX file: float32, inputs and outputs channels last as in tfjs, batch axis symbolic
 * (`batch`). Deterministic: the same architecture, weights and options give the same bytes.
 * Throws CodedErrors: export-opset, export-names, export-unsupported-layer, -option, -activation.
 */
export function exportOnnx(model: LayersModel, options: ExportOptions): Uint8Array {
  if (options.opset !== OPSET) throw new CodedError('export-opset', `opset ${options.opset}, only ${OPSET} is written`);
  return encodeModel(buildGraph(model, options), {
    irVersion: IR_VERSION,
    opset: OPSET,
    producer: options.producer,
    metadata: options.metadata ?? {},
  });
}

/** The graph that exportOnnx writes. */
export function buildGraph(model: LayersModel, options: ExportOptions): Graph {
  const lowered = lower(readModel(model, loweringOf), interfaceNames(model, options));
  const cancelled = options.eliminateTransposes === false ? lowered : eliminateTransposes(lowered);
  return options.foldBatchNormalization === true
    ? foldBatchNormalization(cancelled)
    : withoutUnusedInitializers(cancelled);
}

/** The names of the file's inputs and outputs, in the model's order. */
export function interfaceNames(
  model: LayersModel,
  options: Pick<ExportOptions, 'inputNames' | 'outputNames'>,
): InterfaceNames {
  return {
    inputs: options.inputNames ?? numbered('input', model.inputs.length),
    outputs: options.outputNames ?? numbered('output', model.outputs.length),
  };
}

const numbered = (word: string, count: number): readonly string[] =>
  count === 1 ? [word] : Array.from({ length: count }, (_, index) => `${word}_${index + 1}`);
