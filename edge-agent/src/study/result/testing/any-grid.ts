import fc from 'fast-check';
import { cross, length, scale, type Vector } from '../../decode/vector.ts';
import type { ExampleGrid } from './example-input.ts';

const unit = (v: Vector): Vector => scale(v, 1 / length(v));
const component = fc.double({ min: -1, max: 1, noNaN: true });
const vector = fc.tuple(component, component, component).filter((v) => length(v) > 0.1);

/** Any orientation, any spacing, any place. */
export const anyGrid = fc
  .record({
    a: vector,
    b: vector,
    slices: fc.integer({ min: 2, max: 9 }),
    rows: fc.integer({ min: 1, max: 7 }),
    columns: fc.integer({ min: 1, max: 7 }),
    origin_mm: fc.tuple(...Array.from({ length: 3 }, () => fc.double({ min: -300, max: 300, noNaN: true }))),
    step: fc.double({ min: 0.3, max: 8, noNaN: true }),
    spacing_mm: fc.record({
      rows: fc.double({ min: 0.1, max: 4, noNaN: true }),
      columns: fc.double({ min: 0.1, max: 4, noNaN: true }),
    }),
  })
  .filter(({ a, b }) => length(cross(a, b)) > 0.1)
  .map(({ a, b, step, ...rest }): ExampleGrid => {
    const rowCosines = unit(a);
    const normal = unit(cross(a, b));
    return {
      ...rest,
      origin_mm: rest.origin_mm as unknown as Vector,
      rowCosines,
      columnCosines: cross(normal, rowCosines),
      step_mm: scale(normal, step),
    };
  });
