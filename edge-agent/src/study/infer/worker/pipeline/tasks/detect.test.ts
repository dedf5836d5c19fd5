import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Detected, linked } from './detect.ts';

const box = (slice: number, x: number, score: number, kind = 0): Detected => ({
  ...{ slice, score, kind },
  box: { x1: x, y1: 0, x2: x + 10, y2: 10 },
});

describe('boxes on slices that follow each other', () => {
  it('are one finding where they overlap, told at its best box', () => {
    const found = linked([box(1, 0, 0.7), box(2, 1, 0.9), box(3, 2, 0.8), box(9, 0, 0.95)], 0.5);
    expect(found.map(({ best, boxes }) => [best.slice, best.score, boxes.length])).toEqual([
      [9, 0.95, 1],
      [2, 0.9, 3],
    ]);
  });

  it('are apart where a slice lies between, they overlap too little, or they are of two classes', () => {
    expect(linked([box(1, 0, 0.7), box(3, 0, 0.8)], 0.5)).toHaveLength(2);
    expect(linked([box(1, 0, 0.7), box(2, 8, 0.8)], 0.5)).toHaveLength(2);
    expect(linked([box(1, 0, 0.7), box(2, 0, 0.8, 1)], 0.5)).toHaveLength(2);
  });

  it('each belong to one finding, whatever order they come in', () => {
    const one = fc.record({ slice: fc.nat(5), x: fc.nat(30), kind: fc.nat(1) });
    const key = ({ slice, score, kind, box: { x1 } }: Detected): string => [slice, score, kind, x1].join(' ');
    const groups = (boxes: readonly Detected[]): readonly string[] =>
      linked(boxes, 0.3)
        .map((finding) =>
          finding.boxes
            .map(key)
            .sort((a, b) => (a < b ? -1 : 1))
            .join('; '),
        )
        .sort((a, b) => (a < b ? -1 : 1));
    fc.assert(
      fc.property(fc.array(one, { maxLength: 15 }), (list) => {
        const boxes = list.map(({ slice, x, kind }, i) => box(slice, x, (i + 1) / 100, kind));
        expect(linked(boxes, 0.3).flatMap((finding) => finding.boxes)).toHaveLength(boxes.length);
        expect(groups(boxes.toReversed())).toEqual(groups(boxes));
      }),
    );
  });
});
