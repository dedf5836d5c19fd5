/** A box in pixels, from the corner of the first pixel: x along columns, y along rows. */
export type Box = { readonly x1: number; readonly y1: number; readonly x2: number; readonly y2: number };

const area = ({ x1, y1, x2, y2 }: Box): number => Math.max(0, x2 - x1) * Math.max(0, y2 - y1);

/** Area of the intersection over that of the union; 0 where both are empty. */
export function iou(a: Box, b: Box): number {
  const width = Math.min(a.x2, b.x2) - Math.max(a.x1, b.x1);
  const height = Math.min(a.y2, b.y2) - Math.max(a.y1, b.y1);
  const both = Math.max(0, width) * Math.max(0, height);
  const union = area(a) + area(b) - both;
  return union <= 0 ? 0 : both / union;
}

/**
 * Non-maximum suppression: the boxes in the order of their scores, without those that overlap one before them by more
 * than `iouMax`. Of two with the same score the one that is given first goes first.
 *
 * @returns indices of the boxes that are kept, best first
 */
export function suppress(
  boxes: readonly Box[],
  scores: ArrayLike<number>,
  iouMax: number,
  most = Number.POSITIVE_INFINITY,
): readonly number[] {
  const order = boxes.map((_, i) => i).sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b);
  const kept: number[] = [];
  for (const index of order) {
    if (kept.length >= most) break;
    if (kept.every((other) => iou(boxes[other] as Box, boxes[index] as Box) <= iouMax)) kept.push(index);
  }
  return kept;
}
