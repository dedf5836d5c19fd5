import type { DetectionStage } from '@collimator/shared/contracts/release';
import { sigmoid, softmax } from '@collimator/shared/imaging/activations';
import { type Box, iou, suppress } from '@collimator/shared/imaging/boxes';
import { type LineMap, planSlice } from '@collimator/shared/imaging/slice-plan';
import { ok, type Result } from '@collimator/shared/result';
import type { Problem } from '../../../../decode/problem.ts';
import type { SliceHeader } from '../../../../decode/slice-header.ts';
import { type Given, partOn, sizeOf } from '../given.ts';
import { sliceInputs } from '../inputs.ts';
import type { ItemArrays } from '../chunk-file.ts';
import { runItems, type StageRun } from '../stage-run.ts';
import type { ItemRange } from '../work-folder.ts';
import type { Chunks } from './masks.ts';

/** A box on a slice of the volume, in the pixels of the source. */
export type Detected = {
  /** Index in the stage's classes. */
  readonly kind: number;
  readonly slice: number;
  readonly score: number;
  readonly box: Box;
};

/** Boxes of one class on slices that follow each other. */
export type Finding = {
  readonly kind: number;
  /** The one with the best score. */
  readonly best: Detected;
  readonly boxes: readonly Detected[];
};

/** Numbers of a box in a chunk: its item, class, score and corners. */
const BOX_NUMBERS = 7;

/** A chunk holds `boxes`: those of all of its items that are left after suppression, in the pixels of the source. */
export async function detectItems(
  run: StageRun,
  stage: DetectionStage,
  range: ItemRange,
): Promise<Result<ItemArrays, Problem>> {
  const found: number[] = [];
  const { plan, open } = run;
  const problem = await runItems(run, range, sliceInputs(run), (item, outputs) => {
    const { format } = open.series.images.slices[plan.given.slices[item] as number] as SliceHeader;
    for (const { kind, score, box } of boxesOf(run, stage, outputs, partOn(plan.given, format)))
      found.push(item, kind, score, box.x1, box.y1, box.x2, box.y2);
  });
  return problem === undefined ? ok({ boxes: Float32Array.from(found) }) : { ok: false, error: problem };
}

function boxesOf(
  { model }: StageRun,
  { detections, activation, keep, classes, preprocessing, outputs: declared }: DetectionStage,
  outputs: readonly Float32Array[],
  given: Pick<Given, 'rows' | 'columns'>,
): readonly Omit<Detected, 'slice'>[] {
  const named = (name: string): number => declared.findIndex((output) => output.name === name);
  const corners = outputs[named(detections.boxes)] as Float32Array;
  const raw = outputs[named(detections.scores)] as Float32Array;
  const count = corners.length / 4;
  const scores =
    activation === 'none' ? raw : activation === 'sigmoid' ? sigmoid(raw) : softmax(raw, raw.length / count);
  // With softmax the first channel is what is no class.
  const shift = activation === 'softmax' ? 1 : 0;
  const size = sizeOf(given);
  const { maps } = planSlice(preprocessing, size);
  const [rows = 1, columns = 1] = model.input.sides;
  const unit = detections.unit === 'share' ? { x: columns, y: rows } : { x: 1, y: 1 };
  const place = (value: number, map: LineMap, from: number, most: number): number =>
    from + Math.min(most, Math.max(0, map.offset + map.scale * value));
  const boxAt = (i: number): Box => {
    const numbers = [0, 1, 2, 3].map((channel) => corners[channel * count + i] as number);
    const { x1, y1, x2, y2 } = asCorners(numbers as [number, number, number, number], detections.coordinates);
    return {
      x1: place(x1 * unit.x, maps.columns, given.columns[0], size.columns),
      y1: place(y1 * unit.y, maps.rows, given.rows[0], size.rows),
      x2: place(x2 * unit.x, maps.columns, given.columns[0], size.columns),
      y2: place(y2 * unit.y, maps.rows, given.rows[0], size.rows),
    };
  };
  const kept = classes.flatMap((_, kind) => {
    const candidates = Array.from({ length: count }, (_unused, i) => i)
      .map((i) => ({ score: scores[(kind + shift) * count + i] as number, box: boxAt(i) }))
      .filter(({ score, box }) => score >= keep.score_min && box.x2 > box.x1 && box.y2 > box.y1);
    const boxes = candidates.map(({ box }) => box);
    const values = candidates.map(({ score }) => score);
    return suppress(boxes, values, keep.iou_max, keep.boxes_max).map((i) => ({
      kind,
      ...(candidates[i] as (typeof candidates)[number]),
    }));
  });
  return kept.sort((a, b) => b.score - a.score).slice(0, keep.boxes_max);
}

