import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isCoded } from '../errors/coded-error.ts';
import { decodeNpy, encodeNpy } from './npy.ts';
import type { Pixels } from './slice.ts';

const arrays: fc.Arbitrary<Pixels> = fc.oneof(
  fc.uint8Array(),
  fc.int8Array(),
  fc.uint16Array(),
  fc.int16Array(),
  fc.uint32Array(),
  fc.int32Array(),
  fc.float32Array(),
  fc.float64Array(),
);

/** What became of it: an array, or the code of the error. */
const outcome = (read: () => unknown): string => {
  try {
    read();
    return 'array';
  } catch (error) {
    return isCoded(error) ? error.code : String(error);
  }
};

describe('npy', () => {
  test('what was written is read again, type, shape and values', () => {
    fc.assert(
      fc.property(arrays, (data) => {
        const shape = data.length % 2 === 0 ? [data.length / 2, 2] : [data.length];
        const bytes = encodeNpy({ data, shape });
        expect(bytes.length - data.byteLength).toSatisfy((header: number) => header % 64 === 0);
        const read = decodeNpy(bytes);
        expect(read.shape).toEqual(shape);
        expect(read.data.constructor).toBe(data.constructor);
        expect(read.data).toEqual(data);
      }),
    );
  });

  test('the header NumPy itself writes is understood', () => {
    const dict = "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 1), }";
    const header = `${dict.padEnd(117)}\n`;
    const bytes = Buffer.concat([
      Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0]),
      Buffer.from(header),
      Buffer.from([0xff, 0xff, 7, 0]),
    ]);
    expect(decodeNpy(bytes)).toEqual({ data: Int16Array.from([-1, 7]), shape: [2, 1] });
  });

  test('any bytes give an array or npy-invalid, never another error', () => {
    const good = encodeNpy({ data: Int16Array.from([1, 2, 3, 4]), shape: [4] });
    fc.assert(
      fc.property(fc.nat(good.length), fc.uint8Array({ maxLength: 8 }), fc.nat(good.length - 1), (cut, noise, at) => {
        const bytes = good.slice();
        bytes.set(noise.subarray(0, bytes.length - at), at);
        expect(outcome(() => decodeNpy(bytes.subarray(0, cut)))).toMatch(/^(array|npy-invalid)$/);
      }),
    );
    expect(() => decodeNpy(good.subarray(0, -1))).toThrow(/needs 8 bytes, there are 7/);
    expect(() =>
      decodeNpy(Buffer.from(Buffer.from(good).toString('latin1').replace('False', 'True '), 'latin1')),
    ).toThrow(/Fortran/);
  });
});
