import type { SegmentationStage } from '@collimator/shared/contracts/release';
import { finishMask } from '@collimator/shared/imaging/postprocess';
import type { Plane } from '@collimator/shared/imaging/slice';
import {
  activated,
  cutScores,
  probabilitiesOf,
  splitOps,
  thresholdOfProbabilities,
} from '@collimator/shared/imaging/slice-mask';
import { makeToSource } from '@collimator/shared/imaging/to-source';
import { makeStitcher, windowWeights } from '@collimator/shared/imaging/windows';
import { volumeGeometryOf } from '../../../../decode/series-images.ts';
import type { SegmentMask } from '../../../../measure/segment-findings.ts';
import type { ChunkOutputs } from '../chunk-file.ts';
import { layInto, sizeOf } from '../given.ts';
import { volumeWork } from '../inputs.ts';
import type { StageRun } from '../stage-run.ts';
import { valuesOf } from '../tensor-shape.ts';
import type { ItemRange } from '../work-folder.ts';

/** What a segmentation stage made of a series, on the grid of the source. */
export type Masks = {
  /** In the order of the stage's segments. */
  readonly masks: readonly SegmentMask[];
  /** Of each segment the planes of all slices; only where they were asked for. */
  readonly probabilities: readonly (readonly Float32Array[])[] | undefined;
};

export type Chunks = AsyncIterable<{ readonly range: ItemRange; readonly outputs: ChunkOutputs }>;

/** Collects the finished planes of slices; what is not given stays unmarked. */
type Collector = {
  slice(at: number, layers: Uint8Array, probabilities: Float32Array | undefined): void;
  finish(): Masks;
};

/** The masks of all segments, from the outputs of all items. */
export async function collectMasks(run: StageRun, stage: SegmentationStage, chunks: Chunks): Promise<Masks> {
  const collector = createCollector(run, stage);
  if (stage.unit === 'volume') await fromWindows(run, stage, chunks, collector);
  else await fromSlices(run, stage, chunks, collector);
  return collector.finish();
}

function createCollector({ open, plan }: StageRun, stage: SegmentationStage): Collector {
  const geometry = volumeGeometryOf(open.series.images);
  const area = geometry.rows * geometry.columns;
  const part = sizeOf(plan.given).rows * sizeOf(plan.given).columns;
  const labels = splitOps(stage.postprocessing).cut.op === 'argmax';
  const masks = stage.segments.map(({ number }) => ({
    segment: number,
    voxels: new Uint8Array(geometry.slices * area),
  }));
  const probabilities =
    open.series.probabilities && plan.last ? stage.segments.map((): Float32Array[] => []) : undefined;
  for (const planes of probabilities ?? [])
    for (let slice = 0; slice < geometry.slices; slice++) planes.push(new Float32Array(area));
  return {
    slice(at, layers, shares) {
      const slice = plan.given.slices[at] as number;
      for (const [i, { voxels }] of masks.entries()) {
        const layer = labels ? maskOf(layers, i + 1) : layers.subarray(i * part, (i + 1) * part);
        layInto(layer, plan.given, voxels.subarray(slice * area, (slice + 1) * area), geometry.columns);
        const plane = probabilities?.[i]?.[slice];
        if (plane !== undefined && shares !== undefined)
          layInto(shares.subarray(i * part, (i + 1) * part), plan.given, plane, geometry.columns);
      }
    },
    finish() {
      for (const { voxels } of masks) finishMask(voxels, stage.postprocessing, geometry, geometry.voxel_mm3);
      return { masks, probabilities };
    },
  };
}

/** An index loop: a series has hundreds of millions of labels. */
function maskOf(labels: Uint8Array, label: number): Uint8Array {
  const mask = new Uint8Array(labels.length);
  for (let i = 0; i < mask.length; i++) if (labels[i] === label) mask[i] = 1;
  return mask;
}

