import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf, floatsOfBinary, jsonReader } from './datatypes.ts';

const arrays = {
  UINT8: Uint8Array,
  INT8: Int8Array,
  UINT16: Uint16Array,
  INT16: Int16Array,
  UINT32: Uint32Array,
  INT32: Int32Array,
  FP32: Float32Array,
  FP64: Float64Array,
} as const;

const bytesIn = (values: ArrayBufferView<ArrayBuffer>): Uint8Array<ArrayBuffer> =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
/** At an odd place of a larger buffer, as tensors lie behind one another. */
const misplaced = (bytes: Uint8Array, by: number): Uint8Array<ArrayBuffer> => {
  const room = new Uint8Array(bytes.length + by);
  room.set(bytes, by);
  return room.subarray(by);
};

describe('binary tensors', () => {
  it('of FP32 come out as they went in, wherever they lie', () => {
    fc.assert(
      fc.property(fc.float32Array({ noNaN: true, noDefaultInfinity: true }), fc.nat(7), (values, by) => {
        const read = floatsOfBinary('FP32', misplaced(bytesIn(new Float32Array(values)), by), values.length);
        expect(read).toEqual({ ok: true, value: new Float32Array(values) });
      }),
    );
  });

  it('of other datatypes are taken where each element is a float32, and refused by its place where not', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...(Object.keys(arrays) as (keyof typeof arrays)[])),
        fc.array(fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })), { maxLength: 20 }),
        fc.nat(7),
        (datatype, numbers, by) => {
          const values = arrays[datatype].from(numbers);
          const read = floatsOfBinary(datatype, misplaced(bytesIn(values), by), values.length);
          const wrong = values.findIndex((value) => !Number.isFinite(value) || Math.fround(value) !== value);
          const expected = wrong === -1 ? Array.from(values) : `element ${wrong} `;
          expect(read.ok ? Array.from(read.value) : read.error.slice(0, expected.length)).toEqual(expected);
        },
      ),
    );
  });

  it.each([
    ['BOOL', Uint8Array.of(0, 1), [0, 1]],
    ['INT64', bytesIn(BigInt64Array.of(-3n, 2n ** 62n)), [-3, 2 ** 62]],
    ['UINT64', bytesIn(BigUint64Array.of(2n ** 63n)), [2 ** 63]],
    // 1, -2, the largest, the smallest subnormal
    ['FP16', bytesIn(Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001)), [1, -2, 65504, 2 ** -24]],
    ['BF16', bytesIn(Uint16Array.of(0x3f80, 0xc000, 0x4049)), [1, -2, 3.140625]],
  ] as const)('of %s are read', (datatype, bytes, values) => {
    expect(floatsOfBinary(datatype, bytes, values.length)).toEqual({ ok: true, value: Float32Array.from(values) });
  });

  it.each([
    ['BOOL', Uint8Array.of(0, 2), 'element 1 is no BOOL'],
    ['INT32', bytesIn(Int32Array.of(2 ** 24 + 1)), 'element 0 is no INT32 that a float32 can hold'],
    ['INT64', bytesIn(BigInt64Array.of(0n, 2n ** 53n + 1n)), 'element 1 is no INT64'],
    ['FP64', bytesIn(Float64Array.of(0.1)), 'element 0 is no FP64'],
    ['FP32', bytesIn(Float32Array.of(1, NaN)), 'element 1 is NaN or infinite'],
    ['FP16', bytesIn(Uint16Array.of(0x7c00)), 'element 0 is NaN or infinite'],
    ['BF16', bytesIn(Uint16Array.of(0x7fc0)), 'element 0 is NaN or infinite'],
  ] as const)('of %s that no model could be given are named', (datatype, bytes, why) => {
    const count = bytes.length / (bytesOf(datatype) ?? 1);
    expect(floatsOfBinary(datatype, bytes, count)).toMatchObject({
      ok: false,
      error: expect.stringContaining(why) as string,
    });
  });
});

describe('elements in JSON', () => {
  it.each([
    ['FP32', 0.1, Math.fround(0.1)],
    ['FP32', 1e300, undefined],
    ['FP32', '1', undefined],
    ['FP64', 0.5, 0.5],
    ['FP64', 0.1, undefined],
    ['BOOL', true, 1],
    ['BOOL', 1, undefined],
    ['UINT8', 255, 255],
    ['UINT8', 256, undefined],
    ['INT8', -1.5, undefined],
    ['INT32', 16_777_217, undefined],
    ['INT64', 9_007_199_254_740_992, undefined],
  ] as const)('of %s: %j', (datatype, value, float) => {
    expect(jsonReader(datatype)?.(value)).toBe(float);
  });

  it('have no form for some datatypes', () => {
    for (const datatype of ['BYTES', 'FP16', 'BF16'] as const) expect(jsonReader(datatype)).toBeUndefined();
  });
});
