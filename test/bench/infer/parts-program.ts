/**
 * What a study with a 3D model cannot do without, one part after the other in one process with one thread of the
 * runtime: reading and decoding, preprocessing, the model on all windows, encoding the SEG. Answers one order by IPC.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSliceReader } from '@collimator/edge-agent/study/decode/slice-reader';
import type { SliceHeader } from '@collimator/edge-agent/study/decode/slice-header';
import { assembleVolume } from '@collimator/edge-agent/study/decode/volume';
import { segmentationFile } from '@collimator/edge-agent/study/result/image/segmentation';
import { exampleContext, exampleUids } from '@collimator/edge-agent/study/result/testing/example-input';
import { writeResult } from '@collimator/edge-agent/study/infer/write-result';
import { release as releaseContract } from '@collimator/shared/contracts/release';
import { preprocessVolume, volumeOf } from '@collimator/shared/imaging/preprocess-volume';
import type { SourceSlice } from '@collimator/shared/imaging/slice';
import { makeStitcher, tilingOf, windowAt, windowWeights } from '@collimator/shared/imaging/windows';
import ort from 'onnxruntime-node';

export type PartsOrder = { readonly folder: string; readonly files: readonly string[] };
export type PartsFigures = {
  readonly decode_ms: number;
  readonly preprocess_ms: number;
  readonly infer_ms: number;
  readonly encode_ms: number;
  readonly windows: number;
};

process.once('message', (order: PartsOrder) => {
  void measure(order).then((figures) => process.send?.(figures, () => process.disconnect()));
});

const OVERLAP = 0.25;
const SIGMA_SHARE = 0.125;
/** Share of the volume that the model of the benchmark marks; see declarations.ts. */
const MARKED = 0.02;

async function measure({ folder, files }: PartsOrder): Promise<PartsFigures> {
  const release = releaseContract.parse(JSON.parse(await readFile(join(folder, 'release.json'), 'utf8')), 'release');
  const stage = release.stages[0];
  if (stage === undefined) throw new Error('no stage');
  const session = await ort.InferenceSession.create(await readFile(join(folder, 'model.onnx')), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    logSeverityLevel: 3,
    extra: { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } },
  });
  const window = stage.inputs[0]?.shape.slice(2) as [number, number, number];
  const run = async (values: Float32Array): Promise<Float32Array> => {
    const { logits } = await session.run({ image: new ort.Tensor('float32', values, [1, 1, ...window]) }, ['logits']);
    return logits?.data as Float32Array;
  };
  await run(new Float32Array(window[0] * window[1] * window[2]));
  const reader = await createSliceReader();

  const started = performance.now();
  const headers: SliceHeader[] = [];
  const slices: SourceSlice[] = [];
  for (const file of files) {
    const slice = await reader.readSlice(file);
    if (!slice.ok) throw new Error(slice.error.detail);
    headers.push(slice.value.header);
    slices.push(slice.value);
  }
  const volume = assembleVolume(headers);
  if (!volume.ok) throw new Error(volume.error.detail);
  const { geometry, order, slices: sources } = volume.value;
  const decoded = performance.now();
  const ordered = order.map((index) => slices[index] as SourceSlice);
  const { spacing_mm } = geometry;
  const grid = preprocessVolume(volumeOf(ordered, stage.preprocessing), stage.preprocessing, {
    shape: [geometry.slices, geometry.rows, geometry.columns],
    spacing_mm: [spacing_mm.slices, spacing_mm.rows, spacing_mm.columns],
    directions: [geometry.step_mm, geometry.columnCosines, geometry.rowCosines],
  });
  const preprocessed = performance.now();
  const tiling = tilingOf(grid.shape, window, OVERLAP);
  const stitcher = makeStitcher(grid.shape, tiling, 1, windowWeights(window, 'gaussian', SIGMA_SHARE));
  for (const [i, start] of tiling.starts.entries()) stitcher.add(i, await run(windowAt(grid, tiling, start)));
  const inferred = performance.now();

  const voxels = marked(stitcher.finish(), grid.shape, [geometry.slices, geometry.rows, geometry.columns]);
  const subject = await reader.readSubject(files[0] as string);
  const out = mkdtempSync(join(tmpdir(), 'bench-parts-'));
  const encoding = performance.now();
  await writeResult(
    join(out, 'seg.dcm'),
    segmentationFile({
      ...{ ...exampleContext(subject.ok ? subject.value : []), release, uids: exampleUids, sources, geometry },
      masks: [{ segment: 1, voxels }],
    }),
  );
  const encoded = performance.now();
  rmSync(out, { recursive: true });
  return {
    decode_ms: decoded - started,
    preprocess_ms: preprocessed - decoded,
    infer_ms: inferred - preprocessed,
    encode_ms: encoded - encoding,
    windows: tiling.starts.length,
  };
}

type Shape = readonly [number, number, number];

/** A mask on the grid of the source for the encoder; how it comes about is no part of what is measured. */
function marked(scores: Float32Array, from: Shape, to: Shape): Uint8Array {
  const bound = scores.toSorted()[Math.floor((1 - MARKED) * (scores.length - 1))] ?? 0;
  const mask = new Uint8Array(to[0] * to[1] * to[2]);
  const at = (index: number, axis: 0 | 1 | 2): number =>
    Math.min(from[axis] - 1, Math.floor((index * from[axis]) / to[axis]));
  let v = 0;
  for (let s = 0; s < to[0]; s++)
    for (let r = 0; r < to[1]; r++) {
      const row = (at(s, 0) * from[1] + at(r, 1)) * from[2];
      for (let c = 0; c < to[2]; c++) mask[v++] = (scores[row + at(c, 2)] as number) > bound ? 1 : 0;
    }
  return mask;
}