async function fromSlices(
  run: StageRun,
  stage: SegmentationStage,
  chunks: Chunks,
  collector: Collector,
): Promise<void> {
  const { rows, columns } = sizeOf(run.plan.given);
  const layers = splitOps(stage.postprocessing).cut.op === 'argmax' ? 1 : stage.segments.length;
  const [mask, share] = [layers * rows * columns, stage.segments.length * rows * columns];
  for await (const { range, outputs } of chunks)
    for (let item = range.from; item < range.to; item++) {
      const i = item - range.from;
      const shares = outputs.arrays['probabilities'] as Float32Array | undefined;
      collector.slice(
        item,
        (outputs.arrays['mask'] as Uint8Array).subarray(i * mask, (i + 1) * mask),
        shares?.subarray(i * share, (i + 1) * share),
      );
    }
}

async function fromWindows(
  run: StageRun,
  stage: SegmentationStage,
  chunks: Chunks,
  collector: Collector,
): Promise<void> {
  const { plan: volume, frame } = volumeWork(
    stage,
    run.model,
    run.plan.given,
    volumeGeometryOf(run.open.series.images),
  );
  const raw = await stitched(run, stage, chunks);
  const channels = (run.model.outputs[0] as (typeof run.model.outputs)[number]).channels;
  const { before, cut } = splitOps(stage.postprocessing);
  const resize = before.findIndex(({ op }) => op === 'resize-to-source');
  let scores: Plane = { values: raw, rows: volume.shape[0] * volume.shape[1], columns: volume.shape[2], channels };
  let interpolation: 'linear' | 'nearest' = 'linear';
  for (const op of before.slice(0, resize < 0 ? before.length : resize))
    if (op.op !== 'resize-to-source') scores = activated(scores, op);
  const after = resize < 0 ? [] : before.slice(resize);
  for (const op of after) if (op.op === 'resize-to-source' && op.interpolation === 'nearest') interpolation = 'nearest';
  const toSource = makeToSource({ ...volume, channels }, frame.shape, interpolation);
  const { rows, columns } = sizeOf(run.plan.given);
  const wantsShares = run.open.series.probabilities && run.plan.last;
  const threshold = wantsShares ? undefined : thresholdOfProbabilities(stage.postprocessing);
  for (let at = 0; at < run.plan.given.slices.length; at++) {
    if (threshold !== undefined) {
      collector.slice(at, toSource.mask(scores.values, at, threshold), undefined);
      continue;
    }
    let plane: Plane = { values: toSource.slice(scores.values, at), rows, columns, channels };
    for (const op of after) if (op.op !== 'resize-to-source') plane = activated(plane, op);
    const shares = wantsShares ? probabilitiesOf(plane, stage.postprocessing) : undefined;
    // Outside of what the model saw there is no score, and nothing is marked.
    const known = shares?.map((share) => (Number.isNaN(share) ? 0 : share));
    collector.slice(at, cutScores(plane, cut), known);
  }
}

/** The model's outputs for the whole volume, [channels, its axes]. */
export async function stitched(run: StageRun, stage: SegmentationStage, chunks: Chunks): Promise<Float32Array> {
  const { plan, tiling } = volumeWork(stage, run.model, run.plan.given, volumeGeometryOf(run.open.series.images));
  const [shape] = run.model.outputs as [(typeof run.model.outputs)[number]];
  const { weighting = 'constant', sigma_share = 0.125 } = stage.sliding ?? {};
  const weights = windowWeights(tiling.window, weighting, sigma_share);
  const stitcher = makeStitcher(plan.shape, tiling, shape.channels, weights);
  const size = valuesOf(shape);
  for await (const { range, outputs } of chunks)
    for (let item = range.from; item < range.to; item++) {
      const at = (item - range.from) * size;
      stitcher.add(item, (outputs.arrays['raw'] as Float32Array).subarray(at, at + size));
    }
  return stitcher.finish();
}
