import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CellFormat, storedValues, turnedOver } from './stored-values.ts';

const anyFormat = fc
  .record({
    bitsAllocated: fc.constantFrom(8, 16, 32),
    stored: fc.integer({ min: 1, max: 32 }),
    spare: fc.nat(31),
    signed: fc.boolean(),
    columns: fc.integer({ min: 1, max: 20 }),
  })
  .map(({ stored, spare, bitsAllocated, ...rest }): CellFormat & { columns: number } => {
    const bitsStored = Math.min(stored, bitsAllocated);
    const highBit = Math.min(bitsStored - 1 + spare, bitsAllocated - 1);
    return { ...rest, sampleKind: 'integer', bitsAllocated, bitsStored, highBit };
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
        litter: fc.array(fc.nat(0xffffffff), { minLength: columns, maxLength: columns }),
      });
    });
    fc.assert(
      fc.property(given, ({ format, values, litter, min, max }) => {
        const size = format.bitsAllocated / 8;
        const shift = format.highBit + 1 - format.bitsStored;
        const cells = Buffer.alloc(values.length * size);
        const litterMask = 2n ** BigInt(8 * size) - 1n - (2n ** BigInt(format.bitsStored) - 1n) * 2n ** BigInt(shift);
        values.forEach((value, i) => {
          const bits = BigInt.asUintN(format.bitsStored, BigInt(value)) << BigInt(shift);
          cells.writeUIntLE(Number(bits | (BigInt(litter[i] as number) & litterMask)), i * size, size);
        });
        const stored = storedValues(cells, format, values.length);
        expect([...stored]).toEqual(values);
        // Alone in their memory, and nothing beside them: then they are taken as they lie.
        const alone = new Uint8Array(stored.length * size);
        alone.set(new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength));
        const trimmed = { ...format, highBit: format.bitsStored - 1 };
        expect([...storedValues(alone, trimmed, values.length)]).toEqual(values);
        const over = turnedOver(stored, format.bitsStored, format.signed);
        expect([...over]).toEqual(values.map((value) => min + max - value));
      }),
    );
  });

  it('of single bits begin with the lowest of a byte', () => {
    const format: CellFormat = { bitsAllocated: 1, bitsStored: 1, highBit: 0, signed: false, sampleKind: 'integer' };
    expect([...storedValues(Uint8Array.of(0b1100_0101, 0b1), format, 9)]).toEqual([1, 0, 1, 0, 0, 0, 1, 1, 1]);
  });

  it('of floats are as they lie, whatever their place in memory', () => {
    const bytes = Buffer.alloc(17);
    bytes.writeDoubleLE(-1.5, 1);
    bytes.writeDoubleLE(Math.PI, 9);
    const format: CellFormat = { bitsAllocated: 64, bitsStored: 64, highBit: 63, signed: false, sampleKind: 'double' };
    expect(storedValues(bytes.subarray(1), format, 2)).toEqual(Float64Array.of(-1.5, Math.PI));
  });
});
