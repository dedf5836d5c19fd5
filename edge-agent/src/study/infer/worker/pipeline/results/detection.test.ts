import type { DetectionStage } from '@collimator/shared/contracts/release';
import { expect, it } from 'vitest';
import type { Finding } from '../tasks/detect.ts';
import { drawnOf } from './detection.ts';

it('boxes on many large slices take no memory before they are painted', () => {
  const [rows, columns] = [2_048, 2_048];
  const stage = { classes: [{ number: 1, label: 'nodule' }] } as unknown as Pick<DetectionStage, 'classes'>;
  const findings = Array.from({ length: 20 }, (_unused, i): Finding => {
    const box = { x1: i, y1: 2, x2: i + 3, y2: 4 };
    const boxes = Array.from({ length: 20 }, (__, slice) => ({ kind: 0, slice, score: 0.5, box }));
    return { kind: 0, best: boxes[0] as Finding['best'], boxes };
  });
  const before = process.memoryUsage().arrayBuffers;
  const drawn = drawnOf(findings, stage, {
    images: { slices: Array.from({ length: 20 }, () => ({ format: { rows, columns } })) },
  });
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10 * rows * columns);
  expect(drawn.map(({ slice }) => slice)).toEqual(Array.from({ length: 20 }, (_unused, i) => i));
  const sizes: number[] = [];
  for (const mask of drawn[7]?.masks ?? []) sizes.push(mask.reduce((sum, value) => sum + value, 0));
  expect(sizes).toEqual(Array.from({ length: 20 }, () => 6));
});
