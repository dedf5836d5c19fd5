import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PixelFormat } from './slice-header.ts';
import { storedValues } from './stored-values.ts';

const anyFormat = fc
  .record({
    bitsAllocated: fc.constantFrom(8, 16),
    stored: fc.integer({ min: 1, max: 16 }),
    spare: fc.nat(15),
    signed: fc.boolean(),
    photometric: fc.constantFrom('MONOCHROME1', 'MONOCHROME2'),
    columns: fc.integer({ min: 1, max: 20 }),
  })
  .map(({ stored, spare, bitsAllocated, ...rest }): PixelFormat => {
    const bitsStored = Math.min(stored, bitsAllocated);
    const highBit = Math.min(bitsStored - 1 + spare, bitsAllocated - 1);
    return { ...rest, rows: 1, samplesPerPixel: 1, frames: 1, bitsAllocated, bitsStored, highBit };
  });

describe('stored values', () => {
  it('come out of their bits, whatever lies in the bits beside them', () => {
    const given = anyFormat.chain((format) => {
      const { bitsStored, signed, columns } = format;
      const min = signed ? -(2 ** (bitsStored - 1)) : 0;
      const max = min + 2 ** bitsStored - 1;
      return fc.record({
        format: fc.constant(format),
        min: fc.constant(min),
        max: fc.constant(max),
        values: fc.array(fc.integer({ min, max }), { minLength: columns, maxLength: columns }),
        litter: fc.array(fc.nat(0xffff), { minLength: columns, maxLength: columns }),
      });
    });
    fc.assert(
      fc.property(given, ({ format, values, litter, min, max }) => {
        const size = format.bitsAllocated / 8;
        const shift = format.highBit + 1 - format.bitsStored;
        const mask = (2 ** format.bitsStored - 1) * 2 ** shift;
        const cells = Buffer.alloc(values.length * size);
        values.forEach((value, i) => {
          const bits =
            ((value < 0 ? value + 2 ** format.bitsStored : value) * 2 ** shift) | ((litter[i] as number) & ~mask);
          cells.writeUIntLE(bits & (2 ** format.bitsAllocated - 1), i * size, size);
        });
        const wanted = values.map((value) => (format.photometric === 'MONOCHROME1' ? min + max - value : value));
        expect([...storedValues(cells, format)]).toEqual(wanted);
      }),
    );
  });
});