function asCorners(
  [a, b, c, d]: readonly [number, number, number, number],
  coordinates: DetectionStage['detections']['coordinates'],
): Box {
  switch (coordinates) {
    case 'x1y1x2y2':
      return { x1: a, y1: b, x2: c, y2: d };
    case 'y1x1y2x2':
      return { x1: b, y1: a, x2: d, y2: c };
    case 'cxcywh':
      return { x1: a - c / 2, y1: b - d / 2, x2: a + c / 2, y2: b + d / 2 };
  }
}

/** All findings of a series, best first, and at most as many as the release keeps. */
export async function collectFindings(
  { plan, open }: StageRun,
  { keep }: DetectionStage,
  chunks: Chunks,
): Promise<readonly Finding[]> {
  const boxes: Detected[] = [];
  for await (const { outputs } of chunks) {
    const numbers = outputs.arrays['boxes'] as Float32Array;
    for (let at = 0; at < numbers.length; at += BOX_NUMBERS) {
      const [item = 0, kind = 0, score = 0, x1 = 0, y1 = 0, x2 = 0, y2 = 0] = numbers.subarray(at, at + BOX_NUMBERS);
      boxes.push({ kind, slice: plan.given.slices[item] as number, score, box: { x1, y1, x2, y2 } });
    }
  }
  // Images that are no volume lie beside none: what is at the same place of two of them need not be the same.
  const iouMin = open.series.images.geometry === undefined ? Number.POSITIVE_INFINITY : keep.link_iou_min;
  return linked(boxes, iouMin).slice(0, keep.findings_max);
}

/** Joins the boxes of a class that overlap from one slice to the next; the findings come best first. */
export function linked(boxes: readonly Detected[], iouMin: number): readonly Finding[] {
  const root = boxes.map((_, i) => i);
  const rootOf = (i: number): number => {
    let at = i;
    while (root[at] !== at) at = root[at] as number;
    return at;
  };
  const bySlice = grouped(boxes, (i) => (boxes[i] as Detected).slice);
  for (const [i, one] of boxes.entries())
    for (const j of bySlice.get(one.slice + 1) ?? []) {
      const other = boxes[j] as Detected;
      if (other.kind !== one.kind || iou(one.box, other.box) < iouMin) continue;
      const [low, high] = [rootOf(i), rootOf(j)].sort((a, b) => a - b) as [number, number];
      root[high] = low;
    }
  const groups = grouped(boxes, rootOf);
  return [...groups.values()]
    .map((indices): Finding => {
      const members = indices.map((i) => boxes[i] as Detected);
      const best = members.reduce((most, one) => (one.score > most.score ? one : most));
      return { kind: best.kind, best, boxes: members };
    })
    .sort((a, b) => b.best.score - a.best.score || a.best.slice - b.best.slice);
}

/** The indices of a list by what they have in common, each group in the order of the list. */
function grouped(list: readonly unknown[], keyOf: (index: number) => number): ReadonlyMap<number, readonly number[]> {
  const groups = new Map<number, number[]>();
  for (const index of list.keys()) {
    const group = groups.get(keyOf(index)) ?? [];
    group.push(index);
    groups.set(keyOf(index), group);
  }
  return groups;
}
